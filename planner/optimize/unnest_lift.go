package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// lift takes conditions on outer columns out of a plan. The result reads no
// outer column; it passes on, beside the plan's columns, what the conditions
// read. With the conditions applied to it for one outer row it is the plan for
// that row; with asSet it may have rows more than once. It reports whether the
// plan has a form that allows it.
func (u unnester) lift(n plan.Node, outer plan.ColumnSet, asSet bool) (plan.Node, []plan.Expr, bool) {
	if !plan.Free(n).Intersects(outer) {
		return n, nil, true
	}
	switch n := n.(type) {
	case *plan.Filter:
		in, conds, ok := u.lift(n.Input, outer, asSet)
		if !ok {
			return nil, nil, false
		}
		var keep []plan.Expr
		for _, c := range plan.Conjuncts(n.Cond) {
			if !plan.Refs(c).Intersects(outer) {
				keep = append(keep, c)
			} else if movable(c) {
				conds = append(conds, inner(c, outer))
			} else {
				return nil, nil, false
			}
		}
		return filter(in, keep...), conds, true
	case *plan.Project:
		if plan.Uses(n).Intersects(outer) {
			return nil, nil, false
		}
		in, conds, ok := u.lift(n.Input, outer, asSet)
		if !ok {
			return nil, nil, false
		}
		return passThrough(n, in, refsOf(conds)), conds, true
	case *plan.Sort:
		return u.lift(n.Input, outer, asSet)
	case *plan.Join:
		return u.liftJoin(n, outer, asSet)
	case *plan.Aggregate:
		if len(n.GroupBy) == 0 || plan.Uses(n).Intersects(outer) {
			return nil, nil, false
		}
		in, conds, ok := u.lift(n.Input, outer, len(n.Aggs) == 0)
		if !ok {
			return nil, nil, false
		}
		c := *n
		c.Input = in
		return u.groupByKeys(&c, conds, outer)
	case *plan.Shared:
		return u.lift(u.inline(n), outer, asSet)
	case *plan.Scan, *plan.Governed, *plan.Limit, *plan.TopN, *plan.SetOp, *plan.Values, *plan.MaxOneRow:
	}
	return nil, nil, false
}

func refsOf(es []plan.Expr) plan.ColumnSet {
	var s plan.ColumnSet
	for _, e := range es {
		plan.AddRefs(&s, e)
	}
	return s
}

func (u unnester) liftJoin(n *plan.Join, outer plan.ColumnSet, asSet bool) (plan.Node, []plan.Expr, bool) {
	c := *n
	if n.Kind == plan.SemiJoin && asSet {
		c.Kind = plan.InnerJoin
	}
	if c.Kind != plan.InnerJoin {
		// A condition on the left rows alone commutes with the join, unless the
		// join may fail on a row that the condition would have kept from it.
		if n.Kind == plan.SingleJoin || plan.Uses(n).Intersects(outer) || plan.Free(n.Right).Intersects(outer) {
			return nil, nil, false
		}
		in, conds, ok := u.lift(n.Left, outer, asSet)
		c.Left = in
		return &c, conds, ok
	}
	var conds []plan.Expr
	c.Equal = nil
	for _, p := range n.Equal {
		if e := equality(n, p); plan.Refs(e).Intersects(outer) {
			conds = append(conds, inner(e, outer))
		} else {
			c.Equal = append(c.Equal, p)
		}
	}
	var on []plan.Expr
	for _, e := range plan.Conjuncts(n.On) {
		if plan.Refs(e).Intersects(outer) {
			conds = append(conds, inner(e, outer))
		} else {
			on = append(on, e)
		}
	}
	c.On = plan.And(on...)
	left, fromLeft, ok := u.lift(n.Left, outer, asSet)
	if !ok {
		return nil, nil, false
	}
	right, fromRight, ok := u.lift(n.Right, outer, asSet)
	if !ok {
		return nil, nil, false
	}
	c.Left, c.Right = left, right
	return &c, append(append(conds, fromLeft...), fromRight...), true
}

// equality returns the condition of a join's key.
func equality(n *plan.Join, p plan.EqualPair) plan.Expr {
	op := plan.OpEq
	if n.NullEqual {
		op = plan.OpNullEq
	}
	return plan.Compare(op, p.Left, p.Right)
}

// groupByKeys lets conditions on a's input be applied above a instead: where
// they are equalities of an outer and an inner expression, a is grouped by the
// inner ones, too; conditions on outer columns alone need nothing.
func (u unnester) groupByKeys(a *plan.Aggregate, conds []plan.Expr, outer plan.ColumnSet) (*plan.Aggregate, []plan.Expr, bool) {
	keys := len(a.GroupBy)
	groups := a.GroupBy[:keys:keys]
	cols := a.Cols[:keys:keys]
	have := plan.SetOf()
	for i, g := range groups {
		if r, ok := g.(*plan.ColumnRef); ok && r.ID == cols[i].ID {
			have.Add(r.ID)
		}
	}
	var out []plan.Expr
	for _, c := range conds {
		reads := plan.Refs(c)
		if reads.SubsetOf(outer) {
			out = append(out, c)
			continue
		}
		if len(a.Aggs) == 0 && keys > 0 { // DISTINCT: any further key will do
			for _, col := range a.Input.Columns() {
				if reads.Has(col.ID) && !have.Has(col.ID) {
					have.Add(col.ID)
					groups, cols = append(groups, col.Ref()), append(cols, col)
				}
			}
			out = append(out, c)
			continue
		}
		call, ok := c.(*plan.Call)
		if !ok || call.Func != plan.OpEq {
			return nil, nil, false
		}
		from, key := call.Args[0], call.Args[1]
		if !plan.Refs(from).SubsetOf(outer) {
			from, key = key, from
		}
		if !plan.Refs(from).SubsetOf(outer) || plan.Refs(key).Intersects(outer) {
			return nil, nil, false
		}
		col := u.column("key", key)
		if r, ok := key.(*plan.ColumnRef); ok {
			col.Name = r.Name
		}
		groups, cols = append(groups, key), append(cols, col)
		out = append(out, plan.Compare(plan.OpEq, from, col.Ref()))
	}
	c := *a
	c.GroupBy, c.Cols = groups, append(cols, a.Cols[keys:]...)
	return &c, out, true
}

// inline returns the plan behind a Shared node with the node's columns.
func (u unnester) inline(n *plan.Shared) plan.Node {
	p := u.clone(n.Def.Plan)
	return &plan.Project{Input: p, Exprs: refs(p.Columns()), Cols: n.Cols}
}
