package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	apq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// kindOf is a column to generate.
type kindOf struct {
	name    string
	phys    apq.Type
	logical schema.LogicalType
	length  int32
}

func kinds() []kindOf {
	return []kindOf{
		{name: "bool", phys: apq.Types.Boolean},
		{name: "int32", phys: apq.Types.Int32},
		{name: "int8", phys: apq.Types.Int32, logical: schema.NewIntLogicalType(8, true)},
		{name: "uint16", phys: apq.Types.Int32, logical: schema.NewIntLogicalType(16, false)},
		{name: "uint32", phys: apq.Types.Int32, logical: schema.NewIntLogicalType(32, false)},
		{name: "date", phys: apq.Types.Int32, logical: schema.DateLogicalType{}},
		{name: "time_ms", phys: apq.Types.Int32, logical: schema.NewTimeLogicalType(false, schema.TimeUnitMillis)},
		{name: "dec9", phys: apq.Types.Int32, logical: schema.NewDecimalLogicalType(9, 2)},
		{name: "int64", phys: apq.Types.Int64},
		{name: "uint64", phys: apq.Types.Int64, logical: schema.NewIntLogicalType(64, false)},
		{name: "time_us", phys: apq.Types.Int64, logical: schema.NewTimeLogicalType(true, schema.TimeUnitMicros)},
		{name: "time_ns", phys: apq.Types.Int64, logical: schema.NewTimeLogicalType(false, schema.TimeUnitNanos)},
		{name: "ts_ms", phys: apq.Types.Int64, logical: schema.NewTimestampLogicalType(true, schema.TimeUnitMillis)},
		{name: "ts_us", phys: apq.Types.Int64, logical: schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)},
		{name: "ts_ns", phys: apq.Types.Int64, logical: schema.NewTimestampLogicalType(true, schema.TimeUnitNanos)},
		{name: "dec18", phys: apq.Types.Int64, logical: schema.NewDecimalLogicalType(18, 4)},
		{name: "int96", phys: apq.Types.Int96},
		{name: "float", phys: apq.Types.Float},
		{name: "double", phys: apq.Types.Double},
		{name: "blob", phys: apq.Types.ByteArray},
		{name: "string", phys: apq.Types.ByteArray, logical: schema.StringLogicalType{}},
		{name: "json", phys: apq.Types.ByteArray, logical: schema.JSONLogicalType{}},
		{name: "enum", phys: apq.Types.ByteArray, logical: schema.EnumLogicalType{}},
		{name: "dec12b", phys: apq.Types.ByteArray, logical: schema.NewDecimalLogicalType(12, 3)},
		{name: "dec30b", phys: apq.Types.ByteArray, logical: schema.NewDecimalLogicalType(30, 3)},
		{name: "fixed", phys: apq.Types.FixedLenByteArray, length: 5},
		{name: "uuid", phys: apq.Types.FixedLenByteArray, length: 16, logical: schema.UUIDLogicalType{}},
		{name: "half", phys: apq.Types.FixedLenByteArray, length: 2, logical: schema.Float16LogicalType{}},
		{name: "dec10f", phys: apq.Types.FixedLenByteArray, length: 5, logical: schema.NewDecimalLogicalType(10, 2)},
		{name: "dec38f", phys: apq.Types.FixedLenByteArray, length: 16, logical: schema.NewDecimalLogicalType(38, 10)},
		{name: "dec20f", phys: apq.Types.FixedLenByteArray, length: 20, logical: schema.NewDecimalLogicalType(20, 0)},
	}
}

// encodingsFor lists the encodings that arrow-go writes for a type; dictionary
// stands for a dictionary, with fallback to PLAIN.
func encodingsFor(p apq.Type) []apq.Encoding {
	list := []apq.Encoding{apq.Encodings.Plain, apq.Encodings.RLEDict}
	switch p {
	case apq.Types.Boolean:
		return []apq.Encoding{apq.Encodings.Plain, apq.Encodings.RLE}
	case apq.Types.Int32, apq.Types.Int64:
		return append(list, apq.Encodings.DeltaBinaryPacked, apq.Encodings.ByteStreamSplit)
	case apq.Types.Float, apq.Types.Double:
		return append(list, apq.Encodings.ByteStreamSplit)
	case apq.Types.ByteArray:
		return append(list, apq.Encodings.DeltaLengthByteArray, apq.Encodings.DeltaByteArray)
	case apq.Types.FixedLenByteArray:
		return append(list, apq.Encodings.ByteStreamSplit)
	}
	return list
}

