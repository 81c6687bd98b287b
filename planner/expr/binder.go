package expr

import (
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Scope resolves names. The qualifier has zero to two parts: a table or its
// alias, a domain before it. A scope may give anything for a name: a column, a
// parameter of a policy such as user.country, a select item's expression.
type Scope interface {
	Column(qualifier []string, name string) (plan.Expr, error)
}

// Functions knows the functions without special syntax. Names are in lower case.
type Functions interface {
	// Resolve returns the type of a call's result: 1305 for a function that
	// does not exist, 1582 for a wrong number of arguments.
	Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error)
	// Deterministic reports whether equal arguments give equal results.
	Deterministic(name string) bool
}

// Binder binds expressions against a scope. What a hook that is nil would
// answer is refused by name. A Binder is used by one goroutine.
type Binder struct {
	Scope     Scope
	Functions Functions
	// Strict is for policies: comparing text with a number or a time is an
	// error unless a constant converts exactly, and what depends on the session
	// or is not deterministic is refused.
	Strict bool
	// Args are the values of ? markers, by index: nil, bool, any integer,
	// float64, string, []byte, time.Time or Decimal.
	Args []any
	// Now is when the statement began, in the session's zone; if it is zero,
	// NOW() and its like are refused.
	Now time.Time
	// Session gives functions of the session as constants: database, user,
	// current_user, session_user, system_user, version, connection_id, …
	Session func(function string) (*plan.Const, bool)
	// Variable gives the value of @name (user) or @@name.
	Variable func(name string, user bool) (*plan.Const, bool)
	// Subquery binds a query in an expression; left and cmp are as in
	// plan.Subquery.
	Subquery func(kind plan.SubqueryKind, left []plan.Expr, cmp string, query ast.ResultSetNode) (plan.Expr, error)
	// Aggregate binds an aggregate function.
	Aggregate func(call *ast.AggregateFuncExpr) (plan.Expr, error)
	// Fold evaluates an expression of constants; nil, or a nil result, leaves
	// it as it is.
	Fold func(plan.Expr) (*plan.Const, error)
	// HashMasked names the policy whose hash mask a column bears.
	HashMasked func(plan.ColumnID) (policy string, ok bool)
	// Warn takes a warning for the client.
	Warn func(code uint16, message string)
}

// Decimal is a ? argument that is a decimal number in text.
type Decimal string

// Bind binds one expression.
func (b *Binder) Bind(node ast.ExprNode) (plan.Expr, error) {
	return nil, mysqlerr.Unsupported("expressions")
}

// Condition binds an expression that is used for its truth: WHERE, ON, HAVING,
// a row filter. Its type is Bool.
func (b *Binder) Condition(node ast.ExprNode) (plan.Expr, error) {
	return nil, mysqlerr.Unsupported("expressions")
}
