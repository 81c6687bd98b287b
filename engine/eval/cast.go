package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// cast converts arg from one type to another, explicitly or, with implicit set,
// by coercion: an explicit cast between BIGINT and BIGINT UNSIGNED keeps the
// bits and CHAR(n) cuts; a coercion clamps and never cuts.
func (c *compiler) cast(arg node, from, to mysqltype.Type) (node, error) {
	return c.convert(arg, from, to, true)
}

func (c *compiler) convert(arg node, from, to mysqltype.Type, implicit bool) (node, error) {
	if from.ID == mysqltype.Null {
		return newConst(to.Kind(), nil), nil
	}
	if sameRepresentation(from, to) && !narrows(from, to) && (implicit || !cuts(from, to)) {
		return arg, nil
	}
	if from.ID == mysqltype.JSON && !to.IsString() {
		arg = call(textType, unwrapJSON, arg)
		from = textType
	}
	var k kernel
	switch {
	case to.ID == mysqltype.Bool:
		return c.castBool(arg, from)
	case to.ID == mysqltype.Year:
		k = castYear(from, c.env)
	case to.IsInteger():
		k = castInteger(from, to, implicit, c.env)
	case to.ID == mysqltype.Float || to.ID == mysqltype.Double:
		k = castFloat(from, to, c.env)
	case to.ID == mysqltype.Decimal:
		k = castDecimal(from, to, c.env)
	case to.IsTemporal():
		k = castTemporal(from, to, c.env)
	case to.ID == mysqltype.JSON:
		k = castJSON(from, c.env)
	case to.IsString():
		k = castString(from, to, implicit, c.env)
	}
	if k == nil {
		return nil, internal("cast of %s to %s", from, to)
	}
	return call(to, k, arg), nil
}

// narrows reports whether values of from may be beyond to, both being held
// alike.
func narrows(from, to mysqltype.Type) bool {
	switch {
	case from.IsInteger() && to.IsInteger():
		return to.ID == mysqltype.Year && from.ID != mysqltype.Year || integerBits(to) < integerBits(from)
	case from.ID == mysqltype.Decimal && to.ID == mysqltype.Decimal:
		return to.Precision < from.Precision
	case from.ID == mysqltype.Double && to.ID == mysqltype.Float:
		return true
	}
	return false
}

// cuts reports whether CAST to a string type of a length changes longer values.
func cuts(from, to mysqltype.Type) bool {
	switch {
	case !to.IsString() || to.Length == 0:
		return false
	case to.ID == mysqltype.Binary, from.Length == 0 && from.IsString():
		return true
	case !from.IsString():
		longest := mysqltype.DisplayLength(from)
		return longest == 0 || longest > to.Length
	}
	return from.Length > to.Length
}

func integerBits(t mysqltype.Type) int {
	switch t.ID {
	case mysqltype.Bool:
		return 1
	case mysqltype.TinyInt:
		return 8
	case mysqltype.SmallInt, mysqltype.Year:
		return 16
	case mysqltype.MediumInt:
		return 24
	case mysqltype.Int:
		return 32
	}
	return 64
}

// integerRange returns the least and greatest value of an integer type.
func integerRange(t mysqltype.Type) (lo, hi vec.Int128) {
	bits := integerBits(t)
	one := vec.Int128From(1)
	if t.Unsigned {
		if bits == 64 {
			return vec.Int128{}, vec.Int128{Lo: ^uint64(0)}
		}
		return vec.Int128{}, vec.Int128{Lo: 1<<bits - 1}
	}
	hi = vec.Int128{Lo: 1<<(bits-1) - 1}
	lo, _ = hi.Neg().Sub(one)
	return lo, hi
}

// castBool is x <> 0.
func (c *compiler) castBool(arg node, from mysqltype.Type) (node, error) {
	if from.IsString() {
		double := mysqltype.Type{ID: mysqltype.Double}
		var err error
		if arg, err = c.cast(arg, from, double); err != nil {
			return nil, err
		}
	}
	k := func(f *frame) error {
		a, zero := f.args[0], zeroOf(f.args[0].Kind)
		compare(vec.NotEqual, a, withRows(zero, f.n), f.live, f.out.Bool, nil)
		return nil
	}
	return call(boolType, k, arg), nil
}

func zeroOf(k vec.Kind) *vec.Vector {
	switch k {
	case vec.I32:
		return vec.NewConstant(k, int32(0), 1)
	case vec.I64:
		return vec.NewConstant(k, int64(0), 1)
	case vec.U64:
		return vec.NewConstant(k, uint64(0), 1)
	case vec.F64:
		return vec.NewConstant(k, float64(0), 1)
	case vec.I128:
		return vec.NewConstant(k, vec.Int128{}, 1)
	case vec.Bool:
		return vec.NewConstant(k, false, 1)
	case vec.Bytes, vec.Invalid:
	}
	return vec.NewConstant(vec.Bytes, "", 1)
}
