package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// inferFilters finds conditions that follow from others: where two columns must
// be equal, what compares one with constants holds for the other; where a row
// must satisfy one of several conditions over both inputs of a join, each input
// must satisfy one of those parts that are about it alone. It reads conditions
// that the query brought, above the barrier, never those of policies.
func inferFilters(p *pass, root plan.Node) (plan.Node, error) {
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok || j.NullEqual {
			return n, nil
		}
		var left, right []plan.Expr
		fromLeft, fromRight := facts(j.Left), facts(j.Right)
		for _, k := range j.Equal {
			l, okLeft := k.Left.(*plan.ColumnRef)
			r, okRight := k.Right.(*plan.ColumnRef)
			if !okLeft || !okRight || l.T.Collation != r.T.Collation || !exactEquality(l.T) {
				continue
			}
			if j.Kind == plan.InnerJoin || j.Kind == plan.SemiJoin {
				left = append(left, transfer(fromRight, r, l)...)
			}
			if j.Kind != plan.NullAwareAntiJoin && j.Kind != plan.MarkJoin {
				right = append(right, transfer(fromLeft, l, r)...)
			}
		}
		if j.Kind == plan.InnerJoin {
			for _, c := range plan.Conjuncts(j.On) {
				left, right = append(left, implied(c, j.Left)...), append(right, implied(c, j.Right)...)
			}
		}
		newLeft, err := place(j.Left, missing(left, fromLeft))
		if err != nil {
			return nil, err
		}
		newRight, err := place(j.Right, missing(right, fromRight))
		if err != nil {
			return nil, err
		}
		return plan.WithInputs(j, []plan.Node{newLeft, newRight}), nil
	})
}

// facts returns conditions of one column and constants that hold for all rows
// of n.
func facts(n plan.Node) []plan.Expr {
	switch n := n.(type) {
	case *plan.Filter:
		out := facts(n.Input)
		for _, c := range plan.Conjuncts(n.Cond) {
			if leakproof(c) && plan.Refs(c).Len() == 1 {
				out = append(out, c)
			}
		}
		return out
	case *plan.Project:
		below := map[plan.ColumnID]plan.Expr{}
		for i, e := range n.Exprs {
			if r, ok := e.(*plan.ColumnRef); ok {
				below[r.ID] = n.Cols[i].Ref()
			}
		}
		var out []plan.Expr
		for _, c := range facts(n.Input) {
			if below[plan.Refs(c).IDs()[0]] != nil {
				out = append(out, plan.Substitute(c, func(r *plan.ColumnRef) plan.Expr { return below[r.ID] }))
			}
		}
		return out
	case *plan.Sort:
		return facts(n.Input)
	case *plan.Join:
		out := facts(n.Left)
		if n.Kind == plan.InnerJoin {
			out = append(out, facts(n.Right)...)
		}
		return out
	case *plan.Governed:
		return crossedFacts(n)
	case *plan.Scan:
		var out []plan.Expr
		for _, c := range n.Filters[n.RowFilter:] {
			if leakproof(c) && plan.Refs(c).Len() == 1 {
				out = append(out, c)
			}
		}
		return out
	case *plan.Aggregate, *plan.Limit, *plan.TopN, *plan.SetOp, *plan.Values, *plan.Shared, *plan.MaxOneRow:
	}
	return nil
}

// crossedFacts returns what the query's own predicates below g say of g's
// columns.
func crossedFacts(g *plan.Governed) []plan.Expr {
	r, err := governed(g)
	if err != nil {
		return nil
	}
	open, err := r.open()
	if err != nil {
		return nil
	}
	above := map[plan.ColumnID]plan.Expr{}
	for _, c := range g.Cols {
		if ref, ok := open[c.ID]; ok {
			above[ref.ID] = c.Ref()
		}
	}
	var out []plan.Expr
	for _, c := range facts(r.scan) {
		if above[plan.Refs(c).IDs()[0]] != nil {
			out = append(out, plan.Substitute(c, func(r *plan.ColumnRef) plan.Expr { return above[r.ID] }))
		}
	}
	return out
}

// transfer returns the facts about one column as facts about another that
// equals it. That a column is not NULL, or is, says nothing new.
func transfer(facts []plan.Expr, from, to *plan.ColumnRef) []plan.Expr {
	var out []plan.Expr
	for _, f := range facts {
		if !plan.Refs(f).Has(from.ID) || !notTrueIf(f, plan.SetOf(from.ID)) {
			continue
		}
		if not, ok := f.(*plan.Call); ok && not.Func == plan.OpNot {
			continue
		}
		out = append(out, plan.Substitute(f, func(r *plan.ColumnRef) plan.Expr {
			if r.ID == from.ID {
				return to
			}
			return nil
		}))
	}
	return out
}

// implied returns what an OR over both inputs of a join says of n alone.
func implied(c plan.Expr, n plan.Node) []plan.Expr {
	or, ok := c.(*plan.Call)
	if !ok || or.Func != plan.OpOr {
		return nil
	}
	mine := plan.Outputs(n)
	branches := make([]plan.Expr, len(or.Args))
	for i, a := range or.Args {
		var own []plan.Expr
		for _, b := range plan.Conjuncts(a) {
			if r := plan.Refs(b); !r.Empty() && r.SubsetOf(mine) && leakproof(b) {
				own = append(own, b)
			}
		}
		if len(own) == 0 {
			return nil
		}
		branches[i] = plan.And(own...)
	}
	return []plan.Expr{simplifyLogic(&plan.Call{Func: plan.OpOr, Args: branches, T: plan.BoolType})}
}

// missing returns those of conds that are neither known nor there twice.
func missing(conds, known []plan.Expr) []plan.Expr {
	var out []plan.Expr
	for _, c := range conds {
		for _, d := range plan.Conjuncts(c) {
			if !contains(known, d) && !contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}
