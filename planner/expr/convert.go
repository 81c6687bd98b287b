package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// conversion is what became of a constant that was to take another type.
type conversion uint8

const (
	impossible conversion = iota // the value has no counterpart
	floored                      // the greatest value of the type below it
	exact                        // the same value
)

// convert gives c the type to. Numbers, dates and times that the type cannot
// hold exactly become the greatest value below, so that a caller may compare
// with that instead. loc is the session's zone.
func convert(c *plan.Const, to mysqltype.Type, loc *time.Location) (*plan.Const, conversion) {
	to.NotNull = false
	switch {
	case c.Value == nil:
		return plan.Null(to), exact
	case to.IsNumeric():
		return convertToNumber(c, to)
	case to.IsTemporal():
		return convertToTemporal(c, to, loc)
	case to.IsString() && to.ID != mysqltype.JSON && c.T.IsString() && c.T.ID != mysqltype.JSON:
		return &plan.Const{Value: c.Value, T: to}, exact
	}
	return nil, impossible
}

// number is coefficient / 10^scale.
type number struct {
	coefficient *big.Int
	scale       int
}

// exactNumber returns the value of a constant that is an exact number, or text
// that writes one.
func exactNumber(c *plan.Const) (number, bool) {
	switch v := c.Value.(type) {
	case bool:
		if v {
			return number{big.NewInt(1), 0}, true
		}
		return number{new(big.Int), 0}, true
	case int64:
		if c.T.IsNumeric() {
			return number{big.NewInt(v), int(c.T.Scale)}, true
		}
	case uint64:
		return number{new(big.Int).SetUint64(v), 0}, true
	case vec.Int128:
		return number{v.Big(), int(c.T.Scale)}, true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return number{big.NewInt(int64(v)), 0}, true
		}
	case string:
		if !c.T.IsBinary() {
			return parseNumber(v)
		}
	}
	return number{}, false
}

// parseNumber reads [-+]digits[.digits].
func parseNumber(s string) (number, bool) {
	body, negative := strings.CutPrefix(s, "-")
	if !negative {
		body = strings.TrimPrefix(s, "+")
	}
	whole, fraction, _ := strings.Cut(body, ".")
	digits := whole + fraction
	if digits == "" || len(digits) > 80 || leadingDigits(digits) != len(digits) {
		return number{}, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return number{}, false
	}
	if negative {
		n.Neg(n)
	}
	return number{n, len(fraction)}, true
}

// rescale returns n's coefficient at a scale, rounded down, and whether nothing
// was lost.
func (n number) rescale(scale int) (*big.Int, bool) {
	if scale >= n.scale {
		return new(big.Int).Mul(n.coefficient, vec.BigPow10(scale-n.scale)), true
	}
	q, m := new(big.Int).DivMod(n.coefficient, vec.BigPow10(n.scale-scale), new(big.Int))
	return q, m.Sign() == 0
}

// digitsOf returns how many decimal digits x has, at least 1.
func digitsOf(x *big.Int) int { return len(new(big.Int).Abs(x).String()) }

// decimal returns n as a DECIMAL constant of as many digits as it has.
func (n number) decimal() (*plan.Const, bool) {
	t := mysqltype.Type{ID: mysqltype.Decimal, Scale: uint8(min(n.scale, mysqltype.MaxScale))}
	coefficient, _ := n.rescale(int(t.Scale))
	t.Precision = uint8(max(digitsOf(coefficient), int(t.Scale), 1))
	return decimalConst(coefficient, t)
}

// decimalConst fails for coefficients of more than 38 digits.
func decimalConst(coefficient *big.Int, t mysqltype.Type) (*plan.Const, bool) {
	digits := digitsOf(coefficient)
	if digits > 38 {
		return nil, false
	}
	t.Precision = max(t.Precision, uint8(digits))
	if t.Kind() == vec.I64 {
		return &plan.Const{Value: coefficient.Int64(), T: t}, true
	}
	v, ok := vec.Int128FromBig(coefficient)
	return &plan.Const{Value: v, T: t}, ok
}

