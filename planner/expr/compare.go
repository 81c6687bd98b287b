package expr

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// comparisonOp returns the plan's name of a comparison operator.
func comparisonOp(op opcode.Op) (string, bool) {
	switch op {
	case opcode.EQ:
		return plan.OpEq, true
	case opcode.NE:
		return plan.OpNe, true
	case opcode.LT:
		return plan.OpLt, true
	case opcode.LE:
		return plan.OpLe, true
	case opcode.GT:
		return plan.OpGt, true
	case opcode.GE:
		return plan.OpGe, true
	case opcode.NullEQ:
		return plan.OpNullEq, true
	}
	return "", false
}

// flipped is the operator that gives the same with its sides exchanged.
func flipped(op string) string {
	switch op {
	case plan.OpLt:
		return plan.OpGt
	case plan.OpLe:
		return plan.OpGe
	case plan.OpGt:
		return plan.OpLt
	case plan.OpGe:
		return plan.OpLe
	}
	return op
}

func (b *Binder) comparison(n *ast.BinaryOperationExpr) (plan.Expr, error) {
	op, _ := comparisonOp(n.Op)
	lrow, lok := row(n.L)
	rrow, rok := row(n.R)
	if lok || rok {
		if len(lrow) != len(rrow) {
			if _, ok := unwrap(n.R).(*ast.SubqueryExpr); ok && lok {
				return nil, mysqlerr.Unsupported("comparing a row with a subquery")
			}
			return nil, mysqlerr.OperandColumns(max(len(lrow), 1))
		}
		return b.compareRows(op, lrow, rrow)
	}
	l, err := b.Bind(n.L)
	if err != nil {
		return nil, err
	}
	r, err := b.Bind(n.R)
	if err != nil {
		return nil, err
	}
	return b.compare(op, l, r)
}

// unwrap takes parentheses off.
func unwrap(n ast.ExprNode) ast.ExprNode {
	for {
		p, ok := n.(*ast.ParenthesesExpr)
		if !ok {
			return n
		}
		n = p.Expr
	}
}

func row(n ast.ExprNode) ([]ast.ExprNode, bool) {
	r, ok := unwrap(n).(*ast.RowExpr)
	if !ok {
		return nil, false
	}
	return r.Values, true
}

// compareRows compares element by element, the first ones first.
func (b *Binder) compareRows(op string, l, r []ast.ExprNode) (plan.Expr, error) {
	if len(l) > maxDepth {
		return nil, mysqlerr.TooComplex("a row has too many elements")
	}
	element := func(op string, i int) (plan.Expr, error) {
		if lrow, ok := row(l[i]); ok {
			rrow, _ := row(r[i])
			if len(lrow) != len(rrow) {
				return nil, mysqlerr.OperandColumns(len(lrow))
			}
			return b.compareRows(op, lrow, rrow)
		}
		x, err := b.bindAll([]ast.ExprNode{l[i], r[i]})
		if err != nil {
			return nil, err
		}
		return b.compare(op, x[0], x[1])
	}
	switch op {
	case plan.OpEq, plan.OpNullEq, plan.OpNe:
		var parts []plan.Expr
		for i := range l {
			e, err := element(op, i)
			if err != nil {
				return nil, err
			}
			parts = append(parts, e)
		}
		join := plan.OpAnd
		if op == plan.OpNe {
			join = plan.OpOr
		}
		return logic(join, parts), nil
	}
	// (a, b) < (c, d) is a < c OR a = c AND b < d.
	strict := plan.OpLt
	if op == plan.OpGt || op == plan.OpGe {
		strict = plan.OpGt
	}
	last := len(l) - 1
	e, err := element(op, last)
	for i := last - 1; i >= 0 && err == nil; i-- {
		var less, same plan.Expr
		if less, err = element(strict, i); err != nil {
			break
		}
		if same, err = element(plan.OpEq, i); err != nil {
			break
		}
		e = logic(plan.OpOr, []plan.Expr{less, logic(plan.OpAnd, []plan.Expr{same, e})})
	}
	return e, err
}

