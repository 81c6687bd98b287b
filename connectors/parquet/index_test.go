package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// indexedFile is a file whose first column numbers the rows; the others are in
// rising order with noise, and have NULLs.
func indexedFile(t testing.TB, rnd *rand.Rand, n int) ([]byte, [][]any) {
	t.Helper()
	types := []mysqltype.Type{
		{ID: mysqltype.BigInt, NotNull: true}, {ID: mysqltype.BigInt}, {ID: mysqltype.Double}, {ID: mysqltype.Text},
		{ID: mysqltype.Decimal, Precision: 30, Scale: 2}, {ID: mysqltype.Date}, {ID: mysqltype.Int, Unsigned: true},
	}
	var columns []WriteColumn
	values := make([][]any, len(types))
	batch := vec.NewBatch(n, make([]*vec.Vector, len(types))...)
	for i, mt := range types {
		columns = append(columns, WriteColumn{fmt.Sprintf("c%d", i), mt})
		b := vec.NewBuilder(mt.Kind())
		for row := range n {
			x := int64(row/10 + rnd.IntN(100))
			var value any
			switch {
			case i == 0:
				value = int64(row)
			case rnd.IntN(8) == 0 || row/500%5 == 1:
			case mt.Kind() == vec.I64:
				value = x - 100
			case mt.Kind() == vec.F64:
				value = float64(x) / 3
			case mt.Kind() == vec.Bytes:
				value = fmt.Sprintf("%08d and a tail that is longer than what an index keeps", x)
			case mt.Kind() == vec.I128:
				value = vec.Int128From(x - 500)
			case mt.Kind() == vec.I32:
				value = int32(x)
			default:
				value = uint64(x)
			}
			if err := b.Append(value); err != nil {
				t.Fatal(err)
			}
			values[i] = append(values[i], value)
		}
		batch.Set(i, b.Build())
	}
	var buf bytes.Buffer
	opts := WriteOptions{Compression: Compression(rnd.IntN(3)), PageBytes: 2000 + rnd.IntN(5000), RowGroupRows: n}
	if err := Write(context.Background(), &buf, columns, []*vec.Batch{batch}, opts); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), values
}

// satisfies evaluates a predicate on one value.
func satisfies(p Predicate, x any) bool {
	switch p.Op {
	case IsNull:
		return x == nil
	case IsNotNull:
		return x != nil
	}
	if x == nil {
		return false
	}
	for _, y := range p.Values {
		c := Compare(x, y)
		if ok := map[Op]bool{Eq: c == 0, In: c == 0, Ne: c != 0, Lt: c < 0, Le: c <= 0, Gt: c > 0, Ge: c >= 0}[p.Op]; ok {
			return true
		}
	}
	return false
}

// TestPrunedPages reads under random predicates: every row that satisfies them
// is there, with its own values, and in order.
func TestPrunedPages(t *testing.T) {
	ctx := context.Background()
	saved := 0
	var data []byte
	var values [][]any
	for seed := range uint64(24) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		if seed%8 == 0 {
			data, values = indexedFile(t, rnd, 30000)
		}
		store := &byteStore{data: data}
		f, err := Open(ctx, store, objstore.Object{Size: int64(len(data))})
		if err != nil {
			t.Fatal(err)
		}
		var predicates []Predicate
		for range 1 + rnd.IntN(2) {
			p := Predicate{Column: rnd.IntN(len(values)), Op: Op(rnd.IntN(9))}
			for range 3 {
				if x := values[p.Column][rnd.IntN(30000)]; x != nil {
					p.Values = append(p.Values, x)
				}
				if p.Op != In && len(p.Values) == 1 {
					break
				}
			}
			if p.Values == nil && p.Op != IsNull && p.Op != IsNotNull {
				p.Op = IsNotNull
			}
			predicates = append(predicates, p)
		}
		budget := &vec.Budget{}
		opts := ReadOptions{Budget: budget, Predicates: predicates, BatchRows: 1 + rnd.IntN(3000)}
		got, err := readColumns(f, []int{0, 1, 2, 3, 4, 5, 6}, opts, allRows)
		if err != nil {
			t.Fatal(err)
		}
		read := map[int]bool{}
		last := int64(-1)
		for k, id := range got[0] {
			row := id.(int64)
			if row <= last {
				t.Fatal("rows out of order")
			}
			last = row
			read[int(row)] = true
			for c := range values {
				if !same(got[c][k], values[c][row]) {
					t.Fatalf("column %d of row %d is %v, want %v", c, row, got[c][k], values[c][row])
				}
			}
		}
		for row := range 30000 {
			all := true
			for _, p := range predicates {
				all = all && satisfies(p, values[p.Column][row])
			}
			if all && !read[row] {
				t.Fatalf("row %d satisfies %v and is not read", row, predicates)
			}
		}
		saved += 30000 - len(read)
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still charged", budget.Used())
		}
	}
	if saved < 24*30000/4 {
		t.Fatalf("only %d rows were saved", saved)
	}
}

func TestMatches(t *testing.T) {
	g := RowGroup{Rows: 10, Columns: []ColumnStats{
		{Min: int64(5), Max: int64(9), Nulls: 0}, {Min: "b", Max: "d", Nulls: 3}, {Nulls: 10}, {Nulls: -1}, {Min: 1.5, Max: 1.5, Nulls: 0},
	}}
	for _, c := range []struct {
		p    Predicate
		want bool
	}{
		{Predicate{0, Eq, []any{int64(5)}}, true}, {Predicate{0, Eq, []any{int64(4)}}, false}, {Predicate{0, Lt, []any{int64(5)}}, false},
		{Predicate{0, Le, []any{int64(5)}}, true}, {Predicate{0, Gt, []any{int64(9)}}, false}, {Predicate{0, Ge, []any{int64(9)}}, true},
		{Predicate{0, In, []any{int64(1), int64(7)}}, true}, {Predicate{0, In, []any{int64(1), int64(10)}}, false}, {Predicate{0, In, nil}, false},
		{Predicate{0, IsNull, nil}, false}, {Predicate{1, IsNull, nil}, true}, {Predicate{2, IsNotNull, nil}, false}, {Predicate{2, Eq, []any{"x"}}, false},
		{Predicate{3, Eq, []any{"x"}}, true}, {Predicate{3, IsNull, nil}, true}, {Predicate{1, Lt, []any{"b"}}, false}, {Predicate{1, Ne, []any{"b"}}, true},
		{Predicate{0, Lt, []any{"text"}}, true}, {Predicate{4, Ne, []any{1.5}}, true}, {Predicate{9, Eq, []any{"no such column"}}, true},
	} {
		if got := g.Matches([]Predicate{c.p}); got != c.want {
			t.Errorf("%+v: %v", c.p, got)
		}
	}
}
