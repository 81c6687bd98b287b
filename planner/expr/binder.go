package expr

import (
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

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
	// Strict is for policies: comparing text with a number is an error, and so
	// is text with a time unless a constant converts exactly; a function that is
	// not deterministic is refused.
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
	// Interrupt is asked now and then; its error ends the binding.
	Interrupt func() error

	state *state
}

// state is what the binders of one statement share.
type state struct {
	depth    int
	nodes    int
	explicit map[plan.Expr]bool   // results of COLLATE
	literals map[*plan.Const]bool // hexadecimal and bit literals: numbers in numeric contexts
}

// With returns a binder of the same statement for another scope and the hooks
// that belong to it. Bounds hold for all binders of a statement together.
func (b *Binder) With(s Scope) *Binder {
	b.shared()
	c := *b
	c.Scope = s
	return &c
}

func (b *Binder) shared() *state {
	if b.state == nil {
		b.state = &state{explicit: map[plan.Expr]bool{}, literals: map[*plan.Const]bool{}}
	}
	return b.state
}

// Bounds of what the binders of one statement build.
const (
	maxDepth = 500     // operators within operators; AND and OR chains count once
	maxNodes = 400_000 // operators, names and constants
)

// Decimal is a ? argument that is a decimal number in text.
type Decimal string

// Bind binds one expression.
func (b *Binder) Bind(node ast.ExprNode) (plan.Expr, error) {
	st := b.shared()
	st.depth++
	defer func() { st.depth-- }()
	if st.depth > maxDepth {
		return nil, mysqlerr.TooComplex("an expression is nested too deeply")
	}
	if err := b.grow(1); err != nil {
		return nil, err
	}
	return b.bind(node)
}

// Condition binds an expression that is used for its truth: WHERE, ON, HAVING,
// a row filter. Its type is Bool.
func (b *Binder) Condition(node ast.ExprNode) (plan.Expr, error) {
	e, err := b.Bind(node)
	if err != nil {
		return nil, err
	}
	return b.truth(e)
}

// grow counts n more expressions.
func (b *Binder) grow(n int) error {
	st := b.shared()
	before := st.nodes
	st.nodes += n
	if st.nodes > maxNodes {
		return mysqlerr.TooComplex("it has too many expressions")
	}
	if b.Interrupt != nil && before/1024 != st.nodes/1024 {
		return b.Interrupt()
	}
	return nil
}

func (b *Binder) bind(node ast.ExprNode) (plan.Expr, error) {
	switch n := node.(type) {
	case *ast.ParenthesesExpr:
		return b.Bind(n.Expr)
	case *ast.ColumnNameExpr:
		return b.column(n.Name)
	case *test_driver.ValueExpr:
		return b.literal(n)
	case *test_driver.ParamMarkerExpr:
		return b.argument(n)
	case *ast.BinaryOperationExpr:
		return b.binary(n)
	case *ast.UnaryOperationExpr:
		return b.unary(n)
	case *ast.BetweenExpr:
		return b.between(n)
	case *ast.PatternInExpr:
		return b.in(n)
	case *ast.PatternLikeOrIlikeExpr:
		return b.like(n)
	case *ast.PatternRegexpExpr:
		return b.regexp(n)
	case *ast.IsNullExpr:
		return b.isNull(n)
	case *ast.IsTruthExpr:
		return b.isTruth(n)
	case *ast.CaseExpr:
		return b.caseWhen(n)
	case *ast.FuncCastExpr:
		return b.cast(n)
	case *ast.SetCollationExpr:
		return b.collate(n)
	case *ast.FuncCallExpr:
		return b.function(n)
	case *ast.AggregateFuncExpr:
		if b.Aggregate == nil {
			return nil, mysqlerr.InvalidGroupFunction()
		}
		return b.Aggregate(n)
	case *ast.SubqueryExpr:
		return b.subquery(plan.ScalarSubquery, nil, "", n)
	case *ast.ExistsSubqueryExpr:
		e, err := b.subquery(plan.ExistsSubquery, nil, "", n.Sel)
		return negate(e, n.Not), err
	case *ast.CompareSubqueryExpr:
		return b.compareSubquery(n)
	case *ast.VariableExpr:
		return b.variable(n)
	case *ast.RowExpr:
		return nil, mysqlerr.OperandColumns(1)
	case *ast.WindowFuncExpr:
		return nil, mysqlerr.Unsupported("window functions")
	case *ast.MatchAgainst:
		return nil, mysqlerr.Unsupported("MATCH … AGAINST")
	case *ast.DefaultExpr:
		return nil, mysqlerr.Unsupported("DEFAULT()")
	case *ast.ValuesExpr:
		return nil, mysqlerr.Unsupported("VALUES()")
	}
	return nil, mysqlerr.Unsupported("this expression")
}

