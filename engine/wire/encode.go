package wire

import (
	"time"

	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Character sets of column metadata.
const (
	charsetUTF8   = 255 // utf8mb4_0900_ai_ci: the one id for utf8mb4 that every driver knows
	charsetBinary = 63
)

// Column flags of the protocol.
const (
	flagNotNull  = 1
	flagBlob     = 16
	flagUnsigned = 32
	flagBinary   = 128
	flagNum      = 32768
)

// rowsPerPacketRun is how many rows are handed to the protocol at once.
const rowsPerPacketRun = 1024

// fields describes result columns to the client.
func fields(columns []plan.Column) []*querypb.Field {
	out := make([]*querypb.Field, len(columns))
	for i, c := range columns {
		out[i] = field(c)
	}
	return out
}

func field(c plan.Column) *querypb.Field {
	f := &querypb.Field{Name: c.Name, OrgName: c.Name, Table: c.Alias, OrgTable: c.Product, Database: c.Domain, Charset: charsetBinary}
	t := c.Type
	if t.NotNull {
		f.Flags |= flagNotNull
	}
	if t.Unsigned {
		f.Flags |= flagUnsigned
	}
	if t.IsNumeric() {
		f.Flags |= flagNum | flagBinary
	}
	switch t.ID {
	case mysqltype.Null:
		f.Type = querypb.Type_NULL_TYPE
	case mysqltype.Bool:
		f.Type, f.ColumnLength = querypb.Type_INT64, 1
	case mysqltype.TinyInt:
		f.Type, f.ColumnLength = signed(t, querypb.Type_INT8, querypb.Type_UINT8), 4
	case mysqltype.SmallInt:
		f.Type, f.ColumnLength = signed(t, querypb.Type_INT16, querypb.Type_UINT16), 6
	case mysqltype.MediumInt:
		f.Type, f.ColumnLength = signed(t, querypb.Type_INT24, querypb.Type_UINT24), 9
	case mysqltype.Int:
		f.Type, f.ColumnLength = signed(t, querypb.Type_INT32, querypb.Type_UINT32), 11
	case mysqltype.BigInt:
		f.Type, f.ColumnLength = signed(t, querypb.Type_INT64, querypb.Type_UINT64), 20
	case mysqltype.Year:
		f.Type, f.ColumnLength = querypb.Type_YEAR, 4
	case mysqltype.Float:
		f.Type, f.ColumnLength, f.Decimals = querypb.Type_FLOAT32, 12, 31
	case mysqltype.Double:
		f.Type, f.ColumnLength, f.Decimals = querypb.Type_FLOAT64, 22, 31
	case mysqltype.Decimal:
		f.Type, f.Decimals = querypb.Type_DECIMAL, uint32(t.Scale)
		f.ColumnLength = uint32(t.Precision) + 1
		if t.Scale > 0 {
			f.ColumnLength++
		}
	case mysqltype.Date:
		f.Type, f.ColumnLength = querypb.Type_DATE, 10
	case mysqltype.Time:
		f.Type, f.ColumnLength, f.Decimals = querypb.Type_TIME, withFraction(10, t), uint32(t.Scale)
	case mysqltype.DateTime:
		f.Type, f.ColumnLength, f.Decimals = querypb.Type_DATETIME, withFraction(19, t), uint32(t.Scale)
	case mysqltype.Timestamp:
		f.Type, f.ColumnLength, f.Decimals = querypb.Type_TIMESTAMP, withFraction(19, t), uint32(t.Scale)
	case mysqltype.Char, mysqltype.Enum:
		f.Type, f.Charset, f.ColumnLength = querypb.Type_CHAR, charsetUTF8, textLength(t)
	case mysqltype.VarChar:
		f.Type, f.Charset, f.ColumnLength = querypb.Type_VARCHAR, charsetUTF8, textLength(t)
	case mysqltype.Text:
		f.Type, f.Charset, f.ColumnLength = querypb.Type_TEXT, charsetUTF8, textLength(t)
	case mysqltype.Binary:
		f.Type, f.ColumnLength = querypb.Type_BINARY, t.Length
	case mysqltype.VarBinary:
		f.Type, f.ColumnLength = querypb.Type_VARBINARY, t.Length
	case mysqltype.Blob:
		f.Type, f.ColumnLength = querypb.Type_BLOB, textLength(t)
	case mysqltype.JSON:
		f.Type, f.ColumnLength = querypb.Type_JSON, textLength(t)
	}
	switch t.ID {
	case mysqltype.Text, mysqltype.Blob, mysqltype.JSON:
		f.Flags |= flagBlob
	default:
	}
	if t.IsBinary() || t.IsTemporal() || t.ID == mysqltype.JSON {
		f.Flags |= flagBinary
	}
	return f
}

func signed(t mysqltype.Type, s, u querypb.Type) querypb.Type {
	if t.Unsigned {
		return u
	}
	return s
}

func withFraction(n uint32, t mysqltype.Type) uint32 {
	if t.Scale > 0 {
		return n + 1 + uint32(t.Scale)
	}
	return n
}

// textLength is the column's length in bytes, as the protocol counts it.
func textLength(t mysqltype.Type) uint32 {
	if t.Length == 0 || t.Length > 1<<30 {
		return 1<<32 - 1
	}
	return 4 * t.Length
}

// encoder turns batches into the protocol's rows. Its buffers are reused for
// every run of rows, which the protocol copies before the next.
type encoder struct {
	columns  []plan.Column
	types    []querypb.Type
	location *time.Location
	rows     [][]sqltypes.Value
	values   []sqltypes.Value
	text     []byte
	ends     []int // where each value of the run ends in text; -1: NULL
}

func newEncoder(columns []plan.Column, fs []*querypb.Field, location *time.Location) *encoder {
	e := &encoder{columns: columns, location: location, types: make([]querypb.Type, len(fs))}
	for i, f := range fs {
		e.types[i] = f.Type
	}
	return e
}

// run encodes the rows of a batch at positions [from, to) of its selection.
func (e *encoder) run(vectors []*vec.Vector, sel vec.Selection, from, to int) [][]sqltypes.Value {
	e.text, e.ends = e.text[:0], e.ends[:0]
	for k := from; k < to; k++ {
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		for i, v := range vectors {
			if v.IsNull(row) {
				e.ends = append(e.ends, -1)
				continue
			}
			e.text = mysqltype.AppendText(e.text, e.columns[i].Type, v, row, e.location)
			e.ends = append(e.ends, len(e.text))
		}
	}
	return e.slice(to - from)
}

// slice cuts the text of n rows into values.
func (e *encoder) slice(n int) [][]sqltypes.Value {
	width := len(e.columns)
	if cap(e.values) < n*width {
		e.values = make([]sqltypes.Value, n*width)
		e.rows = make([][]sqltypes.Value, n)
	}
	e.values, e.rows = e.values[:n*width], e.rows[:n]
	start := 0
	for i, end := range e.ends {
		if end < 0 {
			e.values[i] = sqltypes.NULL
			continue
		}
		e.values[i] = sqltypes.MakeTrusted(e.types[i%width], e.text[start:end:end])
		start = end
	}
	for i := range e.rows {
		e.rows[i] = e.values[i*width : (i+1)*width : (i+1)*width]
	}
	return e.rows
}
