package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// pruneEmpty takes away what can have no rows.
func pruneEmpty(p *pass, root plan.Node) (plan.Node, error) {
	protected := belowGoverned(root)
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		if protected[n] || !neverRows(n) {
			return withoutEmpty(n), nil
		}
		return &plan.Values{Cols: n.Columns()}, nil
	})
}

// empty reports whether n is literally no rows.
func empty(n plan.Node) bool {
	v, ok := n.(*plan.Values)
	return ok && len(v.Rows) == 0
}

// neverRows reports whether n, which is not empty itself, gives no row since
// its inputs give none.
func neverRows(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Filter:
		return empty(n.Input) || isFalse(n.Cond) || isNull(n.Cond)
	case *plan.Project:
		return empty(n.Input)
	case *plan.Sort:
		return empty(n.Input)
	case *plan.TopN:
		return empty(n.Input) || n.Count == 0
	case *plan.Limit:
		return empty(n.Input) || n.Count == 0
	case *plan.Aggregate:
		return empty(n.Input) && len(n.GroupBy) > 0
	case *plan.Join:
		switch n.Kind {
		case plan.InnerJoin, plan.SemiJoin:
			return empty(n.Left) || empty(n.Right) || n.On != nil && (isFalse(n.On) || isNull(n.On))
		case plan.LeftJoin, plan.SingleJoin, plan.AntiJoin, plan.NullAwareAntiJoin, plan.MarkJoin:
			return empty(n.Left)
		}
	case *plan.SetOp:
		if n.Kind != plan.UnionAll {
			return empty(n.Ins[0]) || n.Kind == plan.IntersectAll && empty(n.Ins[1])
		}
		for _, in := range n.Ins {
			if !empty(in) {
				return false
			}
		}
		return true
	case *plan.Scan, *plan.Governed, *plan.Values, *plan.Shared, *plan.MaxOneRow:
	}
	return false
}

// withoutEmpty returns n without inputs that add nothing.
func withoutEmpty(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Join:
		if !empty(n.Right) && (n.On == nil || !isFalse(n.On) && !isNull(n.On)) {
			return n
		}
		switch n.Kind {
		case plan.LeftJoin, plan.SingleJoin:
			p := &plan.Project{Input: n.Left, Exprs: refs(n.Left.Columns()), Cols: n.Columns()}
			for _, c := range n.Right.Columns() {
				p.Exprs = append(p.Exprs, plan.Null(c.Type))
			}
			return p
		case plan.AntiJoin, plan.NullAwareAntiJoin:
			return n.Left
		case plan.MarkJoin:
			return &plan.Project{Input: n.Left, Exprs: append(refs(n.Left.Columns()), plan.False()), Cols: n.Columns()}
		case plan.InnerJoin, plan.SemiJoin:
		}
	case *plan.SetOp:
		if n.Kind == plan.IntersectAll {
			return n
		}
		var ins []plan.Node
		for _, in := range n.Ins {
			if !empty(in) {
				ins = append(ins, in)
			}
		}
		switch {
		case len(ins) == len(n.Ins):
			return n
		case len(ins) == 1:
			return &plan.Project{Input: ins[0], Exprs: refs(ins[0].Columns()), Cols: n.Cols}
		}
		return &plan.SetOp{Kind: n.Kind, Ins: ins, Cols: n.Cols}
	default:
	}
	return n
}