func (b *Binder) column(n *ast.ColumnName) (plan.Expr, error) {
	if b.Scope == nil {
		return nil, mysqlerr.UnknownColumn(n.OrigColName(), "field list")
	}
	var qualifier []string
	if n.Schema.O != "" {
		qualifier = append(qualifier, n.Schema.O)
	}
	if n.Table.O != "" {
		qualifier = append(qualifier, n.Table.O)
	}
	return b.Scope.Column(qualifier, n.Name.O)
}

func (b *Binder) bindAll(nodes []ast.ExprNode) ([]plan.Expr, error) {
	out := make([]plan.Expr, len(nodes))
	for i, n := range nodes {
		e, err := b.Bind(n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (b *Binder) subquery(kind plan.SubqueryKind, left []plan.Expr, cmp string, node ast.ExprNode) (plan.Expr, error) {
	q, ok := node.(*ast.SubqueryExpr)
	if b.Subquery == nil || !ok {
		return nil, mysqlerr.Unsupported("a subquery here")
	}
	return b.Subquery(kind, left, cmp, q.Query)
}

func (b *Binder) variable(n *ast.VariableExpr) (plan.Expr, error) {
	name := n.Name
	switch {
	case n.Value != nil:
		return nil, mysqlerr.Unsupported("assignment to a variable in an expression")
	case n.IsGlobal || n.IsInstance:
		return nil, mysqlerr.Unsupported("@@GLOBAL variables in a query")
	case b.Variable == nil:
		return nil, mysqlerr.Unsupported("variables here")
	}
	c, ok := b.Variable(name, !n.IsSystem)
	switch {
	case ok:
		return c, nil
	case n.IsSystem:
		return nil, mysqlerr.UnknownVariable(name)
	}
	return plan.Null(mysqltype.Type{}), nil
}

// repeat gives e for a second use: e itself, or node bound anew if it holds a
// subquery, whose plan may stand in one place only.
func (b *Binder) repeat(e plan.Expr, node ast.ExprNode) (plan.Expr, error) {
	size, again := 0, false
	var refused string
	plan.WalkExpr(e, func(x plan.Expr) bool {
		size++
		switch x := x.(type) {
		case *plan.Subquery:
			again = true
		case *plan.Call:
			if !b.deterministic(x.Func) {
				refused = x.Func
			}
		default:
		}
		return size <= maxNodes
	})
	if refused != "" {
		return nil, mysqlerr.Unsupported(refused + "() as an operand that is evaluated twice")
	}
	if again {
		return b.Bind(node)
	}
	return e, b.grow(size)
}

func (b *Binder) deterministic(name string) bool {
	return isOperator(name) || b.Functions == nil || b.Functions.Deterministic(name)
}

func isOperator(name string) bool {
	switch name {
	case plan.OpAnd, plan.OpOr, plan.OpNot, plan.OpXor, plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe,
		plan.OpNullEq, plan.OpIsNull, plan.OpIsTrue, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpIntDiv,
		plan.OpMod, plan.OpNeg, plan.OpLike, plan.OpRegexp, plan.OpDateAdd, plan.OpDateSub, plan.OpExtract,
		plan.OpBitAnd, plan.OpBitOr, plan.OpBitXor, plan.OpBitNot, plan.OpShl, plan.OpShr, opCoalesce:
		return true
	}
	return false
}

func (b *Binder) zone() *time.Location { return b.Now.Location() }

func negate(e plan.Expr, not bool) plan.Expr {
	if e == nil || !not {
		return e
	}
	return plan.Not(e)
}
