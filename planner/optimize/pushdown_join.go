package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// sides sorts conditions by the inputs of a join that they read.
type sides struct {
	left, right, both []plan.Expr
	none              []plan.Expr // read neither, or columns of enclosing queries
}

func sortBySide(n *plan.Join, conds []plan.Expr) sides {
	left, right := plan.Outputs(n.Left), plan.Outputs(n.Right)
	all := plan.ColumnSet{}
	all.AddAll(left)
	all.AddAll(right)
	var s sides
	for _, c := range conds {
		r := plan.Refs(c)
		switch {
		case r.Empty() || !movable(c) || !r.SubsetOf(all):
			s.none = append(s.none, c)
		case r.SubsetOf(left):
			s.left = append(s.left, c)
		case r.SubsetOf(right):
			s.right = append(s.right, c)
		default:
			s.both = append(s.both, c)
		}
	}
	return s
}

// sinkJoin moves conditions from above a join into it.
func sinkJoin(n *plan.Join, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	s := sortBySide(n, conds)
	c := *n
	var err error
	if n.Kind != plan.InnerJoin {
		if len(s.left) == 0 {
			return n, conds, nil
		}
		c.Left, err = place(n.Left, s.left)
		var rest []plan.Expr
		for _, e := range conds {
			if !contains(s.left, e) {
				rest = append(rest, e)
			}
		}
		return &c, rest, err
	}
	if len(s.left)+len(s.right)+len(s.both) == 0 {
		return n, conds, nil
	}
	if c.Left, err = place(n.Left, s.left); err != nil {
		return nil, nil, err
	}
	if c.Right, err = place(n.Right, s.right); err != nil {
		return nil, nil, err
	}
	addKeys(&c, s.both)
	return &c, s.none, nil
}

// pushOn moves conditions of a join's ON into its inputs and makes equalities
// keys.
func pushOn(n *plan.Join) (plan.Node, error) {
	if n.On == nil {
		return n, nil
	}
	s := sortBySide(n, plan.Conjuncts(n.On))
	var toLeft, toRight bool
	switch n.Kind {
	case plan.InnerJoin, plan.SemiJoin:
		toLeft, toRight = true, true
	case plan.LeftJoin, plan.SingleJoin, plan.AntiJoin, plan.MarkJoin, plan.NullAwareAntiJoin:
		toRight = true
	}
	c := *n
	c.On = nil
	stay := s.none
	var err error
	if toLeft {
		if c.Left, err = place(n.Left, s.left); err != nil {
			return nil, err
		}
	} else {
		stay = append(stay, s.left...)
	}
	if toRight {
		if c.Right, err = place(n.Right, s.right); err != nil {
			return nil, err
		}
	} else {
		stay = append(stay, s.right...)
	}
	if n.Kind == plan.MarkJoin || n.Kind == plan.NullAwareAntiJoin { // keys have three values, On has two
		stay = append(stay, s.both...)
	} else {
		addKeys(&c, s.both)
	}
	c.On = plan.And(append(stay, plan.Conjuncts(c.On)...)...)
	if c.Left == n.Left && c.Right == n.Right && len(c.Equal) == len(n.Equal) {
		return n, nil
	}
	return &c, nil
}

// addKeys adds conditions on both sides to a join: equalities between the two
// as keys, the others to On.
func addKeys(n *plan.Join, conds []plan.Expr) {
	left, right := plan.Outputs(n.Left), plan.Outputs(n.Right)
	equal := n.Equal[:len(n.Equal):len(n.Equal)]
	var on []plan.Expr
	for _, e := range conds {
		c, ok := e.(*plan.Call)
		if !ok || c.Func != plan.OpEq || n.NullEqual {
			on = append(on, e)
			continue
		}
		a, b := c.Args[0], c.Args[1]
		switch {
		case plan.Refs(a).SubsetOf(left) && plan.Refs(b).SubsetOf(right):
			equal = append(equal, plan.EqualPair{Left: a, Right: b})
		case plan.Refs(b).SubsetOf(left) && plan.Refs(a).SubsetOf(right):
			equal = append(equal, plan.EqualPair{Left: b, Right: a})
		default:
			on = append(on, e)
		}
	}
	n.Equal = equal
	if len(on) > 0 {
		n.On = plan.And(append(plan.Conjuncts(n.On), on...)...)
	}
}
