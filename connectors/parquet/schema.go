package parquet

import (
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// leaf is a readable column of the file.
type leaf struct {
	index      int // among all leaves of the schema
	phys       physical
	width      int // of a stored value, 0 if it varies
	required   bool
	typ        mysqltype.Type
	newLane    func(*memory) lane // nil: every value is NULL
	ordered    bool               // statistics follow the order of the values as read
	orderKnown bool               // the footer defines the order of the new fields of statistics
	newOnly    bool               // but for the deprecated fields, which writers filled in another order
}

// newLeaf says how the column is read, or why it is not.
func newLeaf(c *schema.Column, index int) (l leaf, reason string) {
	if len(c.ColumnPath()) != 1 || c.MaxRepetitionLevel() > 0 || c.MaxDefinitionLevel() > 1 {
		return l, "nested"
	}
	l = leaf{
		index:    index,
		phys:     physical(c.PhysicalType()),
		required: c.MaxDefinitionLevel() == 0,
		ordered:  true,
	}
	l.width = l.phys.width(c.TypeLength())
	if l.phys == physFixed && (l.width <= 0 || l.width > maxFixed) {
		return l, "its length is out of range"
	}
	var ok bool
	switch t := c.LogicalType().(type) {
	case schema.DecimalLogicalType:
		if t.Precision() < 1 || t.Precision() > 38 || t.Scale() < 0 || t.Scale() > min(t.Precision(), 30) {
			return l, "a DECIMAL beyond 38 digits or 30 decimals"
		}
		ok = l.decimal(uint8(t.Precision()), uint8(t.Scale()))
	case schema.IntLogicalType:
		ok = l.integer(int(t.BitWidth()), t.IsSigned())
	case schema.DateLogicalType:
		if ok = l.phys == physI32; ok {
			l.typ = mysqltype.Type{ID: mysqltype.Date}
			l.newLane = newFlat(vec.I32, i32Values, int32Same, true)
		}
	case schema.TimeLogicalType:
		ok = l.time(mysqltype.Time, t.TimeUnit())
	case schema.TimestampLogicalType:
		id := mysqltype.DateTime
		if t.IsAdjustedToUTC() {
			id = mysqltype.Timestamp
		}
		ok = l.phys == physI64 && l.time(id, t.TimeUnit())
	case schema.StringLogicalType:
		ok = l.bytes(mysqltype.Type{ID: mysqltype.Text})
	case schema.EnumLogicalType:
		ok = l.bytes(mysqltype.Type{ID: mysqltype.Enum})
	case schema.JSONLogicalType:
		ok = l.bytes(mysqltype.Type{ID: mysqltype.JSON})
	case schema.UUIDLogicalType:
		if ok = l.phys == physFixed && l.width == 16; ok {
			l.typ = mysqltype.Type{ID: mysqltype.Char, Length: uuidText}
			l.newOnly = true
			l.newLane = func(m *memory) lane { return &stringLane{mem: m, text: appendUUID, size: uuidText} }
		}
	case schema.Float16LogicalType:
		if ok = l.phys == physFixed && l.width == 2; ok {
			l.typ = mysqltype.Type{ID: mysqltype.Float}
			l.newLane = newFlat(vec.F64, f64Values, float16Wide, false)
			l.ordered = false // some writers order the bytes
		}
	case schema.NullLogicalType:
		l.typ, ok = mysqltype.Type{ID: mysqltype.Null}, true
		l.ordered = false
	case schema.IntervalLogicalType:
		return l, "an INTERVAL"
	default:
		ok = l.plain()
	}
	if !ok {
		return l, "its type does not fit how it is stored"
	}
	l.typ.NotNull = l.required
	return l, ""
}

// maxFixed is the longest FIXED_LEN_BYTE_ARRAY that is read.
const maxFixed = 1 << 20

func (l *leaf) decimal(precision, scale uint8) bool {
	l.typ = mysqltype.Type{ID: mysqltype.Decimal, Precision: precision, Scale: scale}
	narrow := l.typ.Kind() == vec.I64
	switch {
	case l.phys == physI32 && narrow:
		l.newLane = newFlat(vec.I64, i64Values, int32Wide, false)
	case l.phys == physI64 && narrow:
		l.newLane = newFlat(vec.I64, i64Values, int64Same[int64], true)
	case l.phys == physI32:
		l.newLane = newFlat(vec.I128, i128Values, int32Decimal128, false)
	case l.phys == physI64:
		l.newLane = newFlat(vec.I128, i128Values, int64Decimal128, false)
	case l.phys != physBytes && l.phys != physFixed:
		return false
	case narrow:
		l.newLane = newFlat(vec.I64, i64Values, decimal64, false)
	default:
		l.newLane = newFlat(vec.I128, i128Values, decimal128, false)
	}
	// Writers have compared byte arrays as unsigned: bounds of one width show the
	// mistake by their order, those of several do not.
	l.newOnly = l.phys == physBytes || l.phys == physFixed
	l.ordered = l.phys != physBytes
	return true
}

func (l *leaf) integer(width int, signed bool) bool {
	ids := map[int]mysqltype.ID{8: mysqltype.TinyInt, 16: mysqltype.SmallInt, 32: mysqltype.Int, 64: mysqltype.BigInt}
	l.typ = mysqltype.Type{ID: ids[width], Unsigned: !signed}
	l.newOnly = !signed
	switch {
	case l.typ.ID == mysqltype.Null:
		return false
	case l.phys == physI32 && width <= 32 && signed:
		l.newLane = newFlat(vec.I64, i64Values, int32Wide, false)
	case l.phys == physI32 && width <= 32:
		l.newLane = newFlat(vec.U64, u64Values, uint32Wide, false)
	case l.phys == physI64 && width == 64 && signed:
		l.newLane = newFlat(vec.I64, i64Values, int64Same[int64], true)
	case l.phys == physI64 && width == 64:
		l.newLane = newFlat(vec.U64, u64Values, int64Same[uint64], true)
	default:
		return false
	}
	return true
}

func (l *leaf) time(id mysqltype.ID, unit schema.TimeUnitType) bool {
	l.typ = mysqltype.Type{ID: id, Scale: 6}
	switch {
	case unit == schema.TimeUnitMillis:
		l.typ.Scale = 3
		if l.phys == physI32 {
			l.newLane = newFlat(vec.I64, i64Values, int32Millis, false)
		} else if l.phys == physI64 && id != mysqltype.Time {
			l.newLane = newFlat(vec.I64, i64Values, int64Millis, false)
		}
	case l.phys != physI64:
	case unit == schema.TimeUnitMicros:
		l.newLane = newFlat(vec.I64, i64Values, int64Same[int64], true)
	case unit == schema.TimeUnitNanos:
		l.newLane = newFlat(vec.I64, i64Values, int64Nanos, false)
	}
	return l.newLane != nil
}

func (l *leaf) bytes(t mysqltype.Type) bool {
	l.typ, l.newOnly = t, true
	l.newLane = func(m *memory) lane { return &stringLane{mem: m} }
	return l.phys == physBytes || l.phys == physFixed
}

// plain is a column without a logical type, or with one that is of no meaning
// here.
func (l *leaf) plain() bool {
	switch l.phys {
	case physBool:
		l.typ = mysqltype.Type{ID: mysqltype.Bool}
		l.newLane = newFlat(vec.Bool, boolValues, boolBits, false)
	case physI32:
		return l.integer(32, true)
	case physI64:
		return l.integer(64, true)
	case physI96:
		l.typ = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
		l.newLane = newFlat(vec.I64, i64Values, int96Time, false)
		l.ordered = false
	case physF32:
		l.typ = mysqltype.Type{ID: mysqltype.Float}
		l.newLane = newFlat(vec.F64, f64Values, float32Wide, false)
	case physF64:
		l.typ = mysqltype.Type{ID: mysqltype.Double}
		l.newLane = newFlat(vec.F64, f64Values, float64Same, true)
	case physBytes:
		return l.bytes(mysqltype.Type{ID: mysqltype.Blob, Collation: mysqltype.BinaryCollation})
	case physFixed:
		return l.bytes(mysqltype.Type{ID: mysqltype.Binary, Length: uint32(l.width), Collation: mysqltype.BinaryCollation})
	default:
		return false
	}
	return true
}

func newFlat[T any](k vec.Kind, values func(*vec.Vector) *[]T, c convert[T], same bool) func(*memory) lane {
	return func(m *memory) lane {
		return &flatLane[T]{mem: m, convert: c, same: same, values: values, kind: k}
	}
}

func boolValues(v *vec.Vector) *[]bool       { return &v.Bool }
func i32Values(v *vec.Vector) *[]int32       { return &v.I32 }
func i64Values(v *vec.Vector) *[]int64       { return &v.I64 }
func u64Values(v *vec.Vector) *[]uint64      { return &v.U64 }
func f64Values(v *vec.Vector) *[]float64     { return &v.F64 }
func i128Values(v *vec.Vector) *[]vec.Int128 { return &v.I128 }
