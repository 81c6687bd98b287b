package optimize

import (
	"fmt"

	"github.com/meshql/meshql/planner/plan"
)

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
		default:
		}
		return true
	})
	return found
}
