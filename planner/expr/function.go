package expr

import (
	"strings"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// opCoalesce is the one function that this package makes beside operators: its
// arguments have its type.
const opCoalesce = "coalesce"

// function binds a call. Functions that need more of their arguments than their
// types are bound here; the others are Functions'.
func (b *Binder) function(n *ast.FuncCallExpr) (plan.Expr, error) {
	if n.Schema.O != "" {
		return nil, mysqlerr.UnknownFunction(n.Schema.O + "." + n.FnName.O)
	}
	name := n.FnName.L
	if want, ok := syntaxArity[name]; ok && (len(n.Args) < want[0] || len(n.Args) > want[1]) {
		return nil, mysqlerr.WrongArguments(n.FnName.O)
	}
	switch name {
	case ast.DateLiteral:
		return temporalLiteral(mysqltype.Date, n.Args)
	case ast.TimeLiteral:
		return temporalLiteral(mysqltype.Time, n.Args)
	case ast.TimestampLiteral:
		return temporalLiteral(mysqltype.DateTime, n.Args)
	case "if":
		return b.ifThenElse(n.Args)
	case "nullif":
		return b.nullIf(n.Args)
	case "ifnull", "coalesce":
		return b.coalesce(n.Args)
	case "date_add", "adddate":
		return b.dateArithmetic(plan.OpDateAdd, n.Args)
	case "date_sub", "subdate":
		return b.dateArithmetic(plan.OpDateSub, n.Args)
	case "timestampadd":
		return b.dateArithmetic(plan.OpDateAdd, []ast.ExprNode{n.Args[2], n.Args[1], n.Args[0]})
	case "timestampdiff":
		return b.timestampDiff(n.Args)
	case "extract":
		return b.extract(n.Args)
	case "convert":
		return b.convertUsing(n.Args)
	case ast.CharFunc:
		return b.char(n.Args)
	case "trim":
		return b.trim(n.Args)
	case "position":
		return b.call("locate", n.Args)
	case ast.InsertFunc:
		return b.call("insert", n.Args)
	case "substr", "mid":
		return b.call("substring", n.Args)
	case "isnull":
		e, err := b.Bind(n.Args[0])
		return &plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{e}, T: plan.BoolType}, err
	case "schema":
		name = "database"
	}
	if e, ok, err := b.clock(name, n.Args); ok || err != nil {
		return e, err
	}
	if isSession(name) && len(n.Args) == 0 {
		return b.session(name)
	}
	return b.call(name, n.Args)
}

// syntaxArity is how many arguments the parser gives to functions with syntax of
// their own; a name in backquotes may come with any number.
var syntaxArity = map[string][2]int{
	ast.DateLiteral: {1, 1}, ast.TimeLiteral: {1, 1}, ast.TimestampLiteral: {1, 1},
	"date_add": {3, 3}, "adddate": {3, 3}, "date_sub": {3, 3}, "subdate": {3, 3},
	"timestampadd": {3, 3}, "timestampdiff": {3, 3}, "extract": {2, 2}, "convert": {2, 2},
	ast.CharFunc: {2, 1 << 20}, "trim": {1, 3}, "if": {3, 3}, "nullif": {2, 2}, "ifnull": {2, 2},
	"coalesce": {1, 1 << 20}, "position": {2, 2}, "isnull": {1, 1},
}

