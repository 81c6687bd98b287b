package expr

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func (b *Binder) isNull(n *ast.IsNullExpr) (plan.Expr, error) {
	e, err := b.Bind(n.Expr)
	if err != nil {
		return nil, err
	}
	return negate(&plan.Call{Func: plan.OpIsNull, Args: []plan.Expr{e}, T: plan.BoolType}, n.Not), nil
}

func (b *Binder) isTruth(n *ast.IsTruthExpr) (plan.Expr, error) {
	e, err := b.Condition(n.Expr)
	if err != nil {
		return nil, err
	}
	e = negate(e, n.True == 0)
	return negate(&plan.Call{Func: plan.OpIsTrue, Args: []plan.Expr{e}, T: plan.BoolType}, n.Not), nil
}

// in binds a list of IN. Constants that take the type of the left side exactly
// make one InList; the others are compared one by one.
func (b *Binder) in(n *ast.PatternInExpr) (plan.Expr, error) {
	if n.Sel != nil {
		return b.inSubquery(n)
	}
	if left, ok := row(n.Expr); ok {
		return b.inRows(left, n)
	}
	arg, err := b.Bind(n.Expr)
	if err != nil {
		return nil, err
	}
	if len(n.List) > 1 { // of one, it is =
		arg = Unrounded(arg)
	}
	list := &plan.InList{Arg: arg}
	var parts []plan.Expr
	uses := 0
	for _, item := range n.List {
		if _, ok := row(item); ok {
			return nil, mysqlerr.OperandColumns(1)
		}
		e, err := b.Bind(item)
		if err != nil {
			return nil, err
		}
		if err := b.comparable(arg, e); err != nil {
			return nil, err
		}
		if c := b.listConst(arg, b.fold(e)); c != nil {
			list.List = append(list.List, c)
			continue
		}
		left := arg
		if uses++; uses > 1 {
			if left, err = b.repeat(arg, n.Expr); err != nil {
				return nil, err
			}
			if len(n.List) > 1 {
				left = Unrounded(left)
			}
		}
		if e, err = b.compare(plan.OpEq, left, e); err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	if len(list.List) == 0 {
		return negate(logic(plan.OpOr, parts), n.Not), nil
	}
	if len(parts) == 0 {
		list.Negate = n.Not
		return list, nil
	}
	if list.Arg, err = b.repeat(arg, n.Expr); err != nil {
		return nil, err
	}
	if len(n.List) > 1 {
		list.Arg = Unrounded(list.Arg)
	}
	return negate(logic(plan.OpOr, append([]plan.Expr{list}, parts...)), n.Not), nil
}

// listConst returns e as a constant of arg's type, or nil.
func (b *Binder) listConst(arg, e plan.Expr) *plan.Const {
	c, ok := e.(*plan.Const)
	t := arg.Type()
	if !ok || t.ID == mysqltype.Null || t.ID == mysqltype.JSON || b.shared().literals[c] {
		return nil
	}
	if t.IsString() && c.Value != nil {
		if !c.T.IsString() || c.T.IsBinary() != t.IsBinary() || b.shared().explicit[e] {
			return nil
		}
	}
	t.NotNull, t.Length = false, 0
	k, how := convert(c, t, b.zone())
	if how != exact || k.T.Kind() != t.Kind() {
		return nil
	}
	return k
}

// inRows binds (a, b) IN ((1, 2), …) to an OR of equalities.
func (b *Binder) inRows(left []ast.ExprNode, n *ast.PatternInExpr) (plan.Expr, error) {
	var parts []plan.Expr
	for _, item := range n.List {
		right, _ := row(item)
		if len(right) != len(left) {
			return nil, mysqlerr.OperandColumns(len(left))
		}
		e, err := b.compareRows(plan.OpEq, left, right)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	return negate(logic(plan.OpOr, parts), n.Not), nil
}

func (b *Binder) inSubquery(n *ast.PatternInExpr) (plan.Expr, error) {
	left, err := b.rowOrScalar(n.Expr)
	if err != nil {
		return nil, err
	}
	e, err := b.subquery(plan.InSubquery, left, "", n.Sel)
	return negate(e, n.Not), err
}

func (b *Binder) rowOrScalar(n ast.ExprNode) ([]plan.Expr, error) {
	if r, ok := row(n); ok {
		return b.bindAll(r)
	}
	return b.bindAll([]ast.ExprNode{n})
}

// compareSubquery binds x op ANY|ALL (query); = ANY is IN, <> ALL is NOT IN.
func (b *Binder) compareSubquery(n *ast.CompareSubqueryExpr) (plan.Expr, error) {
	op, ok := comparisonOp(n.Op)
	if !ok || op == plan.OpNullEq {
		return nil, mysqlerr.Unsupported("this operator with ANY or ALL")
	}
	left, err := b.rowOrScalar(n.L)
	if err != nil {
		return nil, err
	}
	if len(left) != 1 && op != plan.OpEq && op != plan.OpNe {
		return nil, mysqlerr.OperandColumns(1)
	}
	switch {
	case op == plan.OpEq && !n.All:
		return b.subquery(plan.InSubquery, left, "", n.R)
	case op == plan.OpNe && n.All:
		e, err := b.subquery(plan.InSubquery, left, "", n.R)
		return negate(e, true), err
	case len(left) != 1:
		return nil, mysqlerr.OperandColumns(1)
	case n.All:
		return b.subquery(plan.AllSubquery, left, op, n.R)
	}
	return b.subquery(plan.AnySubquery, left, op, n.R)
}

// Coerce casts both sides of comparisons between two lists of expressions, as
// IN with a subquery compares them. A side that keeps its type keeps its
// expression.
func (b *Binder) Coerce(left, right []plan.Expr) error {
	for i := range left {
		if err := b.comparable(left[i], right[i]); err != nil {
			return err
		}
		l, r, err := b.commonType(left[i], right[i])
		if err != nil {
			return err
		}
		left[i], right[i] = l, r
	}
	return nil
}

// Cast makes e's type t by an implicit cast, if it needs one.
func (b *Binder) Cast(e plan.Expr, t mysqltype.Type) plan.Expr { return b.castTo(e, t) }

func (b *Binder) like(n *ast.PatternLikeOrIlikeExpr) (plan.Expr, error) {
	if !n.IsLike {
		return nil, mysqlerr.Unsupported("ILIKE")
	}
	args, err := b.texts("LIKE", n.Expr, n.Pattern)
	if err != nil {
		return nil, err
	}
	escape := textConst("\\")
	if n.EscapeExplicit {
		escape = textConst("")
		if n.Escape != 0 {
			escape = textConst(string(rune(n.Escape)))
		}
	}
	return negate(&plan.Call{Func: plan.OpLike, Args: append(args, escape), T: plan.BoolType}, n.Not), nil
}

func (b *Binder) regexp(n *ast.PatternRegexpExpr) (plan.Expr, error) {
	args, err := b.texts("REGEXP", n.Expr, n.Pattern)
	if err != nil {
		return nil, err
	}
	return negate(&plan.Call{Func: plan.OpRegexp, Args: args, T: plan.BoolType}, n.Not), nil
}

// texts binds the operands of a text operator: as text, of one collation.
func (b *Binder) texts(operator string, nodes ...ast.ExprNode) ([]plan.Expr, error) {
	args, err := b.bindAll(nodes)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		if b.Strict && !a.Type().IsString() && a.Type().ID != mysqltype.Null {
			return nil, mysqlerr.ImplicitConversion("an operand of "+operator, "text")
		}
		args[i] = b.text(a)
	}
	c, err := b.collation(args...)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		args[i] = withCollation(a, c)
	}
	return args, nil
}

