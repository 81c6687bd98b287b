package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// mergeRowFilters moves row filters into their scans, as the scans' first
// filters, so that they prune files and are evaluated before payload is read.
func mergeRowFilters(p *pass, root plan.Node) (plan.Node, error) {
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		g, ok := n.(*plan.Governed)
		if !ok {
			return n, nil
		}
		r, err := governed(g)
		if err != nil || r.filter == nil {
			return n, err
		}
		rows := plan.Conjuncts(r.filter.Cond)
		if len(rows) == 0 { // TRUE: the relation keeps a filter to show for it
			rows = []plan.Expr{r.filter.Cond}
		}
		scan := *r.scan
		scan.Filters = append(rows[:len(rows):len(rows)], r.scan.Filters...)
		scan.RowFilter += len(rows)
		return plan.WithInputs(g, []plan.Node{plan.WithInputs(r.masks, []plan.Node{&scan})}), nil
	})
}

// pushFilters moves conditions towards the scans: through projections, joins,
// groups and set operations, and across Governed nodes by the barrier's rule.
// Conditions that compare both sides of a join become its keys.
func pushFilters(p *pass, root plan.Node) (plan.Node, error) {
	protected := belowGoverned(root)
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		if protected[n] {
			return n, nil
		}
		switch x := n.(type) {
		case *plan.Filter:
			return pushFilter(x)
		case *plan.Join:
			return pushOn(x)
		default:
		}
		return n, nil
	})
}

func pushFilter(f *plan.Filter) (plan.Node, error) {
	available := plan.Outputs(f.Input)
	var move, stay []plan.Expr
	for _, c := range plan.Conjuncts(f.Cond) {
		if movable(c) && plan.Refs(c).SubsetOf(available) {
			move = append(move, c)
		} else {
			stay = append(stay, c)
		}
	}
	in, rest, err := sink(f.Input, move)
	if err != nil || in == f.Input && len(rest) == len(move) {
		return f, err
	}
	return filter(in, append(rest, stay...)...), nil
}

// place returns n with conds as deep in it as they may go.
func place(n plan.Node, conds []plan.Expr) (plan.Node, error) {
	if len(conds) == 0 {
		return n, nil
	}
	in, rest, err := sink(n, conds)
	if err != nil {
		return nil, err
	}
	return filter(in, rest...), nil
}

// sink moves conditions on n's columns below n and returns those that must
// still be applied above.
func sink(n plan.Node, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	if len(conds) == 0 {
		return n, nil, nil
	}
	switch n := n.(type) {
	case *plan.Filter:
		in, rest, err := sink(n.Input, conds)
		if err != nil {
			return nil, nil, err
		}
		own := plan.Conjuncts(n.Cond)
		for _, r := range rest {
			if !contains(own, r) {
				own = append(own, r)
			}
		}
		return filter(in, own...), nil, nil
	case *plan.Project:
		return sinkProject(n, conds)
	case *plan.Join:
		return sinkJoin(n, conds)
	case *plan.Aggregate:
		return sinkAggregate(n, conds)
	case *plan.Sort:
		in, err := place(n.Input, conds)
		return &plan.Sort{Input: in, Keys: n.Keys}, nil, err
	case *plan.SetOp:
		return sinkSetOp(n, conds)
	case *plan.Governed:
		return sinkGoverned(n, conds)
	case *plan.Scan:
		c := *n
		c.Filters = append(n.Filters[:len(n.Filters):len(n.Filters)], conds...)
		return &c, nil, nil
	case *plan.Values:
		if len(n.Rows) == 0 {
			return n, nil, nil
		}
	case *plan.Limit, *plan.TopN, *plan.Shared, *plan.MaxOneRow:
	}
	return n, conds, nil
}

func sinkProject(n *plan.Project, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	fixed := plan.ColumnSet{}
	for i, e := range n.Exprs {
		if !movable(e) {
			fixed.Add(n.Cols[i].ID)
		}
	}
	var down, rest []plan.Expr
	for _, c := range conds {
		if plan.Refs(c).Intersects(fixed) {
			rest = append(rest, c)
		} else {
			down = append(down, plan.Substitute(c, byColumn(n.Cols, n.Exprs)))
		}
	}
	in, err := place(n.Input, down)
	if err != nil {
		return nil, nil, err
	}
	return plan.WithInputs(n, []plan.Node{in}), rest, nil
}

func sinkAggregate(n *plan.Aggregate, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	keys := plan.ColumnSet{}
	for i, e := range n.GroupBy {
		if movable(e) && exactEquality(e.Type()) {
			keys.Add(n.Cols[i].ID)
		}
	}
	var down, rest []plan.Expr
	for _, c := range conds {
		if r := plan.Refs(c); len(n.GroupBy) > 0 && !r.Empty() && r.SubsetOf(keys) {
			down = append(down, plan.Substitute(c, byColumn(n.Cols[:len(n.GroupBy)], n.GroupBy)))
		} else {
			rest = append(rest, c)
		}
	}
	in, err := place(n.Input, down)
	if err != nil {
		return nil, nil, err
	}
	return plan.WithInputs(n, []plan.Node{in}), rest, nil
}

func sinkSetOp(n *plan.SetOp, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	inexact := plan.ColumnSet{}
	for _, c := range n.Cols {
		if n.Kind != plan.UnionAll && !exactEquality(c.Type) {
			inexact.Add(c.ID)
		}
	}
	var down, rest []plan.Expr
	for _, c := range conds {
		if plan.Refs(c).Intersects(inexact) {
			rest = append(rest, c)
		} else {
			down = append(down, c)
		}
	}
	if len(down) == 0 {
		return n, rest, nil
	}
	ins := make([]plan.Node, len(n.Ins))
	for i, in := range n.Ins {
		own := make([]plan.Expr, len(down))
		for j, c := range down {
			own[j] = plan.Substitute(c, renaming(n.Cols, in.Columns()))
		}
		var err error
		if ins[i], err = place(in, own); err != nil {
			return nil, nil, err
		}
	}
	return plan.WithInputs(n, ins), rest, nil
}

// sinkGoverned applies the barrier's rule.
func sinkGoverned(g *plan.Governed, conds []plan.Expr) (plan.Node, []plan.Expr, error) {
	if g.RowFilter && g.Strict {
		return g, conds, nil
	}
	r, err := governed(g)
	if err != nil {
		return nil, nil, err
	}
	open, err := r.open()
	if err != nil {
		return nil, nil, err
	}
	allowed := plan.ColumnSet{}
	for id := range open {
		allowed.Add(id)
	}
	var rest, down []plan.Expr
	for _, c := range conds {
		crosses := plan.Refs(c).SubsetOf(allowed) && (leakproof(c) || !g.RowFilter && plan.Total(c))
		if !crosses || g.RowFilter {
			rest = append(rest, c)
		}
		if !crosses {
			continue
		}
		if b := below(c, open); !contains(r.scan.Filters[r.scan.RowFilter:], b) {
			down = append(down, b)
		}
	}
	if len(down) == 0 {
		return g, rest, nil
	}
	scan := *r.scan
	scan.Filters = append(r.scan.Filters[:len(r.scan.Filters):len(r.scan.Filters)], down...)
	var in plan.Node = &scan
	if r.filter != nil {
		in = plan.WithInputs(r.filter, []plan.Node{in})
	}
	return plan.WithInputs(g, []plan.Node{plan.WithInputs(r.masks, []plan.Node{in})}), rest, nil
}