// layout is how a generated file is written.
type layout struct {
	codec    compress.Compression
	v2       bool
	rows     int
	groups   int
	page     int64
	dict     int64 // limit of a dictionary
	nulls    float64
	distinct int // about how many different values; 0: no limit
	required bool
	index    bool
}

var codecsWritten = []compress.Compression{
	compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip,
	compress.Codecs.Brotli, compress.Codecs.Zstd, compress.Codecs.Lz4Raw,
}

func randomLayout(rnd *rand.Rand) layout {
	return layout{
		codec:    codecsWritten[rnd.IntN(len(codecsWritten))],
		v2:       rnd.IntN(2) == 0,
		rows:     []int{1, 50, 700, 3000, 6000}[rnd.IntN(5)],
		groups:   1 + rnd.IntN(2),
		page:     []int64{100, 1 << 10, 16 << 10, 1 << 20}[rnd.IntN(4)],
		dict:     []int64{200, 4 << 10, 1 << 20}[rnd.IntN(3)],
		nulls:    []float64{0, 0, 0.01, 0.3, 0.95, 1}[rnd.IntN(6)],
		distinct: []int{0, 1, 5, 250, 2000}[rnd.IntN(5)],
		required: rnd.IntN(4) == 0,
		index:    rnd.IntN(2) == 0,
	}
}

// generate writes a file of one column of every kind, with arrow-go.
func generate(t testing.TB, rnd *rand.Rand, l layout, columns []kindOf, encoding func(kindOf) apq.Encoding) []byte {
	t.Helper()
	props := []apq.WriterProperty{
		apq.WithCompression(l.codec), apq.WithDataPageSize(l.page), apq.WithDictionaryPageSizeLimit(l.dict),
		apq.WithBatchSize(64), apq.WithDictionaryDefault(false), apq.WithPageIndexEnabled(l.index), apq.WithMaxRowGroupLength(1 << 40),
	}
	if l.v2 {
		props = append(props, apq.WithDataPageVersion(apq.DataPageV2))
	}
	var fields schema.FieldList
	repetition := apq.Repetitions.Optional
	if l.required {
		repetition, l.nulls = apq.Repetitions.Required, 0
	}
	for _, k := range columns {
		n, err := schema.NewPrimitiveNodeLogical(k.name, repetition, k.logical, k.phys, int(k.length), -1)
		if k.logical == nil {
			n, err = schema.NewPrimitiveNode(k.name, repetition, k.phys, -1, k.length)
		}
		if err != nil {
			t.Fatal(k.name, err)
		}
		fields = append(fields, n)
		if e := encoding(k); e == apq.Encodings.RLEDict {
			props = append(props, apq.WithDictionaryFor(k.name, true))
		} else {
			props = append(props, apq.WithEncodingFor(k.name, e))
		}
	}
	root, err := schema.NewGroupNode("schema", apq.Repetitions.Required, fields, -1)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := file.NewParquetWriter(&buf, root, file.WithWriterProps(apq.NewWriterProperties(props...)))
	for range l.groups {
		g := w.AppendRowGroup() //nolint:staticcheck // a test may panic
		for _, k := range columns {
			c, err := g.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			writeRandom(t, rnd, l, k, c)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func writeRandom(t testing.TB, rnd *rand.Rand, l layout, k kindOf, c file.ColumnChunkWriter) {
	t.Helper()
	defs := make([]int16, l.rows)
	n := 0
	for i := range defs {
		if rnd.Float64() >= l.nulls {
			defs[i] = 1
			n++
		}
	}
	var err error
	switch c := c.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() bool { return rnd.IntN(2) == 0 }), defs, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() int32 { return int32(randomInt(rnd, k)) }), defs, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() int64 { return randomInt(rnd, k) }), defs, nil)
	case *file.Int96ColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() (x apq.Int96) {
			binary.LittleEndian.PutUint64(x[:], uint64(rnd.Int64N(86400e9)))
			binary.LittleEndian.PutUint32(x[8:], uint32(2440588-20000+rnd.IntN(40000)))
			return x
		}), defs, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() float32 { return float32(randomFloat(rnd)) }), defs, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() float64 { return randomFloat(rnd) }), defs, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() apq.ByteArray { return randomBytes(rnd, k) }), defs, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(randomValues(rnd, l, n, func() apq.FixedLenByteArray { return randomBytes(rnd, k) }), defs, nil)
	default:
		err = fmt.Errorf("no generator for %T", c)
	}
	if err != nil {
		t.Fatal(k.name, err)
	}
}

