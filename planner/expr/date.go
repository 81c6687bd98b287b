package expr

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func unitName(n *ast.TimeUnitExpr) string { return strings.ToLower(n.Unit.String()) }

// unitOf returns a unit's name, and whether it reaches below a day.
func unitOf(n ast.ExprNode) (name string, clock bool, err error) {
	u, ok := n.(*ast.TimeUnitExpr)
	if !ok {
		return "", false, mysqlerr.WrongArguments("date_add")
	}
	name = unitName(u)
	switch name {
	case "day", "week", "month", "quarter", "year", "year_month":
		return name, false, nil
	}
	return name, true, nil
}

// dateArithmetic binds value ± INTERVAL amount unit; nodes are the value, the
// amount and the unit.
func (b *Binder) dateArithmetic(op string, nodes []ast.ExprNode) (plan.Expr, error) {
	unit, clock, err := unitOf(nodes[2])
	if err != nil {
		return nil, err
	}
	args, err := b.bindAll(nodes[:2])
	if err != nil {
		return nil, err
	}
	value, err := b.moment(args[0])
	if err != nil {
		return nil, err
	}
	amount, digits, err := b.amount(args[1], unit)
	if err != nil {
		return nil, err
	}
	t := value.Type()
	t.NotNull = false // beyond the calendar's end it is NULL
	switch {
	case t.ID == mysqltype.Date && clock, t.ID == mysqltype.Time && !clock:
		t = mysqltype.Type{ID: mysqltype.DateTime, Scale: t.Scale}
		value = b.castTo(value, t)
	case t.ID == mysqltype.Timestamp:
		t = mysqltype.Type{ID: mysqltype.DateTime, Scale: t.Scale}
		value = b.castTo(value, t)
	}
	if t.ID != mysqltype.Date {
		t.Scale = max(t.Scale, digits)
	}
	return &plan.Call{Func: op, Args: []plan.Expr{value, amount, textConst(unit)}, T: t}, nil
}

// moment gives e as a date, a time or both. Text must be a constant: what other
// text holds is known only row by row, and so is the result's type.
func (b *Binder) moment(e plan.Expr) (plan.Expr, error) {
	t := e.Type()
	switch {
	case t.IsTemporal():
		return e, nil
	case t.ID == mysqltype.Null:
		return plan.Null(mysqltype.Type{ID: mysqltype.DateTime}), nil
	}
	c, ok := b.fold(e).(*plan.Const)
	if !ok || !t.IsString() && !t.IsInteger() {
		return nil, mysqlerr.Unsupported("date arithmetic on text or numbers; CAST them to DATE or DATETIME")
	}
	if s, ok := c.Value.(string); ok {
		if _, digits, ok := parseDateTime(s); ok {
			if k, how := convert(c, dateType, b.zone()); how == exact && !strings.ContainsAny(s, ": T") {
				return k, nil
			}
			k, _ := convert(c, mysqltype.Type{ID: mysqltype.DateTime, Scale: uint8(digits)}, b.zone())
			return k, nil
		}
		if _, digits, ok := parseTime(s); ok && strings.Contains(s, ":") {
			k, _ := convert(c, mysqltype.Type{ID: mysqltype.Time, Scale: uint8(digits)}, b.zone())
			return k, nil
		}
	} else if k, how := convert(c, dateType, b.zone()); how == exact {
		return k, nil
	}
	return nil, mysqlerr.IncorrectValue("DATETIME")
}

// amount gives the amount of an interval as its unit takes it: text for units of
// several parts, else BIGINT, for seconds also DECIMAL. digits is how many
// fractional digits the result has at least.
func (b *Binder) amount(e plan.Expr, unit string) (amount plan.Expr, digits uint8, err error) {
	if strings.Contains(unit, "_") {
		if strings.HasSuffix(unit, "microsecond") {
			digits = 6
		}
		return b.text(e), digits, nil
	}
	if unit == "microsecond" {
		digits = 6
	}
	if c, ok := e.(*plan.Const); ok && c.T.IsString() && c.Value != nil {
		if n, ok := exactNumber(c); ok {
			if d, ok := n.decimal(); ok {
				e = d
			}
		}
	}
	if unit == "second" {
		if t := e.Type(); t.ID == mysqltype.Decimal && t.Scale > 0 {
			return e, min(t.Scale, 6), nil
		}
		if t := e.Type(); t.ID == mysqltype.Double || t.IsString() {
			return b.castTo(e, mysqltype.Type{ID: mysqltype.Decimal, Precision: 24, Scale: 6}), 6, nil
		}
	}
	return b.castTo(e, bigint), digits, nil
}

// extract binds EXTRACT(unit FROM value).
func (b *Binder) extract(nodes []ast.ExprNode) (plan.Expr, error) {
	unit, clock, err := unitOf(nodes[0])
	if err != nil {
		return nil, err
	}
	e, err := b.Bind(nodes[1])
	if err != nil {
		return nil, err
	}
	if e, err = b.temporal(e, clock); err != nil {
		return nil, err
	}
	return &plan.Call{Func: plan.OpExtract, Args: []plan.Expr{textConst(unit), e}, T: bigint}, nil
}

// temporal gives e as a date or time; text that is not constant as DATETIME.
func (b *Binder) temporal(e plan.Expr, clock bool) (plan.Expr, error) {
	if _, ok := b.fold(e).(*plan.Const); ok || e.Type().IsTemporal() || e.Type().ID == mysqltype.Null {
		return b.moment(e)
	}
	if clock {
		return nil, mysqlerr.Unsupported("reading a time of day from text; CAST it to TIME or DATETIME")
	}
	return b.castTo(e, microsDay), nil
}

// timestampDiff binds TIMESTAMPDIFF(unit, a, b).
func (b *Binder) timestampDiff(nodes []ast.ExprNode) (plan.Expr, error) {
	unit, _, err := unitOf(nodes[0])
	if err != nil {
		return nil, err
	}
	args, err := b.bindAll(nodes[1:])
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		if args[i], err = b.temporal(a, false); err != nil {
			return nil, err
		}
	}
	return b.resolve("timestampdiff", append([]plan.Expr{textConst(unit)}, args...))
}
