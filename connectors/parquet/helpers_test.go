package parquet

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	apq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// byteStore is a store of one object. Its other methods are not called here.
type byteStore struct {
	objstore.Store
	data []byte
}

func (s *byteStore) ReadAt(_ context.Context, _ objstore.Object, p []byte, off int64) error {
	if off < 0 || off+int64(len(p)) > int64(len(s.data)) {
		return errors.New("read outside the object")
	}
	copy(p, s.data[off:])
	return nil
}

func openBytes(data []byte) (*File, error) {
	return Open(context.Background(), &byteStore{data: data}, objstore.Object{Key: "x", Size: int64(len(data))})
}

// readColumns reads row groups whole and returns the selected values by column;
// rows outside a selection are not in the result. pick chooses each batch's
// selection (nil: all) and narrows it between columns.
func readColumns(f *File, columns []int, opts ReadOptions, pick func(n int) vec.Selection) ([][]any, error) {
	ctx := context.Background()
	out := make([][]any, len(columns))
	for g := range f.RowGroups() {
		r, err := f.Read(ctx, g, columns, opts)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		for {
			b, err := r.Next(ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			b.Sel = pick(b.N)
			for i := range columns {
				v, err := b.Col(ctx, i)
				if err != nil {
					return nil, err
				}
				if v.N != b.N || v.Kind != f.Columns()[columns[i]].Type.Kind() {
					return nil, fmt.Errorf("vector of %d %s for a batch of %d", v.N, v.Kind, b.N)
				}
				for row := range b.N {
					x := safeValue(v, row)
					if b.Sel == nil {
						out[i] = append(out[i], x)
					}
				}
				for _, row := range b.Sel {
					out[i] = append(out[i], v.Value(int(row)))
				}
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// safeValue is v.Value, which must not panic for any row.
func safeValue(v *vec.Vector, row int) any {
	if v.IsNull(row) {
		w := *v
		w.Nulls = nil
		if w.Form != vec.Dictionary || w.Dict.Values.N > 0 {
			w.Value(row)
		}
		return nil
	}
	return v.Value(row)
}

func allRows(int) vec.Selection { return nil }

// oracle reads a top-level column with arrow-go: physical values, nil for NULL.
func oracle(t *testing.T, data []byte, leafIndex int) []any {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []any
	for g := range r.NumRowGroups() {
		c, err := r.RowGroup(g).Column(leafIndex)
		if err != nil {
			t.Fatal(err)
		}
		switch c := c.(type) {
		case *file.BooleanColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.Int32ColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.Int64ColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.Int96ColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.Float32ColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.Float64ColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.ByteArrayColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		case *file.FixedLenByteArrayColumnChunkReader:
			out = oracleRun(t, out, c, c.ReadBatch)
		default:
			t.Fatalf("no oracle for %T", c)
		}
	}
	return out
}

func oracleRun[T any](t *testing.T, out []any, c file.ColumnChunkReader, read func(int64, []T, []int16, []int16) (int64, int, error)) []any {
	t.Helper()
	values, defs := make([]T, 1000), make([]int16, 1000)
	for c.HasNext() {
		n, k, err := read(1000, values, defs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		j := 0
		for i := range int(n) {
			if c.Descriptor().MaxDefinitionLevel() == 1 && defs[i] == 0 {
				out = append(out, nil)
				continue
			}
			switch x := any(values[j]).(type) {
			case apq.ByteArray:
				out = append(out, string(x))
			case apq.FixedLenByteArray:
				out = append(out, string(x))
			default:
				out = append(out, x)
			}
			j++
		}
		if j != k {
			t.Fatalf("oracle: %d values, %d levels", k, j)
		}
	}
	if err := c.Err(); err != nil {
		t.Skipf("arrow-go cannot read this: %v", err)
	}
	return out
}

// expect converts a physical value to what the engine holds, in the plainest way.
func expect(c *schema.Column, x any) any {
	if x == nil {
		return nil
	}
	if _, ok := c.LogicalType().(schema.NullLogicalType); ok {
		return nil
	}
	floorDiv := func(a, b int64) int64 { return a/b - b2i(a%b < 0) }
	switch x := x.(type) {
	case int32:
		switch t := c.LogicalType().(type) {
		case schema.DateLogicalType:
			return x
		case schema.TimeLogicalType:
			return int64(x) * 1000
		case schema.IntLogicalType:
			if !t.IsSigned() {
				return uint64(uint32(x))
			}
		case schema.DecimalLogicalType:
			return decimal(t.Precision(), big.NewInt(int64(x)))
		}
		return int64(x)
	case int64:
		unit := func(u schema.TimeUnitType) int64 {
			switch u {
			case schema.TimeUnitMillis:
				return x * 1000
			case schema.TimeUnitNanos:
				return floorDiv(x, 1000)
			}
			return x
		}
		switch t := c.LogicalType().(type) {
		case schema.TimeLogicalType:
			return unit(t.TimeUnit())
		case schema.TimestampLogicalType:
			return unit(t.TimeUnit())
		case schema.IntLogicalType:
			if !t.IsSigned() {
				return uint64(x)
			}
		case schema.DecimalLogicalType:
			return decimal(t.Precision(), big.NewInt(x))
		}
		return x
	case apq.Int96:
		return x.ToTime().UnixMicro()
	case float32:
		return float64(x)
	case string:
		switch t := c.LogicalType().(type) {
		case schema.DecimalLogicalType:
			n := new(big.Int).SetBytes([]byte(x))
			if x[0] >= 128 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(x))))
			}
			return decimal(t.Precision(), n)
		case schema.UUIDLogicalType:
			h := hex.EncodeToString([]byte(x))
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		case schema.Float16LogicalType:
			return float16Slow(uint16(x[0]) | uint16(x[1])<<8)
		}
	}
	return x
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func decimal(precision int32, n *big.Int) any {
	if precision <= 18 {
		return n.Int64()
	}
	x, _ := vec.Int128FromBig(n)
	return x
}

func float16Slow(x uint16) float64 {
	sign := 1.0
	if x&0x8000 != 0 {
		sign = -1
	}
	e, f := int(x&0x7fff)>>10, float64(x&0x3ff)/1024
	switch {
	case e == 0:
		return sign * f * math.Pow(2, -14)
	case e < 31:
		return sign * (1 + f) * math.Pow(2, float64(e-15))
	case f == 0:
		return sign * math.Inf(1)
	}
	return math.NaN()
}

func same(a, b any) bool {
	if x, ok := a.(float64); ok {
		if y, ok := b.(float64); ok {
			return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
		}
	}
	return a == b
}

// checkFile compares everything that this package reads of a file with arrow-go:
// all rows, random selections, and batches of several sizes.
func checkFile(t *testing.T, data []byte, rnd *rand.Rand) {
	t.Helper()
	f, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]any
	var columns []int
	for i, c := range f.Columns() {
		sc := meta.MetaData().Schema.Column(f.leaves[i].index)
		physical := oracle(t, data, f.leaves[i].index)
		values := make([]any, len(physical))
		for j, x := range physical {
			values[j] = expect(sc, x)
		}
		want = append(want, values)
		columns = append(columns, c.Ordinal)
	}
	budget := &vec.Budget{}
	for _, size := range []int{0, 1 + rnd.IntN(5), 64 + rnd.IntN(300)} {
		opts := ReadOptions{Budget: budget, BatchRows: size}
		got, err := readColumns(f, columns, opts, allRows)
		if err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			compareColumn(t, f.Columns()[i], got[i], want[i])
		}
		for _, density := range []float64{0.5, 0.02} {
			var picked []int
			base := 0
			got, err = readColumns(f, columns, opts, func(n int) vec.Selection {
				sel := vec.Selection{}
				if rnd.IntN(3) > 0 {
					for i := range n {
						if rnd.Float64() < density {
							sel = append(sel, uint32(i))
							picked = append(picked, base+i)
						}
					}
				}
				base += n
				return sel
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range columns {
				some := make([]any, len(picked))
				for j, row := range picked {
					some[j] = want[i][row]
				}
				compareColumn(t, f.Columns()[i], got[i], some)
			}
		}
	}
	if budget.Used() != 0 {
		t.Fatalf("%d bytes are still charged", budget.Used())
	}
	checkStats(t, f, want)
}

func compareColumn(t *testing.T, c Column, got, want []any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s %s: %d values, want %d", c.Name, c.Type, len(got), len(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("%s %s: row %d is %v (%T), want %v (%T)", c.Name, c.Type, i, got[i], got[i], want[i], want[i])
		}
	}
}

// checkStats verifies that no value lies outside the bounds of its row group.
func checkStats(t *testing.T, f *File, want [][]any) {
	t.Helper()
	for i, c := range f.Columns() {
		row := 0
		for _, g := range f.RowGroups() {
			s := g.Columns[i]
			nulls := int64(0)
			for range g.Rows {
				x := want[i][row]
				row++
				if x == nil {
					nulls++
					continue
				}
				if y, ok := x.(float64); ok && y != y {
					continue
				}
				if s.Min != nil && Compare(s.Min, x) > 0 || s.Max != nil && Compare(s.Max, x) < 0 {
					t.Fatalf("%s %s: %v is outside [%v, %v]", c.Name, c.Type, x, s.Min, s.Max)
				}
			}
			if s.Nulls >= 0 && s.Nulls != nulls && c.Type.ID != mysqltype.Null {
				t.Fatalf("%s: %d NULLs, the footer says %d", c.Name, nulls, s.Nulls)
			}
		}
	}
}
