package optimize

import (
	"fmt"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// relation is a governed relation taken apart.
type relation struct {
	governed *plan.Governed
	masks    *plan.Project
	filter   *plan.Filter // the row filter, nil if there is none or the scan has it
	scan     *plan.Scan
}

// governed takes a Governed node apart; it fails for any shape but
// Governed(Project(Scan)) with an optional Filter between the two last.
func governed(g *plan.Governed) (relation, error) {
	r := relation{governed: g}
	p, ok := g.Input.(*plan.Project)
	if !ok {
		return r, fmt.Errorf("governed %s.%s stands over %T, not its masks", g.Domain, g.Product, g.Input)
	}
	r.masks = p
	below := p.Input
	if f, ok := below.(*plan.Filter); ok {
		r.filter = f
		below = f.Input
	}
	s, ok := below.(*plan.Scan)
	if !ok {
		return r, fmt.Errorf("governed %s.%s reads %T, not a scan", g.Domain, g.Product, below)
	}
	r.scan = s
	return r, nil
}

// open maps the columns that reach the reader unmasked to the scan's columns.
func (r relation) open() (map[plan.ColumnID]*plan.ColumnRef, error) {
	raw := map[plan.ColumnID]*plan.ColumnRef{}
	for i, c := range r.masks.Cols {
		if ref, ok := r.masks.Exprs[i].(*plan.ColumnRef); ok {
			raw[c.ID] = ref
		}
	}
	out := map[plan.ColumnID]*plan.ColumnRef{}
	for _, id := range r.governed.Open {
		ref, ok := raw[id]
		if !ok {
			return nil, fmt.Errorf("governed %s.%s opens column #%d, which is masked", r.governed.Domain, r.governed.Product, id)
		}
		out[id] = ref
	}
	return out, nil
}

// verifyBarrier checks every governed relation of the plan.
func verifyBarrier(root plan.Node) error {
	above := map[*plan.Governed][]plan.Expr{} // what the filter right above keeps
	var err error
	plan.Walk(root, func(n plan.Node) bool {
		if f, ok := n.(*plan.Filter); ok {
			if g, ok := f.Input.(*plan.Governed); ok {
				above[g] = plan.Conjuncts(f.Cond)
			}
		}
		if g, ok := n.(*plan.Governed); ok && err == nil {
			err = verifyGoverned(g, above[g])
			return false
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	return verifyMinGroups(root)
}

func verifyGoverned(g *plan.Governed, above []plan.Expr) error {
	r, err := governed(g)
	if err != nil {
		return err
	}
	open, err := r.open()
	if err != nil {
		return err
	}
	named := func(what string) error { return fmt.Errorf("governed %s.%s: %s", g.Domain, g.Product, what) }
	if (r.filter != nil || r.scan.RowFilter > 0) && !g.RowFilter {
		return named("has a row filter that it does not declare")
	}
	if g.RowFilter && r.filter == nil && r.scan.RowFilter == 0 {
		return named("lost its row filter")
	}
	allowed := plan.ColumnSet{}
	for _, ref := range open {
		allowed.Add(ref.ID)
	}
	for _, e := range r.scan.Filters[r.scan.RowFilter:] {
		switch {
		case !plan.Refs(e).SubsetOf(allowed):
			return named("a predicate reads a masked column")
		case !g.RowFilter && !plan.Total(e):
			return named("a predicate that can fail crossed the barrier")
		case !g.RowFilter:
		case g.Strict:
			return named("a predicate crossed a strict barrier")
		case !leakproof(e):
			return named("a predicate that is not leakproof crossed the barrier")
		case !staysAbove(e, above, open):
			return named("a predicate crossed the barrier and did not stay above")
		}
	}
	return nil
}

func staysAbove(e plan.Expr, above []plan.Expr, open map[plan.ColumnID]*plan.ColumnRef) bool {
	for _, a := range above {
		if plan.Equal(e, below(a, open)) {
			return true
		}
	}
	return false
}

// below returns e as it reads the scan's columns.
func below(e plan.Expr, open map[plan.ColumnID]*plan.ColumnRef) plan.Expr {
	return plan.Substitute(e, func(r *plan.ColumnRef) plan.Expr {
		if s, ok := open[r.ID]; ok {
			return s
		}
		return nil
	})
}

// leakproof reports whether evaluating e on a row that the principal may not
// see tells nothing: it compares columns with constants of their type, and
// cannot fail or warn.
func leakproof(e plan.Expr) bool {
	switch e := e.(type) {
	case *plan.Const:
		return e.T.ID == mysqltype.Bool
	case *plan.InList:
		_, ok := e.Arg.(*plan.ColumnRef)
		return ok
	case *plan.Call:
		switch {
		case e.Func == plan.OpAnd || e.Func == plan.OpOr || e.Func == plan.OpNot:
			for _, a := range e.Args {
				if !leakproof(a) {
					return false
				}
			}
			return true
		case e.Func == plan.OpIsNull:
			_, ok := e.Args[0].(*plan.ColumnRef)
			return ok
		case plan.IsComparison(e.Func):
			return columnWithConstant(e.Args[0], e.Args[1]) || columnWithConstant(e.Args[1], e.Args[0])
		}
	case *plan.ColumnRef, *plan.Param, *plan.Cast, *plan.Case, *plan.HashMask, *plan.Subquery:
	}
	return false
}

func columnWithConstant(col, constant plan.Expr) bool {
	_, isCol := col.(*plan.ColumnRef)
	_, isConst := constant.(*plan.Const)
	return isCol && isConst && comparable(col.Type(), constant.Type())
}
