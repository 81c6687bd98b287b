package parquet

import (
	"encoding/binary"
	"reflect"

	pq "github.com/parquet-go/parquet-go"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// orderedGroup is a schema whose columns stand in a given order.
type orderedGroup struct {
	pq.Group
	order []string
}

func (g orderedGroup) Fields() []pq.Field {
	fields := make([]pq.Field, len(g.order))
	for i, name := range g.order {
		fields[i] = namedField{g.Group[name], name}
	}
	return fields
}

type namedField struct {
	pq.Node
	name string
}

func (f namedField) Name() string { return f.name }

// Value is for rows made of Go values, which are not written here.
func (f namedField) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// decimalBytes is the width of decimals of more than 18 digits.
const decimalBytes = 16

// writtenNode is the Parquet type that values of t are written as.
func writtenNode(t mysqltype.Type) (pq.Node, error) {
	integer := pq.Int
	if t.Unsigned {
		integer = pq.Uint
	}
	switch t.ID {
	case mysqltype.Bool:
		return pq.Leaf(pq.BooleanType), nil
	case mysqltype.TinyInt:
		return integer(8), nil
	case mysqltype.SmallInt, mysqltype.Year:
		return integer(16), nil
	case mysqltype.MediumInt, mysqltype.Int:
		return integer(32), nil
	case mysqltype.BigInt:
		return integer(64), nil
	case mysqltype.Float:
		return pq.Leaf(pq.FloatType), nil
	case mysqltype.Double:
		return pq.Leaf(pq.DoubleType), nil
	case mysqltype.Decimal:
		switch p := int(t.Precision); {
		case p < 1 || p > 38 || t.Scale > t.Precision:
			return nil, unsupported("writing %s", t)
		case p <= 9:
			return pq.Decimal(int(t.Scale), p, pq.Int32Type), nil
		case p <= 18:
			return pq.Decimal(int(t.Scale), p, pq.Int64Type), nil
		default:
			return pq.Decimal(int(t.Scale), p, pq.FixedLenByteArrayType(decimalBytes)), nil
		}
	case mysqltype.Date:
		return pq.Date(), nil
	case mysqltype.Time:
		return pq.TimeAdjusted(pq.Microsecond, false), nil
	case mysqltype.DateTime:
		return pq.TimestampAdjusted(pq.Microsecond, false), nil
	case mysqltype.Timestamp:
		return pq.Timestamp(pq.Microsecond), nil
	case mysqltype.Char, mysqltype.VarChar, mysqltype.Text, mysqltype.Null:
		return pq.String(), nil
	case mysqltype.Enum:
		return pq.Enum(), nil
	case mysqltype.JSON:
		return pq.JSON(), nil
	case mysqltype.Binary, mysqltype.VarBinary, mysqltype.Blob:
		return pq.Leaf(pq.ByteArrayType), nil
	}
	return nil, unsupported("writing %s", t)
}

// encoder encodes a value of a vector, unless it is out of its type's range.
type encoder func(v *vec.Vector, row int) (pq.Value, bool)

// encoderOf returns the encoder of values of t.
func encoderOf(t mysqltype.Type) encoder {
	narrow := t.ID == mysqltype.TinyInt || t.ID == mysqltype.SmallInt || t.ID == mysqltype.MediumInt || t.ID == mysqltype.Int ||
		t.ID == mysqltype.Year || t.ID == mysqltype.Decimal && t.Precision <= 9
	switch t.Kind() {
	case vec.Bool:
		return func(v *vec.Vector, row int) (pq.Value, bool) { return pq.BooleanValue(v.Value(row).(bool)), true }
	case vec.I32:
		return func(v *vec.Vector, row int) (pq.Value, bool) { return pq.Int32Value(v.Value(row).(int32)), true }
	case vec.I64:
		if narrow {
			return func(v *vec.Vector, row int) (pq.Value, bool) {
				x := v.Value(row).(int64)
				return pq.Int32Value(int32(x)), x == int64(int32(x))
			}
		}
		return func(v *vec.Vector, row int) (pq.Value, bool) { return pq.Int64Value(v.Value(row).(int64)), true }
	case vec.U64:
		if narrow {
			return func(v *vec.Vector, row int) (pq.Value, bool) {
				x := v.Value(row).(uint64)
				return pq.Int32Value(int32(x)), x == uint64(uint32(x))
			}
		}
		return func(v *vec.Vector, row int) (pq.Value, bool) {
			return pq.Int64Value(int64(v.Value(row).(uint64))), true
		}
	case vec.F64:
		if t.ID == mysqltype.Float {
			return func(v *vec.Vector, row int) (pq.Value, bool) {
				return pq.FloatValue(float32(v.Value(row).(float64))), true
			}
		}
		return func(v *vec.Vector, row int) (pq.Value, bool) { return pq.DoubleValue(v.Value(row).(float64)), true }
	case vec.I128:
		return func(v *vec.Vector, row int) (pq.Value, bool) {
			x := v.Value(row).(vec.Int128)
			b := binary.BigEndian.AppendUint64(make([]byte, 0, decimalBytes), uint64(x.Hi))
			return pq.FixedLenByteArrayValue(binary.BigEndian.AppendUint64(b, x.Lo)), true
		}
	case vec.Bytes, vec.Invalid:
	}
	return func(v *vec.Vector, row int) (pq.Value, bool) { return pq.ByteArrayValue(v.BytesAt(row)), true }
}
