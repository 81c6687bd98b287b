package optimize

import (
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// unnestSubqueries turns every subquery of the plan into a join, the innermost
// first, so that the plan of the one at hand holds none. How a subquery becomes
// a join depends on its kind and on where its value is needed (unnest_kind.go);
// what its plan reads of the row outside is either lifted out of it as join
// conditions (unnest_lift.go) or, in general, pushed into it as the set of all
// values that occur (unnest_domain.go), after Neumann and Kemper, "Unnesting
// arbitrary queries".
func unnestSubqueries(p *pass, root plan.Node) (plan.Node, error) {
	u := unnester{p}
	out, err := p.transform(root, u.node)
	if err != nil || out == root {
		return out, err
	}
	return only(out, root.Columns()), nil
}

type unnester struct{ *pass }

func (u unnester) node(n plan.Node) (plan.Node, error) {
	has := false
	for _, e := range plan.Exprs(n) {
		has = has || hasSubquery(e)
	}
	if !has {
		return n, nil
	}
	switch n := n.(type) {
	case *plan.Filter:
		return u.filter(n)
	case *plan.Join:
		return u.join(n)
	case *plan.Values:
		return u.values(n)
	case *plan.Project, *plan.Aggregate, *plan.Sort, *plan.TopN:
		return u.unary(n)
	case *plan.Scan, *plan.Governed, *plan.Limit, *plan.SetOp, *plan.Shared, *plan.MaxOneRow:
	}
	return nil, mysqlerr.Unsupported("a subquery in this place")
}

// unary extends the input of n by the values of n's subqueries.
func (u unnester) unary(n plan.Node) (plan.Node, error) {
	in := n.Inputs()[0]
	var err error
	out := plan.MapExprs(n, func(e plan.Expr) plan.Expr {
		if err != nil {
			return e
		}
		in, e, err = u.expr(in, e)
		return e
	})
	if err != nil {
		return nil, err
	}
	return only(plan.WithInputs(out, []plan.Node{in}), n.Columns()), nil
}

// filter applies conditions without subqueries first, then a join for each
// subquery that is a condition itself.
func (u unnester) filter(n *plan.Filter) (plan.Node, error) {
	var plain, nested, rest []plan.Expr
	for _, c := range plan.Conjuncts(n.Cond) {
		if hasSubquery(c) {
			nested = append(nested, c)
		} else {
			plain = append(plain, c)
		}
	}
	in := filter(n.Input, plain...)
	for _, c := range nested {
		out, e, err := u.condition(in, c)
		if err != nil {
			return nil, err
		}
		in = out
		if e != nil {
			rest = append(rest, e)
		}
	}
	return only(filter(in, rest...), n.Columns()), nil
}

// join takes subqueries out of ON. An inner join's conditions may as well stand
// above it; else a subquery extends the input whose columns it reads.
func (u unnester) join(n *plan.Join) (plan.Node, error) {
	if n.Kind == plan.InnerJoin {
		var keep, above []plan.Expr
		for _, c := range plan.Conjuncts(n.On) {
			if hasSubquery(c) {
				above = append(above, c)
			} else {
				keep = append(keep, c)
			}
		}
		c := *n
		c.On = plan.And(keep...)
		if len(above) > 0 {
			return u.filter(&plan.Filter{Input: &c, Cond: plan.And(above...)})
		}
	}
	c := *n
	var err error
	out := plan.MapExprs(n, func(e plan.Expr) plan.Expr {
		return plan.MapExpr(e, func(e plan.Expr) plan.Expr {
			q, ok := e.(*plan.Subquery)
			if !ok || err != nil {
				return e
			}
			reads := plan.Refs(q)
			switch left, right := plan.Outputs(c.Left), plan.Outputs(c.Right); {
			case !reads.Intersects(right):
				c.Left, e, err = u.value(c.Left, q)
			case !reads.Intersects(left):
				c.Right, e, err = u.value(c.Right, q)
			default:
				err = mysqlerr.Unsupported("a subquery over both sides of an outer join's ON")
			}
			return e
		})
	})
	if err != nil {
		return nil, err
	}
	return only(plan.WithInputs(out, []plan.Node{c.Left, c.Right}), n.Columns()), nil
}

// values makes literal rows with subqueries a union of projections.
func (u unnester) values(n *plan.Values) (plan.Node, error) {
	s := &plan.SetOp{Kind: plan.UnionAll, Cols: n.Cols}
	for _, r := range n.Rows {
		cols := n.Cols
		if len(n.Rows) > 1 {
			cols = u.renamed(n.Cols)
		}
		in, err := u.unary(&plan.Project{Input: &plan.Values{Rows: [][]plan.Expr{{}}}, Exprs: r, Cols: cols})
		if err != nil {
			return nil, err
		}
		s.Ins = append(s.Ins, in)
	}
	if len(s.Ins) == 1 {
		return s.Ins[0], nil
	}
	return s, nil
}

// expr replaces the subqueries of e, an expression over in, by columns that in
// is extended by.
func (u unnester) expr(in plan.Node, e plan.Expr) (plan.Node, plan.Expr, error) {
	var err error
	out := plan.MapExpr(e, func(e plan.Expr) plan.Expr {
		q, ok := e.(*plan.Subquery)
		if !ok || err != nil {
			return e
		}
		in, e, err = u.value(in, q)
		return e
	})
	return in, out, err
}

// clone returns a copy of n with columns of its own, by position.
func (u unnester) clone(n plan.Node) plan.Node {
	return plan.Rename(n, func() plan.ColumnID {
		u.last++
		return u.last
	})
}

// correlation returns the columns of in that n reads.
func correlation(n, in plan.Node) plan.ColumnSet {
	free, out := plan.Free(n), plan.Outputs(in)
	var s plan.ColumnSet
	for _, id := range free.IDs() {
		if out.Has(id) {
			s.Add(id)
		}
	}
	return s
}
