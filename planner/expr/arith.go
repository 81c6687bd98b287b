package expr

import (
	"math"
	"math/big"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func (b *Binder) binary(n *ast.BinaryOperationExpr) (plan.Expr, error) {
	switch n.Op {
	case opcode.LogicAnd:
		return b.chain(plan.OpAnd, n)
	case opcode.LogicOr:
		return b.chain(plan.OpOr, n)
	case opcode.LogicXor:
		return b.chain(plan.OpXor, n)
	case opcode.EQ, opcode.NE, opcode.LT, opcode.LE, opcode.GT, opcode.GE, opcode.NullEQ:
		return b.comparison(n)
	}
	args, err := b.bindAll([]ast.ExprNode{n.L, n.R})
	if err != nil {
		return nil, err
	}
	switch n.Op {
	case opcode.Plus:
		return b.arithmetic(plan.OpAdd, args[0], args[1])
	case opcode.Minus:
		return b.arithmetic(plan.OpSub, args[0], args[1])
	case opcode.Mul:
		return b.arithmetic(plan.OpMul, args[0], args[1])
	case opcode.Div:
		return b.arithmetic(plan.OpDiv, args[0], args[1])
	case opcode.IntDiv:
		return b.arithmetic(plan.OpIntDiv, args[0], args[1])
	case opcode.Mod:
		return b.arithmetic(plan.OpMod, args[0], args[1])
	case opcode.And:
		return b.bits(plan.OpBitAnd, args...)
	case opcode.Or:
		return b.bits(plan.OpBitOr, args...)
	case opcode.Xor:
		return b.bits(plan.OpBitXor, args...)
	case opcode.LeftShift:
		return b.bits(plan.OpShl, args...)
	case opcode.RightShift:
		return b.bits(plan.OpShr, args...)
	}
	return nil, mysqlerr.Unsupported("operator " + n.Op.String())
}

// chain binds a run of one logical operator without recursion, however long.
func (b *Binder) chain(op string, n *ast.BinaryOperationExpr) (plan.Expr, error) {
	var nodes []ast.ExprNode // right to left
	var left ast.ExprNode = n
	for {
		x, ok := left.(*ast.BinaryOperationExpr)
		if !ok || x.Op != n.Op {
			break
		}
		nodes = append(nodes, x.R)
		left = x.L
	}
	nodes = append(nodes, left)
	args := make([]plan.Expr, len(nodes))
	for i := range nodes {
		e, err := b.Condition(nodes[len(nodes)-1-i])
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	if op != plan.OpXor {
		return &plan.Call{Func: op, Args: args, T: plan.BoolType}, nil
	}
	if len(args) > maxDepth {
		return nil, mysqlerr.TooComplex("an expression is nested too deeply")
	}
	e := args[0]
	for _, a := range args[1:] {
		e = &plan.Call{Func: op, Args: []plan.Expr{e, a}, T: plan.BoolType}
	}
	return e, nil
}

func (b *Binder) unary(n *ast.UnaryOperationExpr) (plan.Expr, error) {
	e, err := b.Bind(n.V)
	if err != nil {
		return nil, err
	}
	switch n.Op {
	case opcode.Plus:
		return e, nil
	case opcode.Not, opcode.Not2:
		e, err := b.truth(e)
		return negate(e, true), err
	case opcode.Minus:
		return b.negative(e)
	case opcode.BitNeg:
		return b.bits(plan.OpBitNot, e)
	}
	return nil, mysqlerr.Unsupported("operator " + n.Op.String())
}

func (b *Binder) negative(e plan.Expr) (plan.Expr, error) {
	e, err := b.number(e)
	if err != nil {
		return nil, err
	}
	if c, ok := e.(*plan.Const); ok {
		if m := negativeConst(c); m != nil {
			return m, nil
		}
	}
	t := e.Type()
	if t.Unsigned && t.IsInteger() {
		e = b.castTo(e, mysqltype.Type{ID: mysqltype.Decimal, Precision: 20})
		t = e.Type()
	} else {
		t = mysqltype.Neg(t)
		e = Unrounded(e)
	}
	return Rounded(&plan.Call{Func: plan.OpNeg, Args: []plan.Expr{e}, T: mysqltype.Neg(e.Type())}, t), nil
}

func negativeConst(c *plan.Const) *plan.Const {
	switch v := c.Value.(type) {
	case int64:
		if v != math.MinInt64 {
			return &plan.Const{Value: -v, T: c.T}
		}
	case uint64:
		if v <= 1<<63 {
			return &plan.Const{Value: -int64(v), T: bigint}
		}
		m, _ := decimalConst(new(big.Int).Neg(new(big.Int).SetUint64(v)), mysqltype.Type{ID: mysqltype.Decimal, Precision: 20})
		return m
	case float64:
		return &plan.Const{Value: -v, T: c.T}
	case vec.Int128:
		return &plan.Const{Value: v.Neg(), T: c.T}
	}
	return nil
}

// number gives e as a number: a truth value as BIGINT, text as DOUBLE, a date
// or time as the number that its digits write.
func (b *Binder) number(e plan.Expr) (plan.Expr, error) {
	t := e.Type()
	if t.ID == mysqltype.JSON {
		return nil, mysqlerr.Unsupported("a JSON value as a number; use CAST or ->>")
	}
	if c, ok := e.(*plan.Const); ok && b.shared().literals[c] {
		return binaryNumber(c)
	}
	if t.IsNumeric() && t.ID != mysqltype.Bool && t.ID != mysqltype.Year && t.ID != mysqltype.Float {
		return e, nil
	}
	if b.Strict && t.IsString() {
		return nil, mysqlerr.ImplicitConversion("text", "a number")
	}
	return b.castTo(e, mysqltype.Numeric(t)), nil
}

// decimalType is what e is as a DECIMAL: a constant has as many digits as it
// has, not as its type allows.
func decimalType(e plan.Expr) mysqltype.Type {
	if c, ok := e.(*plan.Const); ok && c.Value != nil && e.Type().IsInteger() {
		if n, ok := exactNumber(c); ok {
			return mysqltype.Type{ID: mysqltype.Decimal, Precision: uint8(digitsOf(n.coefficient))}
		}
	}
	return mysqltype.DecimalOf(e.Type())
}

func (b *Binder) arithmetic(op string, l, r plan.Expr) (plan.Expr, error) {
	l, err := b.number(l)
	if err != nil {
		return nil, err
	}
	if r, err = b.number(r); err != nil {
		return nil, err
	}
	lt, rt := l.Type(), r.Type()
	call := func(t mysqltype.Type) (plan.Expr, error) {
		return &plan.Call{Func: op, Args: []plan.Expr{l, r}, T: t}, nil
	}
	if lt.ID == mysqltype.Double || rt.ID == mysqltype.Double {
		l, r = b.castTo(l, double), b.castTo(r, double)
		if op == plan.OpIntDiv {
			return call(mysqltype.IntDiv(lt, rt))
		}
		return call(double)
	}
	if lt.IsInteger() && rt.IsInteger() {
		switch op {
		case plan.OpAdd, plan.OpSub:
			return call(mysqltype.Add(lt, rt))
		case plan.OpMul:
			return call(mysqltype.Mul(lt, rt))
		case plan.OpIntDiv:
			return call(mysqltype.IntDiv(lt, rt))
		case plan.OpMod:
			return call(mysqltype.Mod(lt, rt))
		}
	}
	shown := decimalResult(op, decimalType(l), decimalType(r))
	l, r = Unrounded(l), Unrounded(r)
	unsigned := mysqltype.IntDiv(lt, rt)
	lt, rt = decimalType(l), decimalType(r)
	l, r = b.castTo(l, lt), b.castTo(r, rt)
	switch op {
	case plan.OpDiv:
		return Rounded(&plan.Call{Func: op, Args: []plan.Expr{l, r}, T: mysqltype.Quotient(lt, rt)}, shown), nil
	case plan.OpIntDiv, plan.OpMod:
		l, r = b.castTo(l, scaled(lt, rt.Scale)), b.castTo(r, scaled(rt, lt.Scale))
	}
	if op == plan.OpIntDiv {
		return call(unsigned)
	}
	return Rounded(&plan.Call{Func: op, Args: []plan.Expr{l, r}, T: decimalResult(op, lt, rt)}, shown), nil
}

// decimalResult is the type of an operator on DECIMALs.
func decimalResult(op string, l, r mysqltype.Type) mysqltype.Type {
	switch op {
	case plan.OpMul:
		return mysqltype.Mul(l, r)
	case plan.OpDiv:
		return mysqltype.Div(l, r)
	case plan.OpMod:
		return mysqltype.Mod(l, r)
	}
	return mysqltype.Add(l, r)
}

// Rounded gives an expression that is computed with more digits after the point
// than its type t has the type t. MySQL rounds a quotient, and what is computed
// from one, only where it is compared or leaves the expression: operators that
// compute on take the digits back with [Unrounded].
func Rounded(e plan.Expr, t mysqltype.Type) plan.Expr {
	if e.Type().ID != mysqltype.Decimal || t.ID != mysqltype.Decimal || e.Type().Scale == t.Scale {
		return e
	}
	return &plan.Cast{Arg: e, T: t, Implicit: true}
}

// Unrounded is the argument of Rounded.
func Unrounded(e plan.Expr) plan.Expr {
	c, ok := e.(*plan.Cast)
	if !ok || !c.Implicit || c.T.ID != mysqltype.Decimal {
		return e
	}
	if t := c.Arg.Type(); t.ID != mysqltype.Decimal || t.Scale <= c.T.Scale {
		return e
	}
	return c.Arg
}

// unroundedType is what merges to the DECIMAL t when the values are not rounded.
func unroundedType(t mysqltype.Type, es ...plan.Expr) mysqltype.Type {
	if t.ID != mysqltype.Decimal {
		return t
	}
	for _, e := range es {
		if u := Unrounded(e); u != e {
			t = scaled(t, u.Type().Scale)
		}
	}
	return t
}

// scaled returns the DECIMAL t with at least scale digits after the point.
func scaled(t mysqltype.Type, scale uint8) mysqltype.Type {
	if scale > t.Scale {
		t.Precision = min(t.Precision+scale-t.Scale, mysqltype.MaxPrecision)
		t.Scale = scale
	}
	return t
}

// wide is e as it becomes a value of t: unrounded in a DECIMAL.
func wide(e plan.Expr, t mysqltype.Type) plan.Expr {
	if t.ID == mysqltype.Decimal {
		return Unrounded(e)
	}
	return e
}

// wholeSeconds rounds a moment before its digits become an integer, so that
// 23:59:59.9 is the next day's midnight and not second 60.
func wholeSeconds(e plan.Expr, t mysqltype.Type) plan.Expr {
	from := e.Type()
	if !from.IsTemporal() || from.Scale == 0 || !t.IsInteger() {
		return e
	}
	return &plan.Cast{Arg: e, T: mysqltype.Type{ID: from.ID}, Implicit: true}
}

// bits applies a bit operator, which computes in BIGINT UNSIGNED.
func (b *Binder) bits(op string, args ...plan.Expr) (plan.Expr, error) {
	for i, a := range args {
		c, isConst := a.(*plan.Const)
		if a.Type().IsBinary() && !(isConst && b.shared().literals[c]) {
			return nil, mysqlerr.Unsupported("bit operators on binary strings")
		}
		a, err := b.number(a)
		if err != nil {
			return nil, err
		}
		args[i] = b.castTo(a, ubigint)
	}
	return &plan.Call{Func: op, Args: args, T: ubigint}, nil
}

// truth gives e as a condition: a number as e <> 0, text as the number it
// starts with.
func (b *Binder) truth(e plan.Expr) (plan.Expr, error) {
	e = Unrounded(e)
	t := e.Type()
	switch {
	case t.ID == mysqltype.Bool:
		return e, nil
	case t.ID == mysqltype.Null:
		return b.castTo(e, plan.BoolType), nil
	}
	e, err := b.number(e)
	if err != nil {
		return nil, err
	}
	if c, ok := e.(*plan.Const); ok && c.Value != nil {
		if f, ok := toFloat(c); ok {
			return &plan.Const{Value: f != 0, T: plan.BoolType}, nil
		}
	}
	zero, _ := convert(&plan.Const{Value: int64(0), T: bigint}, e.Type(), b.zone())
	return plan.Compare(plan.OpNe, e, zero), nil
}

// castTo makes e's type t: nothing to do if it is held the same way, a
// converted constant if nothing is lost, else an implicit cast.
func (b *Binder) castTo(e plan.Expr, t mysqltype.Type) plan.Expr {
	t.NotNull = false
	if heldAlike(e.Type(), t) {
		return e
	}
	if t.IsNumeric() && t.ID != mysqltype.Decimal {
		e = Unrounded(e)
	}
	e = wholeSeconds(e, t)
	if c, ok := e.(*plan.Const); ok {
		if k, how := convert(c, t, b.zone()); how == exact && k.T.Kind() == t.Kind() {
			if k.T.ID != mysqltype.Decimal || k.T.Precision <= t.Precision {
				k.T = t
			}
			return k
		}
	}
	return &plan.Cast{Arg: e, T: t, Implicit: true}
}

// heldAlike reports whether values of type from are held as values of type to
// are, so that no cast is needed.
func heldAlike(from, to mysqltype.Type) bool {
	switch {
	case from.ID == mysqltype.Null || to.ID == mysqltype.Null:
		return from.ID == to.ID
	case !mysqltype.Comparable(from, to):
		return false
	case to.ID == mysqltype.Decimal:
		return from.Precision <= to.Precision
	case to.IsString():
		return from.Collation == to.Collation && from.IsBinary() == to.IsBinary()
	}
	return true
}
