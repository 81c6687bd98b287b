package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// mergeProjects makes one projection of two, where that evaluates nothing
// twice, and drops projections that change nothing.
func mergeProjects(p *pass, root plan.Node) (plan.Node, error) {
	protected := belowGoverned(root)
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		outer, ok := n.(*plan.Project)
		if !ok || protected[n] {
			return n, nil
		}
		if inner, ok := outer.Input.(*plan.Project); ok && mergeable(outer, inner) {
			subst := byColumn(inner.Cols, inner.Exprs)
			exprs := make([]plan.Expr, len(outer.Exprs))
			for i, e := range outer.Exprs {
				exprs[i] = plan.Substitute(e, subst)
			}
			outer = &plan.Project{Input: inner.Input, Exprs: exprs, Cols: outer.Cols}
		}
		if changesNothing(outer) {
			return outer.Input, nil
		}
		return outer, nil
	})
}

// mergeable reports whether every expression of inner that costs anything is
// used once at most.
func mergeable(outer, inner *plan.Project) bool {
	uses := map[plan.ColumnID]int{}
	for _, e := range outer.Exprs {
		if hasSubquery(e) {
			return false
		}
		plan.WalkExpr(e, func(e plan.Expr) bool {
			if r, ok := e.(*plan.ColumnRef); ok {
				uses[r.ID]++
			}
			return true
		})
	}
	for i, e := range inner.Exprs {
		switch e.(type) {
		case *plan.ColumnRef, *plan.Const:
			continue
		default:
		}
		if n := uses[inner.Cols[i].ID]; n > 1 || !movable(e) {
			return false
		}
	}
	return true
}

// changesNothing reports whether p passes on its input's columns as they are.
func changesNothing(p *plan.Project) bool {
	in := p.Input.Columns()
	if len(in) != len(p.Cols) {
		return false
	}
	for i, c := range p.Cols {
		r, ok := p.Exprs[i].(*plan.ColumnRef)
		if !ok || r.ID != c.ID || in[i].ID != c.ID || in[i].Name != c.Name || in[i].Type != c.Type {
			return false
		}
	}
	return true
}
