package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// simplifyOuterJoins makes an outer join an inner one where rows with NULLs in
// its right columns are dropped above it anyway.
func simplifyOuterJoins(p *pass, root plan.Node) (plan.Node, error) {
	return p.eachPlan(root, func(n plan.Node) (plan.Node, error) {
		return simplifyOuter(n, plan.ColumnSet{}), nil
	})
}

// simplifyOuter returns n given that rows with a NULL in one of the columns of
// dropped do not count.
func simplifyOuter(n plan.Node, dropped plan.ColumnSet) plan.Node {
	down := func(sets ...plan.ColumnSet) plan.Node {
		ins := n.Inputs()
		out := make([]plan.Node, len(ins))
		for i, in := range ins {
			out[i] = simplifyOuter(in, sets[i])
		}
		return plan.WithInputs(n, out)
	}
	switch n := n.(type) {
	case *plan.Filter:
		return down(union(dropped, rejected(n.Input, plan.Conjuncts(n.Cond))))
	case *plan.Sort:
		return down(dropped)
	case *plan.Project:
		var below plan.ColumnSet
		for i, c := range n.Cols {
			if dropped.Has(c.ID) {
				below.AddAll(nullers(n.Exprs[i]))
			}
		}
		return down(below)
	case *plan.Aggregate:
		var below plan.ColumnSet
		for i, g := range n.GroupBy {
			if dropped.Has(n.Cols[i].ID) {
				below.AddAll(nullers(g))
			}
		}
		return down(below)
	case *plan.Join:
		return simplifyOuterJoin(n, dropped)
	case *plan.SetOp:
		sets := make([]plan.ColumnSet, len(n.Ins))
		for i, in := range n.Ins {
			for j, c := range in.Columns() {
				if n.Kind == plan.UnionAll && dropped.Has(n.Cols[j].ID) {
					sets[i].Add(c.ID)
				}
			}
		}
		return down(sets...)
	case *plan.Scan, *plan.Governed, *plan.Limit, *plan.TopN, *plan.Values, *plan.Shared, *plan.MaxOneRow:
	}
	return down(make([]plan.ColumnSet, len(n.Inputs()))...)
}

func simplifyOuterJoin(n *plan.Join, dropped plan.ColumnSet) plan.Node {
	c := *n
	if n.Kind == plan.LeftJoin && dropped.Intersects(plan.Outputs(n.Right)) {
		c.Kind = plan.InnerJoin
	}
	conds := plan.Conjuncts(n.On)
	if !n.NullEqual {
		for _, p := range n.Equal {
			conds = append(conds, plan.Compare(plan.OpEq, p.Left, p.Right))
		}
	}
	// What ON drops, it drops of both inputs of an inner or semi join, and of
	// the right one where the left rows stay anyway.
	var left, right plan.ColumnSet
	switch c.Kind {
	case plan.InnerJoin:
		left = union(dropped, rejected(n.Left, conds))
		right = union(dropped, rejected(n.Right, conds))
	case plan.SemiJoin:
		left = union(dropped, rejected(n.Left, conds))
		right = rejected(n.Right, conds)
	case plan.LeftJoin, plan.SingleJoin, plan.AntiJoin:
		left, right = dropped, rejected(n.Right, conds)
	case plan.MarkJoin, plan.NullAwareAntiJoin:
		left = dropped
	}
	c.Left, c.Right = simplifyOuter(n.Left, left), simplifyOuter(n.Right, right)
	if c.Kind == n.Kind {
		return plan.WithInputs(n, []plan.Node{c.Left, c.Right})
	}
	return &c
}

func union(a, b plan.ColumnSet) plan.ColumnSet {
	var out plan.ColumnSet
	out.AddAll(a)
	out.AddAll(b)
	return out
}

// rejected returns the columns of n of which a NULL makes one of conds not true.
func rejected(n plan.Node, conds []plan.Expr) plan.ColumnSet {
	var out plan.ColumnSet
	mine := plan.Outputs(n)
	for _, c := range conds {
		for _, id := range plan.Refs(c).IDs() {
			if mine.Has(id) && !out.Has(id) && notTrueIf(c, plan.SetOf(id)) {
				out.Add(id)
			}
		}
	}
	return out
}

// nullers returns the columns of which a NULL makes e NULL.
func nullers(e plan.Expr) plan.ColumnSet {
	var out plan.ColumnSet
	for _, id := range plan.Refs(e).IDs() {
		if nullIf(e, plan.SetOf(id)) {
			out.Add(id)
		}
	}
	return out
}
