package planner

import (
	"context"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/optimize"
	"github.com/meshql/meshql/planner/plan"
)

// Options are what planning needs of the engine.
type Options struct {
	// Fold evaluates an expression without columns.
	Fold func(plan.Expr) (*plan.Const, error)
	// Stats gives estimates for cost, or false.
	Stats func(connectors.Source) (connectors.Stats, bool)
	// Disable names rules of the optimizer to leave out, for tests.
	Disable []string
}

// Planned is a query that is ready to run.
type Planned struct {
	Plan plan.Node
	// Logical is the plan before rules that look at statistics: what EXPLAIN
	// may show to a principal who does not own everything in it.
	Logical   plan.Node
	Columns   []plan.Column // named as the client sees them
	Relations []bind.Relation
	Warnings  []bind.Warning
}

// Plan binds a query for the principal in env and optimizes it.
func Plan(ctx context.Context, sel *Select, args []any, env *bind.Env, o Options) (*Planned, error) {
	bound, err := bind.Select(ctx, sel.Node, args, env)
	if err != nil {
		return nil, err
	}
	logical, final, err := optimize.Both(ctx, bound.Plan, optimize.Options{Fold: o.Fold, Stats: o.Stats, Disable: o.Disable})
	if err != nil {
		return nil, err
	}
	return &Planned{Plan: final, Logical: logical, Columns: bound.Columns, Relations: bound.Relations, Warnings: bound.Warnings}, nil
}

// ListingDomain and listingName stand for the rows of a SHOW statement. No
// name that a user writes resolves to them: see bind.Env.System.
const (
	ListingDomain = "\x00show"
	listingName   = "listing"
)

// ShowSelect makes the query that applies a SHOW statement's LIKE, WHERE and
// LIMIT to its listing, whose first column is named first.
func ShowSelect(st *Show, first string) *Select {
	sel := &ast.SelectStmt{
		SelectStmtOpts: &ast.SelectStmtOpts{SQLCache: true},
		Fields:         &ast.FieldList{Fields: []*ast.SelectField{{WildCard: &ast.WildCardField{}}}},
		From: &ast.TableRefsClause{TableRefs: &ast.Join{Left: &ast.TableSource{
			Source: &ast.TableName{Schema: ast.NewCIStr(ListingDomain), Name: ast.NewCIStr(listingName)}}}},
		Where: st.Where,
		Limit: st.Limit,
	}
	if st.Pattern != nil {
		sel.Where = &ast.PatternLikeOrIlikeExpr{
			Expr:    &ast.ColumnNameExpr{Name: &ast.ColumnName{Name: ast.NewCIStr(first)}},
			Pattern: ast.NewValueExpr(st.Pattern.Pattern, "", ""),
			IsLike:  true,
			Escape:  '\\',
		}
	}
	return &Select{Node: sel}
}

// ExprSelect makes the query SELECT value, for SET.
func ExprSelect(value ast.ExprNode) *Select {
	if c, ok := value.(*ast.ColumnNameExpr); ok { // SET sql_mode = ANSI
		value = ast.NewValueExpr(c.Name.Name.O, "", "")
	}
	return &Select{Node: &ast.SelectStmt{
		SelectStmtOpts: &ast.SelectStmtOpts{SQLCache: true},
		Fields:         &ast.FieldList{Fields: []*ast.SelectField{{Expr: value}}},
	}}
}