// logic joins conditions with AND or OR.
func logic(op string, es []plan.Expr) plan.Expr {
	if len(es) == 1 {
		return es[0]
	}
	return &plan.Call{Func: op, Args: es, T: plan.BoolType}
}

// compare binds l op r: both sides get one type. A constant takes the type of
// the other side if that loses nothing, so that a column stays without a cast.
func (b *Binder) compare(op string, l, r plan.Expr) (plan.Expr, error) {
	if err := b.comparable(l, r); err != nil {
		return nil, err
	}
	l, r = b.fold(l), b.fold(r)
	lc, lok := l.(*plan.Const)
	rc, rok := r.(*plan.Const)
	switch {
	case rok && !lok:
		if e, err := b.compareConst(op, l, rc); e != nil || err != nil {
			return e, err
		}
	case lok && !rok:
		if e, err := b.compareConst(flipped(op), r, lc); e != nil || err != nil {
			return e, err
		}
	}
	l, r, err := b.commonType(l, r)
	if err != nil {
		return nil, err
	}
	return plan.Compare(op, l, r), nil
}

// comparable refuses what must not be compared.
func (b *Binder) comparable(l, r plan.Expr) error {
	for _, p := range [][2]plan.Expr{{l, r}, {r, l}} {
		ref, ok := p[0].(*plan.ColumnRef)
		if !ok || b.HashMasked == nil {
			continue
		}
		other := p[1].Type()
		if policy, ok := b.HashMasked(ref.ID); ok && !other.IsString() && other.ID != mysqltype.Null {
			return mysqlerr.HashComparison(ref.Name, policy)
		}
	}
	lt, rt := l.Type(), r.Type()
	if b.Strict && (lt.IsString() && rt.IsNumeric() || lt.IsNumeric() && rt.IsString()) {
		return mysqlerr.ImplicitConversion("text", "a number")
	}
	return nil
}

// fold evaluates an expression of constants, if the binder can.
func (b *Binder) fold(e plan.Expr) plan.Expr {
	if _, ok := e.(*plan.Const); ok || b.Fold == nil || !b.constant(e) {
		return e
	}
	c, err := b.Fold(e)
	if err != nil || c == nil {
		return e
	}
	if b.shared().explicit[e] {
		b.shared().explicit[c] = true
	}
	return c
}

// constant reports whether e is computed from constants alone.
func (b *Binder) constant(e plan.Expr) bool {
	ok := true
	plan.WalkExpr(e, func(x plan.Expr) bool {
		switch x := x.(type) {
		case *plan.ColumnRef, *plan.Param, *plan.Subquery, *plan.HashMask:
			ok = false
		case *plan.Call:
			ok = ok && b.deterministic(x.Func)
		case *plan.Const, *plan.Cast, *plan.Case, *plan.InList:
		}
		return ok
	})
	return ok
}

// compareConst binds e op c with c in e's type. It gives nil where the two
// must meet in a third type.
func (b *Binder) compareConst(op string, e plan.Expr, c *plan.Const) (plan.Expr, error) {
	t := e.Type()
	if b.shared().literals[c] && t.IsNumeric() {
		n, err := binaryNumber(c)
		if err != nil {
			return nil, err
		}
		c = n
	}
	if t.ID == mysqltype.Null || t.ID == mysqltype.JSON || t.IsString() && c.Value != nil {
		return nil, nil // collations are commonType's; numbers meet text in DOUBLE
	}
	k, how := convert(c, t, b.zone())
	if how == exact {
		return plan.Compare(op, e, k), nil
	}
	if how == floored {
		// k < c < k's successor, so e > c is e > k and e >= c is, too.
		switch op {
		case plan.OpGt, plan.OpGe:
			return plan.Compare(plan.OpGt, e, k), nil
		case plan.OpLt, plan.OpLe:
			return plan.Compare(plan.OpLe, e, k), nil
		}
		return nil, nil
	}
	if t.IsTemporal() && c.T.IsString() && !c.T.IsBinary() {
		return nil, mysqlerr.IncorrectValue(temporalName(t))
	}
	return nil, nil
}

