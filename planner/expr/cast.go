package expr

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// cast binds CAST, CONVERT(x, type) and BINARY x.
func (b *Binder) cast(n *ast.FuncCastExpr) (plan.Expr, error) {
	arg, err := b.Bind(n.Expr)
	if err != nil {
		return nil, err
	}
	if c, ok := arg.(*plan.Const); ok && b.shared().literals[c] && n.Tp.GetType() != mysql.TypeVarString && n.Tp.GetType() != mysql.TypeString {
		if arg, err = binaryNumber(c); err != nil {
			return nil, err
		}
	}
	t, err := castType(n.Tp, arg.Type())
	if err != nil {
		return nil, err
	}
	if arg.Type().ID == mysqltype.Bool {
		arg = b.castTo(arg, bigint)
	}
	if t.IsNumeric() {
		arg = wholeSeconds(Unrounded(arg), t)
	}
	return &plan.Cast{Arg: arg, T: t}, nil
}

// castType reads the target of a cast of a value of type from.
func castType(ft *types.FieldType, from mysqltype.Type) (mysqltype.Type, error) {
	if ft.IsArray() {
		return mysqltype.Type{}, mysqlerr.Unsupported("CAST … AS … ARRAY")
	}
	switch ft.GetType() {
	case mysql.TypeLonglong:
		return mysqltype.Type{ID: mysqltype.BigInt, Unsigned: ft.GetFlag()&mysql.UnsignedFlag != 0}, nil
	case mysql.TypeNewDecimal:
		return decimalCast(ft.GetFlen(), ft.GetDecimal())
	case mysql.TypeDouble:
		return double, nil
	case mysql.TypeFloat:
		return mysqltype.Type{ID: mysqltype.Float}, nil
	case mysql.TypeDate:
		return dateType, nil
	case mysql.TypeYear:
		return mysqltype.Type{ID: mysqltype.Year}, nil
	case mysql.TypeJSON:
		return mysqltype.Type{ID: mysqltype.JSON}, nil
	case mysql.TypeDatetime:
		return fractional(mysqltype.DateTime, ft.GetDecimal())
	case mysql.TypeDuration:
		return fractional(mysqltype.Time, ft.GetDecimal())
	case mysql.TypeVarString, mysql.TypeString:
		return textCast(ft, from)
	}
	return mysqltype.Type{}, mysqlerr.Unsupported("CAST to this type")
}

func decimalCast(precision, scale int) (mysqltype.Type, error) {
	if precision <= 0 {
		precision = 10
	}
	scale = max(scale, 0)
	if precision > mysqltype.MaxPrecision || scale > mysqltype.MaxScale || scale > precision {
		return mysqltype.Type{}, mysqlerr.OutOfRange("DECIMAL", "CAST: at most 65 digits, 30 of them after the point")
	}
	return mysqltype.Type{ID: mysqltype.Decimal, Precision: uint8(precision), Scale: uint8(scale)}, nil
}

func fractional(id mysqltype.ID, digits int) (mysqltype.Type, error) {
	if digits > 6 {
		return mysqltype.Type{}, mysqlerr.OutOfRange("fractional seconds", "a type: at most 6 digits")
	}
	return mysqltype.Type{ID: id, Scale: uint8(max(digits, 0))}, nil
}

func textCast(ft *types.FieldType, from mysqltype.Type) (mysqltype.Type, error) {
	t := mysqltype.Varchar(from)
	switch ft.GetCharset() {
	case "binary":
		t.ID, t.Collation = mysqltype.VarBinary, mysqltype.BinaryCollation
		if ft.GetType() == mysql.TypeString && ft.GetFlen() > 0 {
			t.ID = mysqltype.Binary
		}
	case "", "utf8", "utf8mb3", "utf8mb4":
		if t.IsBinary() {
			t.ID, t.Collation = mysqltype.VarChar, mysqltype.Binary0900
		}
	default:
		return t, mysqlerr.Unsupported("character set " + ft.GetCharset())
	}
	if t.ID == mysqltype.Text && ft.GetFlen() > 0 {
		t.ID = mysqltype.VarChar
	}
	if ft.GetFlen() >= 0 && ft.GetFlen() != types.UnspecifiedLength {
		t.Length = uint32(ft.GetFlen())
	}
	return t, nil
}

// collate binds x COLLATE name.
func (b *Binder) collate(n *ast.SetCollationExpr) (plan.Expr, error) {
	arg, err := b.Bind(n.Expr)
	if err != nil {
		return nil, err
	}
	c, ok := mysqltype.ParseCollation(n.Collate)
	if !ok {
		return nil, mysqlerr.UnknownCollation(n.Collate)
	}
	if b.Strict && c != mysqltype.Binary0900 {
		return nil, mysqlerr.Unsupported("COLLATE in a policy")
	}
	arg = b.text(arg)
	if arg.Type().IsBinary() && c != mysqltype.BinaryCollation {
		return nil, mysqlerr.MixedCollations(c.String(), "binary")
	}
	t := arg.Type()
	t.Collation, t.NotNull = c, false
	e := &plan.Cast{Arg: arg, T: t}
	b.shared().explicit[e] = true
	return e, nil
}
