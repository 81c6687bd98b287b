package naive

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// number returns a numeric value exactly.
func number(v any, t mysqltype.Type) *big.Rat {
	scale := new(big.Int).SetInt64(1)
	if t.ID == mysqltype.Decimal {
		scale.Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)
	}
	switch x := v.(type) {
	case bool:
		if x {
			return big.NewRat(1, 1)
		}
		return new(big.Rat)
	case int32:
		return big.NewRat(int64(x), 1)
	case int64:
		return new(big.Rat).SetFrac(big.NewInt(x), scale)
	case uint64:
		return new(big.Rat).SetInt(new(big.Int).SetUint64(x))
	case vec.Int128:
		return new(big.Rat).SetFrac(x.Big(), scale)
	case float64:
		r := new(big.Rat)
		r.SetFloat64(x)
		return r
	}
	return new(big.Rat)
}

// cutOff drops what x has beyond t's scale, as quotients do.
func cutOff(x *big.Rat, t mysqltype.Type) *big.Rat {
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil))
	scaled := new(big.Rat).Mul(x, unit)
	return scaled.Quo(new(big.Rat).SetInt(new(big.Int).Quo(scaled.Num(), scaled.Denom())), unit)
}

// toType rounds half away from zero to t's scale and represents x as t is.
func toType(x *big.Rat, t mysqltype.Type) (any, error) {
	if t.ID == mysqltype.Double || t.ID == mysqltype.Float {
		f, _ := x.Float64()
		return f, nil
	}
	scaled := new(big.Rat).Set(x)
	if t.ID == mysqltype.Decimal {
		scaled.Mul(x, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)))
	}
	half := big.NewRat(1, 2)
	if scaled.Sign() < 0 {
		half.Neg(half)
	}
	scaled.Add(scaled, half)
	n := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	switch t.Kind() {
	case vec.I64:
		if n.IsInt64() {
			return n.Int64(), nil
		}
	case vec.U64:
		if n.IsUint64() {
			return n.Uint64(), nil
		}
	case vec.I128:
		if i, ok := vec.Int128FromBig(n); ok {
			return i, nil
		}
	case vec.Bool:
		return n.Sign() != 0, nil
	default:
		return nil, fmt.Errorf("naive: number as %v", t)
	}
	return nil, mysqlerr.OutOfRange(strings.ToUpper(t.String()), "expression")
}

// compare gives "a op b" in three values.
func compare(op string, a, b any, t mysqltype.Type) any {
	if op == plan.OpNullEq {
		if a == nil || b == nil {
			return a == nil && b == nil
		}
		return order(a, b, t) == 0
	}
	if a == nil || b == nil {
		return nil
	}
	c := order(a, b, t)
	switch op {
	case plan.OpEq:
		return c == 0
	case plan.OpNe:
		return c != 0
	case plan.OpLt:
		return c < 0
	case plan.OpLe:
		return c <= 0
	case plan.OpGt:
		return c > 0
	}
	return c >= 0
}

// order compares two values of one type, NULL first.
func order(a, b any, t mysqltype.Type) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case bool:
		return number(a, t).Cmp(number(b, t))
	case int32:
		return cmp.Compare(x, b.(int32))
	case int64:
		return cmp.Compare(x, b.(int64))
	case uint64:
		return cmp.Compare(x, b.(uint64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case vec.Int128:
		return x.Cmp(b.(vec.Int128))
	case string:
		return cmp.Compare(collate(x, t), collate(b.(string), t))
	}
	return 0
}

// collate is only about case: enough for tests.
func collate(s string, t mysqltype.Type) string {
	switch t.Collation {
	case mysqltype.AI0900, mysqltype.AS0900, mysqltype.GeneralCI:
		return strings.ToLower(s)
	}
	return s
}

// groupKey is the same for values that are equal.
func groupKey(v any, t mysqltype.Type) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "s" + collate(x, t)
	case float64:
		if x == 0 {
			x = 0
		}
		return fmt.Sprint(math.Float64bits(x))
	}
	return fmt.Sprintf("%v", v)
}

// text returns a value as MySQL converts it to a string.
func text(v any, t mysqltype.Type) string {
	switch x := v.(type) {
	case bool:
		return number(x, t).RatString()
	case string:
		return x
	}
	if t.ID == mysqltype.Decimal {
		return number(v, t).FloatString(int(t.Scale))
	}
	return fmt.Sprint(v)
}
