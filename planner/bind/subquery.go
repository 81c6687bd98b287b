package bind

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// subqueries returns the hook that binds queries in expressions over a frame.
func (b *binder) subqueries(f *frame) func(plan.SubqueryKind, []plan.Expr, string, ast.ResultSetNode) (plan.Expr, error) {
	return func(kind plan.SubqueryKind, left []plan.Expr, cmp string, query ast.ResultSetNode) (plan.Expr, error) {
		if kind != plan.ScalarSubquery && kind != plan.ExistsSubquery && hasLimit(query) {
			return nil, mysqlerr.Unsupported("LIMIT & IN/ALL/ANY/SOME subquery")
		}
		var outer plan.ColumnSet
		node, err := b.query(query, surroundings{parent: f, outer: &outer, ctes: f.in.ctes})
		if err != nil {
			return nil, err
		}
		s := &plan.Subquery{Kind: kind, Left: left, Cmp: cmp, Plan: node, T: plan.BoolType}
		cols := node.Columns()
		switch kind {
		case plan.ScalarSubquery:
			if len(cols) != 1 {
				return nil, mysqlerr.OperandColumns(1)
			}
			shown := cols[0].Type
			shown.NotNull = false
			s.Plan = b.unrounded(node)
			s.T = s.Plan.Columns()[0].Type
			s.T.NotNull = false
			s.Outer = outer.IDs()
			return expr.Rounded(s, shown), nil
		case plan.ExistsSubquery:
			s.T.NotNull = true
		case plan.InSubquery, plan.AnySubquery, plan.AllSubquery:
			if len(cols) != len(left) {
				return nil, mysqlerr.OperandColumns(len(left))
			}
			if err := b.coerce(s); err != nil {
				return nil, err
			}
		}
		s.Outer = outer.IDs()
		return s, nil
	}
}

// unrounded is a scalar subquery whose quotient the enclosing expression rounds.
func (b *binder) unrounded(n plan.Node) plan.Node {
	p, ok := n.(*plan.Project)
	if !ok || len(p.Exprs) != 1 || expr.Unrounded(p.Exprs[0]) == p.Exprs[0] {
		return n
	}
	e := expr.Unrounded(p.Exprs[0])
	return &plan.Project{Input: p.Input, Exprs: []plan.Expr{e}, Cols: []plan.Column{b.newColumn(p.Cols[0].Name, e)}}
}

// coerce gives the left side and the query's columns the types they compare as.
func (b *binder) coerce(s *plan.Subquery) error {
	cols := s.Plan.Columns()
	right := make([]plan.Expr, len(cols))
	for i, c := range cols {
		right[i] = c.Ref()
	}
	left := append([]plan.Expr(nil), s.Left...)
	if err := b.expr.Coerce(left, right); err != nil {
		return err
	}
	s.Left = left
	p := &plan.Project{Input: s.Plan, Exprs: right}
	changed := false
	for i, e := range right {
		ref, ok := e.(*plan.ColumnRef)
		changed = changed || !ok || ref.ID != cols[i].ID
		p.Cols = append(p.Cols, b.newColumn(cols[i].Name, e))
	}
	if changed {
		s.Plan = p
	}
	return nil
}

func hasLimit(n ast.ResultSetNode) bool {
	switch n := n.(type) {
	case *ast.SelectStmt:
		return n.Limit != nil
	case *ast.SetOprStmt:
		return n.Limit != nil
	case *ast.SubqueryExpr:
		return hasLimit(n.Query)
	}
	return false
}