func temporalName(t mysqltype.Type) string {
	switch t.ID {
	case mysqltype.Date:
		return "DATE"
	case mysqltype.Time:
		return "TIME"
	}
	return "DATETIME"
}

// commonType casts both sides of a comparison to the type they meet in.
func (b *Binder) commonType(l, r plan.Expr) (plan.Expr, plan.Expr, error) {
	lt, rt := l.Type(), r.Type()
	t, ok := mysqltype.Compare(lt, rt)
	if !ok {
		return nil, nil, mysqlerr.Unsupported("comparing JSON values; use CAST or ->>")
	}
	if lt.IsString() && rt.IsString() {
		c, err := b.collation(l, r)
		if err != nil {
			return nil, nil, err
		}
		return withCollation(l, c), withCollation(r, c), nil
	}
	if b.Strict && lt.IsTemporal() != rt.IsTemporal() && lt.ID != mysqltype.Null && rt.ID != mysqltype.Null {
		return nil, nil, mysqlerr.ImplicitConversion("a date or time", "something else")
	}
	if mysqltype.Comparable(lt, rt) {
		return l, r, nil
	}
	return b.castTo(l, t), b.castTo(r, t), nil
}

// collation is what strings are compared by: of an explicit COLLATE, else of
// what is not a constant, else the constants'; binary wins among equals.
func (b *Binder) collation(es ...plan.Expr) (mysqltype.Collation, error) {
	strength := func(e plan.Expr) int {
		_, isConst := e.(*plan.Const)
		switch {
		case b.shared().explicit[e]:
			return 3
		case e.Type().IsBinary():
			return 2
		case !isConst && e.Type().IsString():
			return 1
		}
		return 0
	}
	var found mysqltype.Collation
	best := -1
	for _, e := range es {
		c := e.Type().Collation
		if e.Type().IsBinary() {
			c = mysqltype.BinaryCollation
		}
		switch s := strength(e); {
		case s > best:
			found, best = c, s
		case s == best && c != found:
			if s != 1 || c != mysqltype.Binary0900 && found != mysqltype.Binary0900 {
				return 0, mysqlerr.MixedCollations(found.String(), c.String())
			}
			found = mysqltype.Binary0900
		}
	}
	return found, nil
}

func withCollation(e plan.Expr, c mysqltype.Collation) plan.Expr {
	t := e.Type()
	if !t.IsString() || t.Collation == c || t.IsBinary() {
		return e
	}
	t.Collation, t.NotNull = c, false
	if k, ok := e.(*plan.Const); ok {
		return &plan.Const{Value: k.Value, T: t}
	}
	return &plan.Cast{Arg: e, T: t, Implicit: true}
}

func (b *Binder) between(n *ast.BetweenExpr) (plan.Expr, error) {
	if _, ok := row(n.Expr); ok {
		return nil, mysqlerr.OperandColumns(1)
	}
	args, err := b.bindAll([]ast.ExprNode{n.Expr, n.Left, n.Right})
	if err != nil {
		return nil, err
	}
	again, err := b.repeat(args[0], n.Expr)
	if err != nil {
		return nil, err
	}
	again = Unrounded(again) // = and < round quotients before they compare, BETWEEN and IN do not
	for i, a := range args {
		args[i] = Unrounded(a)
	}
	low, err := b.compare(plan.OpGe, args[0], args[1])
	if err != nil {
		return nil, err
	}
	high, err := b.compare(plan.OpLe, again, args[2])
	if err != nil {
		return nil, err
	}
	return negate(logic(plan.OpAnd, []plan.Expr{low, high}), n.Not), nil
}