// text gives e as text.
func (b *Binder) text(e plan.Expr) plan.Expr {
	if e.Type().IsString() && e.Type().ID != mysqltype.JSON {
		return e
	}
	if e.Type().ID == mysqltype.Bool {
		e = b.castTo(e, bigint)
	}
	return b.castTo(e, mysqltype.Varchar(e.Type()))
}

func (b *Binder) caseWhen(n *ast.CaseExpr) (plan.Expr, error) {
	var value plan.Expr
	var err error
	if n.Value != nil {
		if value, err = b.Bind(n.Value); err != nil {
			return nil, err
		}
	}
	c := &plan.Case{}
	for i, w := range n.WhenClauses {
		var cond plan.Expr
		if value == nil {
			cond, err = b.Condition(w.Expr)
		} else {
			cond, err = b.caseEquals(value, n.Value, w.Expr, i > 0)
		}
		if err != nil {
			return nil, err
		}
		then, err := b.Bind(w.Result)
		if err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, plan.When{Cond: cond, Then: then})
	}
	if n.ElseClause != nil {
		if c.Else, err = b.Bind(n.ElseClause); err != nil {
			return nil, err
		}
	}
	return b.mergeCase(c), nil
}

func (b *Binder) caseEquals(value plan.Expr, node, when ast.ExprNode, again bool) (plan.Expr, error) {
	var err error
	if again {
		if value, err = b.repeat(value, node); err != nil {
			return nil, err
		}
	}
	e, err := b.Bind(when)
	if err != nil {
		return nil, err
	}
	return b.compare(plan.OpEq, value, e)
}

// mergeCase gives all results of c the type they merge to.
func (b *Binder) mergeCase(c *plan.Case) plan.Expr {
	var results []plan.Expr
	for _, w := range c.Whens {
		results = append(results, w.Then)
	}
	if c.Else != nil {
		results = append(results, c.Else)
	}
	t := b.MergeTypes(results...)
	if c.Else == nil {
		t.NotNull = false
	}
	c.T = unroundedType(t, results...)
	for i := range c.Whens {
		c.Whens[i].Then = b.castTo(wide(c.Whens[i].Then, c.T), c.T)
	}
	if c.Else != nil {
		c.Else = b.castTo(wide(c.Else, c.T), c.T)
	}
	return Rounded(c, t)
}

// MergeTypes returns the type that es merge to. An integer constant among
// decimals counts with the digits that it has.
func (b *Binder) MergeTypes(es ...plan.Expr) mysqltype.Type {
	t := es[0].Type()
	decimals := false
	for _, e := range es {
		decimals = decimals || e.Type().ID == mysqltype.Decimal
	}
	for i, e := range es {
		et := e.Type()
		if _, ok := e.(*plan.Const); ok && decimals && et.IsInteger() {
			et = decimalType(e)
		}
		if i == 0 {
			t = et
			continue
		}
		t = mysqltype.Merge(t, et)
	}
	return t
}