func randomValues[T any](rnd *rand.Rand, l layout, n int, next func() T) []T {
	out := make([]T, n)
	var few []T
	for range l.distinct {
		few = append(few, next())
	}
	for i := range out {
		switch {
		case i > 0 && rnd.IntN(4) == 0: // runs
			out[i] = out[i-1]
		case few != nil:
			out[i] = few[rnd.IntN(len(few))]
		default:
			out[i] = next()
		}
	}
	return out
}

func randomInt(rnd *rand.Rand, k kindOf) int64 {
	switch k.name {
	case "int8":
		return int64(int8(rnd.Uint32()))
	case "uint16":
		return int64(uint16(rnd.Uint32()))
	case "dec9":
		return rnd.Int64N(2e9-1) - 999_999_999
	case "time_ms":
		return rnd.Int64N(86400e3)
	case "time_us", "time_ns", "ts_us", "ts_ms":
		return rnd.Int64N(1<<52) - 1<<51
	case "dec18":
		return rnd.Int64N(2e18-1) - 999_999_999_999_999_999
	}
	return int64(rnd.Uint64()) >> rnd.IntN(64)
}

func randomFloat(rnd *rand.Rand) float64 {
	switch rnd.IntN(12) {
	case 0:
		return math.Copysign(0, -1)
	case 1:
		return math.Inf(1 - 2*rnd.IntN(2))
	case 2:
		return 0
	}
	return (rnd.Float64() - 0.5) * math.Pow(10, float64(rnd.IntN(20)))
}

func randomBytes(rnd *rand.Rand, k kindOf) []byte {
	n := int(k.length)
	switch {
	case n == 0 && k.logical != nil && k.name[:3] == "dec":
		n = 1 + rnd.IntN(5) // fits any precision of the kinds
		if k.name == "dec30b" {
			n = 1 + rnd.IntN(12)
		}
	case n == 0:
		n = rnd.IntN(30)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	switch k.name {
	case "dec10f", "dec12b":
		for int8(b[0]) > 1 || int8(b[0]) < -1 {
			b[0] = byte(int8(b[0]) / 2)
		}
	case "dec38f":
		b[0] = byte(int8(b[0]) / 2)
	case "dec20f":
		for i := range 13 {
			b[i] = byte(int8(b[13]) >> 7)
		}
	case "string", "json", "enum":
		for i := range b {
			b[i] = 'a' + b[i]%26
		}
	}
	return b
}

// TestMatrix writes every type in every encoding, under random layouts, and
// compares what is read with arrow-go. MESHQL_SOAK=1 tries more layouts.
func TestMatrix(t *testing.T) {
	n := uint64(12)
	if os.Getenv("MESHQL_SOAK") != "" {
		n = 200
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			l := randomLayout(rnd)
			t.Logf("%+v", l)
			data := generate(t, rnd, l, kinds(), func(k kindOf) apq.Encoding {
				list := encodingsFor(k.phys)
				return list[(int(seed)+rnd.IntN(2))%len(list)]
			})
			checkFile(t, data, rnd)
		})
	}
}