// call binds a function of Functions.
func (b *Binder) call(name string, nodes []ast.ExprNode) (plan.Expr, error) {
	args := make([]plan.Expr, len(nodes))
	for i, n := range nodes {
		e, err := b.functionArgument(n)
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	return b.resolve(name, args)
}

func (b *Binder) functionArgument(n ast.ExprNode) (plan.Expr, error) {
	switch n := n.(type) {
	case *ast.TimeUnitExpr:
		return textConst(unitName(n)), nil
	case *ast.GetFormatSelectorExpr:
		return nil, mysqlerr.Unsupported("GET_FORMAT()")
	}
	e, err := b.Bind(n)
	if err != nil {
		return nil, err
	}
	if e.Type().ID == mysqltype.Bool {
		e = b.castTo(e, bigint)
	}
	return e, nil
}

func (b *Binder) resolve(name string, args []plan.Expr) (plan.Expr, error) {
	if b.Functions == nil || isOperator(name) {
		return nil, mysqlerr.UnknownFunction(name)
	}
	types := make([]mysqltype.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	t, err := b.Functions.Resolve(name, types)
	if err != nil {
		return nil, err
	}
	if b.Strict && !b.Functions.Deterministic(name) {
		return nil, mysqlerr.Unsupported(name + "() in a policy")
	}
	if r, ok := b.Functions.(refiner); ok {
		if len(args) > 1 {
			args[1] = b.fold(args[1])
		}
		t = r.Refine(name, args, t)
	}
	shown := t
	if computesOn[name] {
		for i, a := range args {
			args[i] = Unrounded(a)
		}
		if name == "abs" && t.ID == mysqltype.Decimal {
			t = args[0].Type()
			t.NotNull = false
		}
	}
	return Rounded(&plan.Call{Func: name, Args: args, T: t}, shown), nil
}

// computesOn are the functions that take a DECIMAL argument unrounded.
var computesOn = map[string]bool{"abs": true, "sign": true, "floor": true, "ceil": true, "ceiling": true, "round": true, "truncate": true,
	"sqrt": true, "exp": true, "ln": true, "log": true, "log2": true, "log10": true, "pow": true, "power": true, "degrees": true, "radians": true}

// refiner is what Functions may know beyond types: a result type that depends on
// a constant argument, as ROUND's does on the number of digits.
type refiner interface {
	Refine(name string, args []plan.Expr, t mysqltype.Type) mysqltype.Type
}

func (b *Binder) ifThenElse(nodes []ast.ExprNode) (plan.Expr, error) {
	cond, err := b.Condition(nodes[0])
	if err != nil {
		return nil, err
	}
	r, err := b.bindAll(nodes[1:])
	if err != nil {
		return nil, err
	}
	return b.mergeCase(&plan.Case{Whens: []plan.When{{Cond: cond, Then: r[0]}}, Else: r[1]}), nil
}

// nullIf binds NULLIF(a, b) to CASE WHEN a = b THEN NULL ELSE a END.
func (b *Binder) nullIf(nodes []ast.ExprNode) (plan.Expr, error) {
	args, err := b.bindAll(nodes)
	if err != nil {
		return nil, err
	}
	again, err := b.repeat(args[0], nodes[0])
	if err != nil {
		return nil, err
	}
	cond, err := b.compare(plan.OpEq, args[0], args[1])
	if err != nil {
		return nil, err
	}
	shown := again.Type()
	again = Unrounded(again)
	t := again.Type()
	t.NotNull, shown.NotNull = false, false
	return Rounded(&plan.Case{Whens: []plan.When{{Cond: cond, Then: plan.Null(t)}}, Else: again, T: t}, shown), nil
}

func (b *Binder) coalesce(nodes []ast.ExprNode) (plan.Expr, error) {
	args, err := b.bindAll(nodes)
	if err != nil {
		return nil, err
	}
	t := b.MergeTypes(args...)
	t.NotNull = false
	for _, a := range args {
		t.NotNull = t.NotNull || a.Type().NotNull
	}
	if len(args) == 1 {
		return b.castTo(args[0], t), nil
	}
	merged := unroundedType(t, args...)
	for i, a := range args {
		args[i] = b.castTo(wide(a, merged), merged)
	}
	return Rounded(&plan.Call{Func: opCoalesce, Args: args, T: merged}, t), nil
}

// convertUsing binds CONVERT(x USING charset).
func (b *Binder) convertUsing(nodes []ast.ExprNode) (plan.Expr, error) {
	charset, ok := nodes[1].(*test_driver.ValueExpr)
	if !ok {
		return nil, mysqlerr.WrongArguments("convert")
	}
	arg, err := b.Bind(nodes[0])
	if err != nil {
		return nil, err
	}
	arg = b.text(arg)
	t := mysqltype.Varchar(arg.Type())
	switch strings.ToLower(charset.GetString()) {
	case "utf8", "utf8mb3", "utf8mb4":
		if !t.IsBinary() {
			return arg, nil
		}
		t.ID, t.Collation = mysqltype.VarChar, mysqltype.Binary0900
	case "binary":
		t.ID, t.Collation = mysqltype.VarBinary, mysqltype.BinaryCollation
	default:
		return nil, mysqlerr.Unsupported("character set " + charset.GetString())
	}
	return &plan.Cast{Arg: arg, T: t}, nil
}

// char binds CHAR(n, …); the parser adds the character set as an argument.
func (b *Binder) char(nodes []ast.ExprNode) (plan.Expr, error) {
	last := len(nodes) - 1
	charset, ok := nodes[last].(*test_driver.ValueExpr)
	if !ok || charset.Kind() != test_driver.KindNull {
		return nil, mysqlerr.Unsupported("CHAR(… USING …)")
	}
	return b.call("char", nodes[:last])
}

// trim binds TRIM's forms to trim(x), or trim(x, what, 'both' | 'leading' |
// 'trailing').
func (b *Binder) trim(nodes []ast.ExprNode) (plan.Expr, error) {
	direction := "both"
	if len(nodes) == 3 {
		d, ok := nodes[2].(*ast.TrimDirectionExpr)
		if !ok {
			return nil, mysqlerr.WrongArguments("trim")
		}
		switch d.Direction {
		case ast.TrimLeading:
			direction = "leading"
		case ast.TrimTrailing:
			direction = "trailing"
		case ast.TrimBoth, ast.TrimBothDefault:
		}
		nodes = nodes[:2]
	}
	args, err := b.bindAll(nodes)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		args[i] = b.text(a)
	}
	if len(args) == 2 {
		args = append(args, textConst(direction))
	}
	return b.resolve("trim", args)
}

func isSession(name string) bool {
	switch name {
	case "database", "user", "current_user", "session_user", "system_user", "version", "connection_id",
		"current_role", "last_insert_id", "found_rows", "row_count":
		return true
	}
	return false
}

func (b *Binder) session(name string) (plan.Expr, error) {
	if b.Session != nil {
		if c, ok := b.Session(name); ok {
			return c, nil
		}
	}
	return nil, mysqlerr.UnknownFunction(name)
}

// clock binds NOW() and its like to constants of when the statement began.
func (b *Binder) clock(name string, nodes []ast.ExprNode) (plan.Expr, bool, error) {
	now := b.Now
	var id mysqltype.ID
	switch name {
	case "now", "current_timestamp", "localtime", "localtimestamp", "sysdate":
		id = mysqltype.DateTime
	case "utc_timestamp":
		id, now = mysqltype.DateTime, now.UTC()
	case "curdate", "current_date":
		id = mysqltype.Date
	case "utc_date":
		id, now = mysqltype.Date, now.UTC()
	case "curtime", "current_time":
		id = mysqltype.Time
	case "utc_time":
		id, now = mysqltype.Time, now.UTC()
	case "unix_timestamp":
		if len(nodes) > 0 {
			return nil, false, nil
		}
		id = mysqltype.BigInt
	default:
		return nil, false, nil
	}
	if b.Now.IsZero() {
		return nil, false, mysqlerr.Unsupported(name + "() here")
	}
	digits := 0
	if len(nodes) > 0 {
		v, ok := nodes[0].(*test_driver.ValueExpr)
		if !ok || v.Kind() != test_driver.KindInt64 || v.GetInt64() < 0 || v.GetInt64() > 6 || id == mysqltype.Date || len(nodes) > 1 {
			return nil, false, mysqlerr.WrongArguments(name)
		}
		digits = int(v.GetInt64())
	}
	return clockConst(id, now, uint8(digits)), true, nil
}

func clockConst(id mysqltype.ID, now time.Time, digits uint8) *plan.Const {
	micros := truncateTo(civil(now), digits)
	day := floorDiv(micros, microsPerDay)
	switch id {
	case mysqltype.BigInt:
		return &plan.Const{Value: now.Unix(), T: bigint}
	case mysqltype.Date:
		return &plan.Const{Value: int32(day), T: dateType}
	case mysqltype.Time:
		return &plan.Const{Value: micros - day*microsPerDay, T: mysqltype.Type{ID: id, Scale: digits}}
	}
	return &plan.Const{Value: micros, T: mysqltype.Type{ID: id, Scale: digits}}
}
