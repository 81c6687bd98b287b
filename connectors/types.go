package connectors

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// conversion turns the values of a file's column into those of the contract's.
// A contract's type takes what it holds without loss: where a file's type is
// wider, every value that is read is checked, and one that does not fit fails
// the query. The golden testdata/types is the whole table.
type conversion struct {
	from, to vec.Kind
	kernel   kernel // nil: the values are the same
}

// kernel fills dst from the flat src for the rows in sel (nil: all); it returns
// false at a value that dst's type does not hold.
type kernel func(dst, src *vec.Vector, sel vec.Selection) bool

// convert returns how a file's column of type from is read as type to, or false
// if they are incompatible.
func convert(from, to mysqltype.Type) (c *conversion, ok bool) {
	c = &conversion{from: from.Kind(), to: to.Kind()}
	switch {
	case from.ID == mysqltype.Null:
		c.kernel = func(*vec.Vector, *vec.Vector, vec.Selection) bool { return false } // there is no value
		ok = true
	case from.ID == mysqltype.Bool || to.ID == mysqltype.Bool:
		ok = from.ID == to.ID
	case to.IsInteger():
		ok = c.toInteger(from, to)
	case to.ID == mysqltype.Decimal:
		ok = c.toDecimal(from, to)
	case to.ID == mysqltype.Float:
		ok = from.ID == mysqltype.Float
	case to.ID == mysqltype.Double:
		ok = c.toDouble(from)
	case to.IsTemporal():
		ok = c.toTemporal(from, to)
	case to.IsString():
		ok = c.toString(from, to)
	}
	return c, ok
}

// integerRange returns the bounds of an integer type as Int128.
func integerRange(t mysqltype.Type) (lo, hi vec.Int128) {
	bits := map[mysqltype.ID]uint{
		mysqltype.TinyInt: 8, mysqltype.SmallInt: 16, mysqltype.MediumInt: 24, mysqltype.Int: 32, mysqltype.BigInt: 64,
	}[t.ID]
	switch {
	case t.ID == mysqltype.Year:
		return vec.Int128From(0), vec.Int128From(2155)
	case t.Unsigned:
		return vec.Int128{}, vec.Int128{Lo: math.MaxUint64 >> (64 - bits)}
	}
	return vec.Int128From(math.MinInt64 >> (64 - bits)), vec.Int128From(math.MaxInt64 >> (64 - bits))
}

func (c *conversion) toInteger(from, to mysqltype.Type) bool {
	if !from.IsInteger() && (from.ID != mysqltype.Decimal || from.Scale != 0) {
		return false
	}
	lo, hi := integerRange(to)
	if from.IsInteger() && c.from == c.to {
		flo, fhi := integerRange(from)
		if flo.Cmp(lo) >= 0 && fhi.Cmp(hi) <= 0 {
			return true
		}
	}
	fits := func(x vec.Int128) bool { return x.Cmp(lo) >= 0 && x.Cmp(hi) <= 0 }
	if c.to == vec.U64 {
		c.kernel = fromExact(c.from, u64Slot, func(x vec.Int128) (uint64, bool) { return x.Lo, fits(x) })
	} else {
		c.kernel = fromExact(c.from, i64Slot, func(x vec.Int128) (int64, bool) { return int64(x.Lo), fits(x) })
	}
	return true
}

func (c *conversion) toDecimal(from, to mysqltype.Type) bool {
	if !from.IsInteger() && from.ID != mysqltype.Decimal || from.Scale > to.Scale {
		return false
	}
	if from.ID == mysqltype.Decimal && from.Scale == to.Scale && from.Precision <= to.Precision && c.from == c.to {
		return true
	}
	rescale := func(x vec.Int128) (vec.Int128, bool) {
		y, ok := x.Rescale(int(from.Scale), int(to.Scale))
		return y, ok && y.Fits(int(to.Precision))
	}
	if c.to == vec.I64 {
		c.kernel = fromExact(c.from, i64Slot, func(x vec.Int128) (int64, bool) {
			y, ok := rescale(x)
			return int64(y.Lo), ok
		})
	} else {
		c.kernel = fromExact(c.from, i128Slot, rescale)
	}
	return true
}

func (c *conversion) toDouble(from mysqltype.Type) bool {
	switch {
	case from.ID == mysqltype.Float || from.ID == mysqltype.Double:
		return true
	case from.IsInteger(): // beyond 2^53 two numbers would become one
		c.kernel = fromExact(c.from, f64Slot, func(x vec.Int128) (float64, bool) {
			const exact = 1 << 53
			return float64(int64(x.Lo)), x.Cmp(vec.Int128From(exact)) <= 0 && x.Cmp(vec.Int128From(-exact)) >= 0
		})
		return true
	case from.ID == mysqltype.Decimal: // rounded, as a cast would
		c.kernel = fromExact(c.from, f64Slot, func(x vec.Int128) (float64, bool) {
			y, err := strconv.ParseFloat(string(mysqltype.AppendDecimal(nil, x, int(from.Scale))), 64)
			return y, err == nil
		})
		return true
	}
	return false
}

const dayMicros = 86_400_000_000

