package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// pushLimits makes a sort under a limit a top-N, moves limits below
// projections, and copies them into the inputs of unions and the left of outer
// joins. No limit ever moves below a Governed node.
func pushLimits(p *pass, root plan.Node) (plan.Node, error) {
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		l, ok := n.(*plan.Limit)
		if !ok {
			return n, nil
		}
		return pushLimit(l), nil
	})
}

func pushLimit(l *plan.Limit) plan.Node {
	if l.Count < 0 && l.Offset == 0 {
		return l.Input
	}
	switch in := l.Input.(type) {
	case *plan.Project:
		for _, e := range in.Exprs {
			if !movable(e) {
				return l
			}
		}
		return plan.WithInputs(in, []plan.Node{pushLimit(&plan.Limit{Input: in.Input, Offset: l.Offset, Count: l.Count})})
	case *plan.Sort:
		if l.Count >= 0 {
			return &plan.TopN{Input: in.Input, Keys: in.Keys, Offset: l.Offset, Count: l.Count}
		}
	case *plan.Limit:
		return mergeLimits(l, in)
	case *plan.SetOp:
		if in.Kind == plan.UnionAll && l.Count >= 0 {
			ins := make([]plan.Node, len(in.Ins))
			for i, n := range in.Ins {
				ins[i] = atMost(n, l.Offset+l.Count)
			}
			return plan.WithInputs(l, []plan.Node{plan.WithInputs(in, ins)})
		}
	case *plan.Join:
		if in.Kind == plan.LeftJoin && l.Count >= 0 {
			return plan.WithInputs(l, []plan.Node{plan.WithInputs(in, []plan.Node{atMost(in.Left, l.Offset+l.Count), in.Right})})
		}
	default:
	}
	return l
}

// atMost limits n to count rows, unless something does already.
func atMost(n plan.Node, count int64) plan.Node {
	switch x := n.(type) {
	case *plan.Limit:
		if x.Count >= 0 && x.Count <= count {
			return n
		}
	case *plan.TopN:
		if x.Count <= count {
			return n
		}
	default:
	}
	return pushLimit(&plan.Limit{Input: n, Count: count})
}

// mergeLimits is a limit of a limit's rows as one.
func mergeLimits(outer, inner *plan.Limit) plan.Node {
	out := &plan.Limit{Input: inner.Input, Offset: inner.Offset + outer.Offset, Count: outer.Count}
	if inner.Count >= 0 {
		left := max(inner.Count-outer.Offset, 0)
		if out.Count < 0 || left < out.Count {
			out.Count = left
		}
	}
	return pushLimit(out)
}

// dropSorts takes away sorts that nothing above can observe.
func dropSorts(p *pass, root plan.Node) (plan.Node, error) {
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		switch n := n.(type) {
		case *plan.Join, *plan.SetOp, *plan.Sort, *plan.TopN:
		case *plan.Aggregate:
			for _, a := range n.Aggs {
				if a.Func == "group_concat" || a.Func == "json_arrayagg" || a.Func == "json_objectagg" {
					return n, nil
				}
			}
		default:
			return n, nil
		}
		ins := n.Inputs()
		out := make([]plan.Node, len(ins))
		for i, in := range ins {
			out[i] = unsorted(in)
		}
		return plan.WithInputs(n, out), nil
	})
}

func unsorted(n plan.Node) plan.Node {
	switch x := n.(type) {
	case *plan.Sort:
		return unsorted(x.Input)
	case *plan.Project:
		return plan.WithInputs(x, []plan.Node{unsorted(x.Input)})
	case *plan.Filter:
		return plan.WithInputs(x, []plan.Node{unsorted(x.Input)})
	default:
	}
	return n
}
