package expr

import (
	"math"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var (
	bigint    = mysqltype.Type{ID: mysqltype.BigInt}
	ubigint   = mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}
	double    = mysqltype.Type{ID: mysqltype.Double}
	dateType  = mysqltype.Type{ID: mysqltype.Date}
	microsDay = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
)

func (b *Binder) literal(n *test_driver.ValueExpr) (plan.Expr, error) {
	switch n.Kind() {
	case test_driver.KindNull:
		return plan.Null(mysqltype.Type{}), nil
	case test_driver.KindInt64:
		if n.Type.GetFlag()&mysql.IsBooleanFlag != 0 {
			return &plan.Const{Value: n.GetInt64() != 0, T: plan.BoolType}, nil
		}
		return &plan.Const{Value: n.GetInt64(), T: bigint}, nil
	case test_driver.KindUint64:
		return &plan.Const{Value: n.GetUint64(), T: ubigint}, nil
	case test_driver.KindFloat32, test_driver.KindFloat64:
		return &plan.Const{Value: n.GetFloat64(), T: double}, nil
	case test_driver.KindMysqlDecimal:
		return decimalText(n.GetMysqlDecimal().String())
	case test_driver.KindString, test_driver.KindBytes:
		return text(n.GetString(), n.Type.GetCharset())
	case test_driver.KindBinaryLiteral:
		c := &plan.Const{Value: string(n.GetBytes()), T: mysqltype.Type{ID: mysqltype.VarBinary, Length: uint32(len(n.GetBytes())), Collation: mysqltype.BinaryCollation}}
		b.shared().literals[c] = true
		return c, nil
	}
	return nil, mysqlerr.Unsupported("this literal")
}

func text(s, charset string) (plan.Expr, error) {
	switch charset {
	case "", "utf8", "utf8mb3", "utf8mb4":
	case "binary":
		return &plan.Const{Value: s, T: mysqltype.Type{ID: mysqltype.VarBinary, Length: uint32(len(s)), Collation: mysqltype.BinaryCollation}}, nil
	default:
		return nil, mysqlerr.Unsupported("character set " + charset)
	}
	return textConst(s), nil
}

func textConst(s string) *plan.Const {
	return &plan.Const{Value: s, T: mysqltype.Type{ID: mysqltype.VarChar, Length: uint32(max(utf8.RuneCountInString(s), 1))}}
}

func decimalText(s string) (plan.Expr, error) {
	n, ok := parseNumber(s)
	if !ok {
		return nil, mysqlerr.OutOfRange("DECIMAL", "a literal")
	}
	c, ok := n.decimal()
	if !ok {
		return nil, mysqlerr.OutOfRange("DECIMAL", "a literal")
	}
	return c, nil
}

// argument gives the value of a ? marker.
func (b *Binder) argument(n *test_driver.ParamMarkerExpr) (plan.Expr, error) {
	if n.Order < 0 || n.Order >= len(b.Args) {
		return nil, mysqlerr.ExecuteArguments()
	}
	return Constant(b.Args[n.Order], b.zone())
}

// Constant returns an argument of a statement as a typed constant. loc is the
// session's zone, in which a time.Time is read.
func Constant(v any, loc *time.Location) (*plan.Const, error) {
	switch v := v.(type) {
	case nil:
		return plan.Null(mysqltype.Type{}), nil
	case bool:
		return &plan.Const{Value: v, T: plan.BoolType}, nil
	case int:
		return Constant(int64(v), loc)
	case int8:
		return Constant(int64(v), loc)
	case int16:
		return Constant(int64(v), loc)
	case int32:
		return Constant(int64(v), loc)
	case int64:
		return &plan.Const{Value: v, T: bigint}, nil
	case uint:
		return Constant(uint64(v), loc)
	case uint8:
		return Constant(int64(v), loc)
	case uint16:
		return Constant(int64(v), loc)
	case uint32:
		return Constant(int64(v), loc)
	case uint64:
		if v <= math.MaxInt64 {
			return Constant(int64(v), loc)
		}
		return &plan.Const{Value: v, T: ubigint}, nil
	case float32:
		return Constant(float64(v), loc)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, mysqlerr.OutOfRange("DOUBLE", "an argument")
		}
		return &plan.Const{Value: v, T: double}, nil
	case string:
		return textConst(v), nil
	case []byte:
		return textConst(string(v)), nil
	case Decimal:
		n, ok := parseNumber(string(v))
		if !ok {
			return nil, mysqlerr.OutOfRange("DECIMAL", "an argument")
		}
		c, ok := n.decimal()
		if !ok {
			return nil, mysqlerr.OutOfRange("DECIMAL", "an argument")
		}
		return c, nil
	case time.Time:
		return &plan.Const{Value: civil(v.In(loc)), T: microsDay}, nil
	}
	return nil, mysqlerr.Unsupported("an argument of this type")
}

// binaryNumber returns what a hexadecimal or bit literal is as a number.
func binaryNumber(c *plan.Const) (*plan.Const, error) {
	n := new(big.Int).SetBytes([]byte(c.Value.(string)))
	if !n.IsUint64() {
		return nil, mysqlerr.OutOfRange("BIGINT UNSIGNED", "a literal")
	}
	return &plan.Const{Value: n.Uint64(), T: ubigint}, nil
}

// temporalLiteral binds DATE '…', TIME '…' and TIMESTAMP '…'.
func temporalLiteral(id mysqltype.ID, args []ast.ExprNode) (plan.Expr, error) {
	v, ok := args[0].(*test_driver.ValueExpr)
	if !ok {
		return nil, mysqlerr.Unsupported("this literal")
	}
	if id == mysqltype.Time {
		micros, digits, ok := parseTime(v.GetString())
		if !ok {
			return nil, mysqlerr.IncorrectValue("TIME")
		}
		return &plan.Const{Value: micros, T: mysqltype.Type{ID: id, Scale: uint8(digits)}}, nil
	}
	micros, digits, ok := parseDateTime(v.GetString())
	switch {
	case !ok:
		return nil, mysqlerr.IncorrectValue(temporalName(mysqltype.Type{ID: id}))
	case id == mysqltype.Date:
		day := floorDiv(micros, microsPerDay)
		if day*microsPerDay != micros {
			return nil, mysqlerr.IncorrectValue("DATE")
		}
		return &plan.Const{Value: int32(day), T: dateType}, nil
	}
	return &plan.Const{Value: micros, T: mysqltype.Type{ID: mysqltype.DateTime, Scale: uint8(digits)}}, nil
}
