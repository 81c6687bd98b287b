package optimize

import (
	"fmt"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// dischargeMinGroup makes every relation with a min_group policy be read
// through the one aggregate above it: that aggregate drops groups with too few
// entities. Only filters and projections may stand between the two, and groups
// must be of columns that the policies leave open. Anything else is refused.
func dischargeMinGroup(p *Pass, root plan.Node) (plan.Node, error) {
	out, err := p.transform(root, func(n plan.Node) (plan.Node, error) {
		a, ok := n.(*plan.Aggregate)
		if !ok || a.MinGroup != nil {
			return n, nil
		}
		g := belowAggregate(a.Input)
		if g == nil || g.MinGroup == nil || !groupsOpen(a, g) {
			return n, nil
		}
		input, ok := keepColumn(a.Input, g.MinGroup.Entity)
		if !ok {
			return n, nil
		}
		c := *a
		c.Input, c.MinGroup = input, g.MinGroup
		return &c, nil
	})
	if err != nil {
		return nil, err
	}
	if g := undischarged(out); g != nil {
		return nil, mysqlerr.Unsupported(fmt.Sprintf("reading %s.%s other than through one aggregate over its open columns: policy %s wants groups of at least %d", g.Domain, g.Product, g.MinGroup.Policy, g.MinGroup.Size))
	}
	return out, nil
}

// belowAggregate returns the governed relation that an aggregate reads through
// filters and projections alone.
func belowAggregate(n plan.Node) *plan.Governed {
	for {
		switch x := n.(type) {
		case *plan.Governed:
			return x
		case *plan.Filter:
			n = x.Input
		case *plan.Project:
			n = x.Input
		default:
			return nil
		}
	}
}

// groupsOpen reports whether a groups by columns that g leaves open.
func groupsOpen(a *plan.Aggregate, g *plan.Governed) bool {
	open := plan.SetOf(g.Open...)
	for _, e := range a.GroupBy {
		if !origins(a.Input, e).SubsetOf(open) {
			return false
		}
	}
	return true
}

// origins returns the columns of the governed relation below n that e, which
// reads n's columns, is computed from.
func origins(n plan.Node, e plan.Expr) plan.ColumnSet {
	switch x := n.(type) {
	case *plan.Filter:
		return origins(x.Input, e)
	case *plan.Project:
		return origins(x.Input, plan.Substitute(e, byColumn(x.Cols, x.Exprs)))
	}
	return plan.Refs(e)
}

// keepColumn makes the projections above a governed relation pass a column on.
func keepColumn(n plan.Node, id plan.ColumnID) (plan.Node, bool) {
	if plan.Outputs(n).Has(id) {
		return n, true
	}
	switch x := n.(type) {
	case *plan.Filter:
		in, ok := keepColumn(x.Input, id)
		return plan.WithInputs(x, []plan.Node{in}), ok
	case *plan.Project:
		in, ok := keepColumn(x.Input, id)
		return passThrough(x, in, plan.SetOf(id)), ok
	}
	return n, false
}

// verifyMinGroups checks that every relation with a min_group policy is read
// through an aggregate that discharges it.
func verifyMinGroups(root plan.Node) error {
	if g := undischarged(root); g != nil {
		return fmt.Errorf("governed %s.%s: min_group of %s is not discharged", g.Domain, g.Product, g.MinGroup.Policy)
	}
	return nil
}

// undischarged returns a governed relation that is not below the aggregate that
// its min_group asks for, with no other aggregate between the two.
func undischarged(n plan.Node) *plan.Governed {
	var found *plan.Governed
	var by *plan.MinGroup
	if a, ok := n.(*plan.Aggregate); ok {
		by = a.MinGroup
	}
	plan.Walk(n, func(x plan.Node) bool {
		if found != nil {
			return false
		}
		switch x := x.(type) {
		case *plan.Aggregate:
			if x != n {
				found = undischarged(x)
				return false
			}
		case *plan.Governed:
			if m := x.MinGroup; m != nil && (by == nil || by.Policy != m.Policy || by.Size < m.Size) {
				found = x
			}
			return false
		}
		return true
	})
	return found
}
