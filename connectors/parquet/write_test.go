package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

func writtenTypes() []mysqltype.Type {
	var out []mysqltype.Type
	for _, t := range []mysqltype.Type{
		{ID: mysqltype.Bool}, {ID: mysqltype.TinyInt}, {ID: mysqltype.SmallInt, Unsigned: true}, {ID: mysqltype.Int}, {ID: mysqltype.Int, Unsigned: true},
		{ID: mysqltype.BigInt}, {ID: mysqltype.BigInt, Unsigned: true}, {ID: mysqltype.Float}, {ID: mysqltype.Double},
		{ID: mysqltype.Decimal, Precision: 9, Scale: 2}, {ID: mysqltype.Decimal, Precision: 18, Scale: 2}, {ID: mysqltype.Decimal, Precision: 38, Scale: 10},
		{ID: mysqltype.Date}, {ID: mysqltype.Time, Scale: 6}, {ID: mysqltype.DateTime, Scale: 6}, {ID: mysqltype.Timestamp, Scale: 6},
		{ID: mysqltype.Text}, {ID: mysqltype.Enum}, {ID: mysqltype.JSON}, {ID: mysqltype.Blob, Collation: mysqltype.BinaryCollation},
	} {
		out = append(out, t)
		t.NotNull = true
		out = append(out, t)
	}
	return out
}

func randomWritten(rnd *rand.Rand, t mysqltype.Type, distinct int) any {
	x := rnd.Int64()
	if distinct > 0 {
		x = int64(rnd.IntN(distinct)) * 7
	}
	switch t.Kind() {
	case vec.Bool:
		return x&1 != 0
	case vec.I32:
		return int32(x % 100000)
	case vec.I64:
		switch t.ID {
		case mysqltype.TinyInt:
			return x % 128
		case mysqltype.Int, mysqltype.Decimal:
			return x % 1e9
		}
		return x
	case vec.U64:
		if t.ID == mysqltype.BigInt {
			return uint64(x)
		}
		return uint64(x % 60000)
	case vec.F64:
		return float64(float32(x))
	case vec.I128:
		return vec.Int128{Hi: x >> 4, Lo: uint64(x)}
	default:
	}
	return fmt.Sprintf("value %d", x)
}

func TestWriteAndRead(t *testing.T) {
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var columns []WriteColumn
		types := writtenTypes()
		rnd.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] })
		for i, mt := range types {
			columns = append(columns, WriteColumn{Name: fmt.Sprintf("c%d", i), Type: mt})
		}
		want := make([][]any, len(columns))
		var batches []*vec.Batch
		distinct := []int{0, 3, 300}[rnd.IntN(3)]
		for range 1 + rnd.IntN(4) {
			n := rnd.IntN(6000)
			b := vec.NewBatch(n, make([]*vec.Vector, len(columns))...)
			if rnd.IntN(2) == 0 {
				b.Sel = vec.Selection{}
				for i := range n {
					if rnd.IntN(2) == 0 {
						b.Sel = append(b.Sel, uint32(i))
					}
				}
			}
			keep := b.Sel.Bitmap(n)
			for i, c := range columns {
				builder := vec.NewBuilder(c.Type.Kind())
				for row := range n {
					x := randomWritten(rnd, c.Type, distinct)
					if !c.Type.NotNull && rnd.IntN(5) == 0 {
						x = nil
					}
					if err := builder.Append(x); err != nil {
						t.Fatal(err)
					}
					if keep.Get(row) {
						want[i] = append(want[i], x)
					}
				}
				b.Set(i, builder.Build())
			}
			batches = append(batches, b)
		}
		opts := WriteOptions{Compression: Compression(rnd.IntN(3)), RowGroupRows: 1000 + rnd.IntN(9000), PageBytes: 500 + rnd.IntN(20000), SortedBy: []int{1}, Bloom: []int{0}}
		var first, second bytes.Buffer
		for _, w := range []*bytes.Buffer{&first, &second} {
			if err := Write(context.Background(), w, columns, batches, opts); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatal("the same input gave two files")
		}
		f, err := openBytes(first.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var ordinals []int
		for i, c := range f.Columns() {
			if c.Name != columns[i].Name || c.Type.Kind() != columns[i].Type.Kind() || c.Required != columns[i].Type.NotNull {
				t.Fatalf("column %d is %+v, written as %+v", i, c, columns[i])
			}
			ordinals = append(ordinals, i)
		}
		got, err := readColumns(f, ordinals, ReadOptions{}, allRows)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			compareColumn(t, f.Columns()[i], got[i], want[i])
		}
		checkFile(t, first.Bytes(), rnd)
	}
}

func TestWriteRefuses(t *testing.T) {
	ctx := context.Background()
	one := func(k vec.Kind, x any) []*vec.Batch { return []*vec.Batch{vec.NewBatch(1, vec.NewConstant(k, x, 1))} }
	for name, c := range map[string]struct {
		columns []WriteColumn
		batches []*vec.Batch
	}{
		"no columns":     {},
		"same name":      {columns: []WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}, {"a", mysqltype.Type{ID: mysqltype.Int}}}},
		"wide decimal":   {columns: []WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Decimal, Precision: 40}}}},
		"NULL":           {[]WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int, NotNull: true}}}, one(vec.I64, nil)},
		"out of range":   {[]WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}}, one(vec.I64, int64(1)<<40)},
		"other kind":     {[]WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}}, one(vec.F64, 1.5)},
		"missing vector": {[]WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}, {"b", mysqltype.Type{ID: mysqltype.Int}}}, one(vec.I64, int64(1))},
	} {
		if err := Write(ctx, &bytes.Buffer{}, c.columns, c.batches, WriteOptions{}); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}
