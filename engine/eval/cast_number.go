package eval

import (
	"math"
	"strconv"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// number is a value on its way from one numeric type to another: an exact
// decimal of a scale.
type number struct {
	x     vec.Int128
	scale int
}

// exact returns the function that reads row i of the argument, of a type that
// is no float, string or JSON, as an exact number; nil for other types.
func exact(f *frame, from mysqltype.Type, env *Env) func(i int) number {
	switch {
	case from.ID == mysqltype.Bool:
		a := f.bools(0)
		return func(i int) number {
			if a.At(i) {
				return number{x: vec.Int128From(1)}
			}
			return number{}
		}
	case from.IsInteger():
		a := f.integer(0)
		return func(i int) number { return number{x: a.at(i)} }
	case from.ID == mysqltype.Decimal:
		a, s := f.decimal(0), int(from.Scale)
		return func(i int) number { return number{a.at(i), s} }
	case from.IsTemporal():
		at := temporalNumber(f, from, env)
		return at
	}
	return nil
}

// fromExact reports whether exact reads values of a type.
func fromExact(t mysqltype.Type) bool {
	return t.IsInteger() || t.ID == mysqltype.Decimal || t.IsTemporal()
}

func isFloat(t mysqltype.Type) bool { return t.ID == mysqltype.Float || t.ID == mysqltype.Double }

func castInteger(from, to mysqltype.Type, implicit bool, env *Env) kernel {
	lo, hi := integerRange(to)
	// The operators on bits take negative numbers as their two's complement;
	// nothing else is coerced to BIGINT UNSIGNED.
	bits := implicit && to.Unsigned && integerBits(to) == 64
	clamp := func(f *frame, i int, x vec.Int128) {
		switch {
		case bits && x.IsNeg() && x.Cmp(minInt64) >= 0:
			x = vec.Int128FromUint(x.Lo)
		case x.Cmp(lo) < 0:
			x = lo
			f.warn(warnOutOfRange)
		case x.Cmp(hi) > 0:
			x = hi
			f.warn(warnOutOfRange)
		}
		f.setInteger(i, x)
	}
	switch {
	case from.IsInteger() && integerBits(to) == 64 && from.Kind() != vec.Bool:
		return func(f *frame) error { return reinterpret(f, clamp, implicit) }
	case fromExact(from):
		return func(f *frame) error {
			at := exact(f, from, env)
			for _, i := range f.rows() {
				v := at(int(i))
				x, _ := v.x.Rescale(v.scale, 0)
				clamp(f, int(i), x)
			}
			return nil
		}
	case isFloat(from):
		return func(f *frame) error {
			a := f.f64(0)
			for _, i := range f.rows() {
				x := math.RoundToEven(a.At(int(i)))
				switch { // what 128 bits do not hold is out of range anyway
				case x != x:
					x = 0
					f.warn(warnOutOfRange)
				case x > 1e30:
					x = 1e30
				case x < -1e30:
					x = -1e30
				}
				clamp(f, int(i), int128FromFloat(x))
			}
			return nil
		}
	case from.IsString():
		return func(f *frame) error {
			a := f.text(0)
			for _, i := range f.rows() {
				x, whole := parseInteger(a.at(int(i)))
				if !whole {
					f.warn(truncated("INTEGER"))
				}
				if !implicit && to.Unsigned && x.IsNeg() && x.Cmp(minInt64) >= 0 {
					x = vec.Int128FromUint(x.Lo) // CAST('-1' AS UNSIGNED) keeps the bits
				}
				clamp(f, int(i), x)
			}
			return nil
		}
	}
	return nil
}

var minInt64 = vec.Int128From(math.MinInt64)

// reinterpret converts between 64-bit integers.
func reinterpret(f *frame, clamp func(*frame, int, vec.Int128), implicit bool) error {
	switch a := f.args[0]; {
	case a.Kind == f.out.Kind && a.Kind == vec.I64:
		o := f.i64(0)
		for i := range f.out.I64 {
			f.out.I64[i] = o.At(i)
		}
	case a.Kind == f.out.Kind:
		o := f.u64(0)
		for i := range f.out.U64 {
			f.out.U64[i] = o.At(i)
		}
	case implicit:
		o := f.integer(0)
		for _, i := range f.rows() {
			clamp(f, int(i), o.at(int(i)))
		}
	case a.Kind == vec.I64:
		o := f.i64(0)
		for i := range f.out.U64 {
			f.out.U64[i] = uint64(o.At(i))
		}
	default:
		o := f.u64(0)
		for i := range f.out.I64 {
			f.out.I64[i] = int64(o.At(i))
		}
	}
	return nil
}

func castFloat(from, to mysqltype.Type, env *Env) kernel {
	single := to.ID == mysqltype.Float
	round := func(f *frame) error {
		if !single {
			return nil
		}
		for _, i := range f.rows() {
			x := f.out.F64[i]
			if math.Abs(x) > math.MaxFloat32 && !math.IsInf(x, 0) {
				f.warn(warnOutOfRange)
				x = math.Copysign(math.MaxFloat32, x)
			}
			f.out.F64[i] = float64(float32(x))
		}
		return nil
	}
	switch {
	case isFloat(from):
		return func(f *frame) error {
			a := f.f64(0)
			for i := range f.out.F64 {
				f.out.F64[i] = a.At(i)
			}
			return round(f)
		}
	case from.IsInteger() && from.Kind() == vec.I64:
		return func(f *frame) error {
			a := f.i64(0)
			for i := range f.out.F64 {
				f.out.F64[i] = float64(a.At(i))
			}
			return round(f)
		}
	case from.ID == mysqltype.Decimal && from.Kind() == vec.I64:
		return func(f *frame) error {
			a, s := f.i64(0), int(from.Scale)
			for _, i := range f.rows() {
				f.out.F64[i] = scaledFloat(a.At(int(i)), s)
			}
			return round(f)
		}
	case fromExact(from):
		return func(f *frame) error {
			at := exact(f, from, env)
			for _, i := range f.rows() {
				v := at(int(i))
				f.out.F64[i] = v.float()
			}
			return round(f)
		}
	case from.IsString():
		return func(f *frame) error {
			a := f.text(0)
			for _, i := range f.rows() {
				x, whole := parseFloat(a.at(int(i)))
				if !whole {
					f.warn(truncated("DOUBLE"))
				}
				f.out.F64[i] = x
			}
			return round(f)
		}
	}
	return nil
}

var floatPow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// scaledFloat returns the float nearest to x/10^scale.
func scaledFloat(x int64, scale int) float64 {
	if x > -1<<53 && x < 1<<53 && scale < len(floatPow10) {
		return float64(x) / floatPow10[scale] // one rounding of two exact numbers
	}
	return number{vec.Int128From(x), scale}.parsed()
}

func (n number) float() float64 {
	if x, ok := n.x.Int64(); ok {
		return scaledFloat(x, n.scale)
	}
	return n.parsed()
}

func (n number) parsed() float64 {
	f, _ := strconv.ParseFloat(n.x.String()+"e-"+strconv.Itoa(n.scale), 64)
	return f
}

func castDecimal(from, to mysqltype.Type, env *Env) kernel {
	precision, scale := int(to.Precision), int(to.Scale)
	// set stores x of scale s, clamped to the type, and fails where a value of
	// the type has more digits than can be held.
	set := func(f *frame, i int, v number) error {
		x, ok := v.x.Rescale(v.scale, scale)
		if ok && x.Fits(min(precision, vec.MaxDigits)) {
			f.setDecimal(i, x)
			return nil
		}
		if precision > vec.MaxDigits {
			return outOfRange(to, "CAST")
		}
		f.warn(warnOutOfRange)
		f.setDecimal(i, largest(precision, v.x.IsNeg()))
		return nil
	}
	switch {
	case from.Kind() == vec.I64 && to.Kind() == vec.I64 && from.IsInteger() || from.ID == mysqltype.Decimal && from.Kind() == vec.I64 && to.Kind() == vec.I64 && scale >= int(from.Scale):
		factor, ok := vec.Pow10Int64(scale - int(from.Scale))
		bound, _ := vec.Pow10Int64(precision)
		if !ok {
			break
		}
		return func(f *frame) error { return scaleUp64(f, factor, bound, int(from.Scale), set) }
	}
	switch {
	case fromExact(from):
		return func(f *frame) error {
			at := exact(f, from, env)
			for _, i := range f.rows() {
				if err := set(f, int(i), at(int(i))); err != nil {
					return err
				}
			}
			return nil
		}
	case isFloat(from):
		single := from.ID == mysqltype.Float
		return func(f *frame) error {
			a := f.f64(0)
			var buf []byte
			for _, i := range f.rows() {
				buf = appendShortest(buf[:0], a.At(int(i)), single)
				v, _, _ := parseDecimal(buf, scale)
				if err := set(f, int(i), v); err != nil {
					return err
				}
			}
			return nil
		}
	case from.IsString():
		return func(f *frame) error {
			a := f.text(0)
			for _, i := range f.rows() {
				v, whole, _ := parseDecimal(a.at(int(i)), scale)
				if !whole {
					f.warn(truncated("DECIMAL"))
				}
				if err := set(f, int(i), v); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}

// scaleUp64 multiplies by factor where all rows stay below bound, else row by
// row.
func scaleUp64(f *frame, factor, bound int64, scale int, set func(*frame, int, number) error) error {
	a := f.i64(0)
	if vec.MulI64(a, vec.Operand[int64]{V: []int64{factor}}, f.out.I64) {
		over := false
		for _, x := range f.out.I64 {
			over = over || x >= bound || x <= -bound
		}
		if !over {
			return nil
		}
	}
	for _, i := range f.rows() {
		if err := set(f, int(i), number{vec.Int128From(a.At(int(i))), scale}); err != nil {
			return err
		}
	}
	return nil
}

// largest returns the greatest coefficient of a precision, or the least.
func largest(precision int, neg bool) vec.Int128 {
	p, _ := vec.Pow10(precision)
	p, _ = p.Sub(vec.Int128From(1))
	if neg {
		return p.Neg()
	}
	return p
}

func castYear(from mysqltype.Type, env *Env) kernel {
	year := func(f *frame, i int, x vec.Int128, text bool) {
		y, ok := x.Int64()
		switch {
		case ok && (y > 0 || text && y == 0) && y < 70:
			y += 2000
		case ok && y >= 70 && y < 100:
			y += 1900
		case !ok || y != 0 && (y < 1901 || y > 2155):
			f.null(i)
			f.warn(warnOutOfRange)
		}
		f.out.I64[i] = y
	}
	switch {
	case from.ID == mysqltype.Date || from.ID == mysqltype.DateTime || from.ID == mysqltype.Timestamp:
		return func(f *frame) error {
			at := dayReader(f, 0, from, env)
			for _, i := range f.rows() {
				y, _, _ := civil(at(int(i)))
				year(f, int(i), vec.Int128From(int64(y)), false)
			}
			return nil
		}
	case from.IsInteger() || from.ID == mysqltype.Decimal:
		return func(f *frame) error {
			at := exact(f, from, env)
			for _, i := range f.rows() {
				v := at(int(i))
				x, _ := v.x.Rescale(v.scale, 0)
				year(f, int(i), x, false)
			}
			return nil
		}
	case isFloat(from):
		return func(f *frame) error {
			a := f.f64(0)
			for _, i := range f.rows() {
				x := math.Round(a.At(int(i)))
				if !(math.Abs(x) < 1e9) {
					x = 1e9
				}
				year(f, int(i), vec.Int128From(int64(x)), false)
			}
			return nil
		}
	case from.IsString():
		return func(f *frame) error {
			a := f.text(0)
			for _, i := range f.rows() {
				x, whole := parseInteger(a.at(int(i)))
				if !whole {
					f.warn(truncated("YEAR"))
				}
				year(f, int(i), x, true)
			}
			return nil
		}
	}
	return nil
}