func convertToNumber(c *plan.Const, to mysqltype.Type) (*plan.Const, conversion) {
	if to.ID == mysqltype.Float || to.ID == mysqltype.Double {
		f, ok := toFloat(c)
		if !ok {
			return nil, impossible
		}
		return &plan.Const{Value: f, T: mysqltype.Type{ID: mysqltype.Double}}, exact
	}
	n, ok := exactNumber(c)
	if !ok {
		return nil, impossible
	}
	coefficient, same := n.rescale(int(to.Scale))
	how := floored
	if same {
		how = exact
	}
	switch to.Kind() {
	case vec.Bool:
		if same && coefficient.IsInt64() && (coefficient.Int64() == 0 || coefficient.Int64() == 1) {
			return &plan.Const{Value: coefficient.Int64() == 1, T: to}, exact
		}
	case vec.I64:
		if to.ID == mysqltype.Decimal {
			k, ok := decimalConst(coefficient, to)
			if ok && k.T.Kind() == vec.I64 {
				return k, how
			}
		} else if coefficient.IsInt64() {
			return &plan.Const{Value: coefficient.Int64(), T: integerOf(coefficient, to)}, how
		}
	case vec.U64:
		if coefficient.IsUint64() {
			return &plan.Const{Value: coefficient.Uint64(), T: integerOf(coefficient, to)}, how
		}
	case vec.I128:
		if k, ok := decimalConst(coefficient, to); ok {
			return k, how
		}
	default:
	}
	return nil, impossible
}

// integerOf is the type of a constant x that is compared with the integer type
// to: to itself if it holds x, else BIGINT, which is held the same way.
func integerOf(x *big.Int, to mysqltype.Type) mysqltype.Type {
	bits := map[mysqltype.ID]int{mysqltype.TinyInt: 8, mysqltype.SmallInt: 16, mysqltype.MediumInt: 24, mysqltype.Int: 32, mysqltype.BigInt: 64}[to.ID]
	if !to.Unsigned {
		bits--
	}
	if x.BitLen() <= bits {
		return to
	}
	return mysqltype.Type{ID: mysqltype.BigInt, Unsigned: to.Unsigned}
}

func toFloat(c *plan.Const) (float64, bool) {
	switch v := c.Value.(type) {
	case float64:
		return v, true
	case string:
		s := strings.TrimSpace(v)
		if c.T.IsBinary() || strings.Trim(s, "0123456789+-.eE") != "" {
			return 0, false
		}
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	n, ok := exactNumber(c)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.coefficient.String()+"e-"+strconv.Itoa(n.scale), 64)
	return f, err == nil
}

func convertToTemporal(c *plan.Const, to mysqltype.Type, loc *time.Location) (*plan.Const, conversion) {
	if to.ID == mysqltype.Time {
		return convertToTime(c, to)
	}
	micros, ok := civilValue(c, loc)
	if !ok {
		return nil, impossible
	}
	if to.ID == mysqltype.Date {
		day := floorDiv(micros, microsPerDay)
		return &plan.Const{Value: int32(day), T: to}, exactIf(day*microsPerDay == micros)
	}
	kept := truncateTo(micros, to.Scale)
	how := exactIf(kept == micros)
	if to.ID == mysqltype.Timestamp {
		kept = inZone(kept, loc)
	}
	return &plan.Const{Value: kept, T: to}, how
}

// civilValue returns a date and time constant as µs without zone.
func civilValue(c *plan.Const, loc *time.Location) (int64, bool) {
	switch v := c.Value.(type) {
	case int32:
		return int64(v) * microsPerDay, true
	case int64:
		switch c.T.ID {
		case mysqltype.DateTime:
			return v, true
		case mysqltype.Timestamp:
			return civil(time.UnixMicro(v).In(loc)), true
		case mysqltype.TinyInt, mysqltype.SmallInt, mysqltype.MediumInt, mysqltype.Int, mysqltype.BigInt:
			micros, _, ok := parseDateTime(strconv.FormatInt(v, 10))
			return micros, ok
		}
	case string:
		if !c.T.IsBinary() {
			micros, _, ok := parseDateTime(v)
			return micros, ok
		}
	}
	return 0, false
}

func convertToTime(c *plan.Const, to mysqltype.Type) (*plan.Const, conversion) {
	var micros int64
	switch v := c.Value.(type) {
	case int64:
		if c.T.ID != mysqltype.Time {
			return nil, impossible
		}
		micros = v
	case string:
		var ok bool
		if micros, _, ok = parseTime(v); !ok || c.T.IsBinary() {
			return nil, impossible
		}
	default:
		return nil, impossible
	}
	kept := truncateTo(micros, to.Scale)
	return &plan.Const{Value: kept, T: to}, exactIf(kept == micros)
}

func exactIf(b bool) conversion {
	if b {
		return exact
	}
	return floored
}