func (c *conversion) toTemporal(from, to mysqltype.Type) bool {
	moment := func(t mysqltype.Type) bool { return t.ID == mysqltype.DateTime || t.ID == mysqltype.Timestamp }
	unit, _ := vec.Pow10Int64(6 - int(to.Scale))
	switch {
	case to.ID == mysqltype.Date && from.ID == mysqltype.Date:
		return true
	case to.ID == mysqltype.Date && moment(from): // midnight only
		c.kernel = mapRows(i64Slot, i32Slot, func(x int64) (int32, bool) { return int32(x / dayMicros), x%dayMicros == 0 })
		return true
	case moment(to) && from.ID == mysqltype.Date:
		c.kernel = mapRows(i32Slot, i64Slot, func(x int32) (int64, bool) {
			return int64(x) * dayMicros, int64(x) > math.MinInt64/dayMicros && int64(x) < math.MaxInt64/dayMicros
		})
		return true
	case moment(to) && moment(from), to.ID == mysqltype.Time && from.ID == mysqltype.Time:
		// A moment with zone is UTC; read as one without, it is UTC's wall clock.
		if from.Scale > to.Scale {
			c.kernel = mapRows(i64Slot, i64Slot, func(x int64) (int64, bool) { return x, x%unit == 0 })
		}
		return true
	}
	return false
}

func (c *conversion) toString(from, to mysqltype.Type) bool {
	text := from.ID == mysqltype.Text || from.ID == mysqltype.Enum || from.ID == mysqltype.JSON
	uuid := from.ID == mysqltype.Char
	switch {
	case to.ID == mysqltype.JSON:
		return from.ID == mysqltype.JSON || from.ID == mysqltype.Text
	case to.IsBinary():
		return text || from.IsBinary()
	case text || uuid:
		return true
	case from.IsBinary(): // writers that leave out the annotation
		c.kernel = func(dst, src *vec.Vector, sel vec.Selection) bool {
			dst.Str = src.Str
			return all(src, sel, func(i int) bool { return utf8.Valid(src.Str.At(i)) })
		}
		return true
	}
	return false
}

// apply converts the rows of v in sel (nil: all).
func (c *conversion) apply(v *vec.Vector, sel vec.Selection) (*vec.Vector, error) {
	if c.kernel == nil {
		return v, nil
	}
	if v.Form == vec.Dictionary {
		if d, err := v.Dict.Memo(c, func() (any, error) { return c.dictionary(v.Dict), nil }); err == nil && d.(*vec.Dict) != nil {
			out := *v
			out.Kind, out.Dict = c.to, d.(*vec.Dict)
			return &out, nil
		}
	}
	if v.Form == vec.Constant && v.IsNull(0) {
		return vec.NewConstant(c.to, nil, v.N), nil
	}
	src := vec.FlattenSel(v, sel)
	dst := newFlat(c.to, v.N)
	dst.Nulls = src.Nulls
	if c.from == vec.Bytes && c.to != vec.Bytes { // a column of NULLs alone
		if !all(src, sel, func(int) bool { return false }) {
			return nil, errDoesNotFit
		}
		return vec.NewConstant(c.to, nil, v.N), nil
	}
	if !c.kernel(dst, src, sel) {
		return nil, errDoesNotFit
	}
	return dst, nil
}

var errDoesNotFit = fmt.Errorf("%w: a value is beyond its type", ErrContract)

// dictionary converts the values of d, or returns nil if one does not fit: it
// may be that no row has it.
func (c *conversion) dictionary(d *vec.Dict) *vec.Dict {
	dst := newFlat(c.to, d.Values.N)
	if c.from != c.to && c.from == vec.Bytes || !c.kernel(dst, d.Values, nil) {
		return nil
	}
	return &vec.Dict{Values: dst}
}

// value converts one physical value; ok is false if it does not fit.
func (c *conversion) value(x any) (y any, ok bool) {
	if x == nil || c.kernel == nil {
		return x, x != nil
	}
	v, err := c.apply(vec.NewConstant(c.from, x, 1), nil)
	if err != nil {
		return nil, false
	}
	return v.Value(0), true
}

func newFlat(k vec.Kind, n int) *vec.Vector {
	v := &vec.Vector{Kind: k, N: n}
	switch k {
	case vec.Bool:
		v.Bool = make([]bool, n)
	case vec.I32:
		v.I32 = make([]int32, n)
	case vec.I64:
		v.I64 = make([]int64, n)
	case vec.U64:
		v.U64 = make([]uint64, n)
	case vec.F64:
		v.F64 = make([]float64, n)
	case vec.I128:
		v.I128 = make([]vec.Int128, n)
	case vec.Bytes, vec.Invalid: // strings share their source's storage
	}
	return v
}

func i32Slot(v *vec.Vector) []int32       { return v.I32 }
func i64Slot(v *vec.Vector) []int64       { return v.I64 }
func u64Slot(v *vec.Vector) []uint64      { return v.U64 }
func f64Slot(v *vec.Vector) []float64     { return v.F64 }
func i128Slot(v *vec.Vector) []vec.Int128 { return v.I128 }

// mapRows makes a kernel of a function on values.
func mapRows[S, D any](from func(*vec.Vector) []S, to func(*vec.Vector) []D, f func(S) (D, bool)) kernel {
	return func(dst, src *vec.Vector, sel vec.Selection) bool {
		in, out := from(src), to(dst)
		return all(src, sel, func(i int) (ok bool) {
			out[i], ok = f(in[i])
			return ok
		})
	}
}

// fromExact makes a kernel of a function on whole numbers, whatever holds them.
func fromExact[D any](from vec.Kind, to func(*vec.Vector) []D, f func(vec.Int128) (D, bool)) kernel {
	switch from {
	case vec.U64:
		return mapRows(u64Slot, to, func(x uint64) (D, bool) { return f(vec.Int128{Lo: x}) })
	case vec.I128:
		return mapRows(i128Slot, to, f)
	default:
		return mapRows(i64Slot, to, func(x int64) (D, bool) { return f(vec.Int128From(x)) })
	}
}

// all reports whether f holds for every row in sel that is not NULL.
func all(v *vec.Vector, sel vec.Selection, f func(i int) bool) bool {
	for k := range sel.Count(v.N) {
		i := sel.At(k)
		if !v.IsNull(i) && !f(i) {
			return false
		}
	}
	return true
}
