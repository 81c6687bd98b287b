package connectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

var (
	bigint  = mysqltype.Type{ID: mysqltype.BigInt}
	integer = mysqltype.Type{ID: mysqltype.Int}
	text    = mysqltype.Type{ID: mysqltype.Text}
	date    = mysqltype.Type{ID: mysqltype.Date}
	decimal = mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}
)

func put(t *testing.T, s objstore.Store, key string, columns []parquet.WriteColumn, opts parquet.WriteOptions, rows ...[]any) objstore.Object {
	t.Helper()
	var vectors []*vec.Vector
	for i, c := range columns {
		b := vec.NewBuilder(c.Type.Kind())
		for _, r := range rows {
			if err := b.Append(r[i]); err != nil {
				t.Fatal(err)
			}
		}
		vectors = append(vectors, b.Build())
	}
	var buf bytes.Buffer
	if err := parquet.Write(t.Context(), &buf, columns, []*vec.Batch{vec.NewBatch(len(rows), vectors...)}, opts); err != nil {
		t.Fatal(err)
	}
	o, err := s.Put(t.Context(), key, buf.Bytes(), objstore.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func folder(t *testing.T) objstore.Store {
	t.Helper()
	s, err := objstore.OpenFile(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func column(name string, t mysqltype.Type) PortColumn {
	return PortColumn{Column: Column{Name: name, Type: t}}
}

func port(t *testing.T, s objstore.Store, key string, columns ...PortColumn) *Port {
	t.Helper()
	p, err := OpenPort(PortConfig{Store: s, Key: key, Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// scan returns the rows as text, one a line, and the number of splits.
func scan(ctx context.Context, p Source, predicates ...Predicate) (rows string, splits int, err error) {
	snap, err := p.Pin(ctx)
	if err != nil {
		return "", 0, err
	}
	var all []int
	for i := range p.Columns() {
		all = append(all, i)
	}
	parts, err := snap.Splits(ctx, Request{Columns: all, Predicates: predicates})
	if err != nil {
		return "", 0, err
	}
	var out strings.Builder
	for _, part := range parts {
		if err := read(ctx, part, len(all), &out); err != nil {
			return "", 0, err
		}
	}
	return out.String(), len(parts), nil
}

func read(ctx context.Context, s Split, columns int, out *strings.Builder) error {
	r, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range b.N {
			for c := range columns {
				v, err := b.Col(ctx, c)
				if err != nil {
					return err
				}
				if c > 0 {
					out.WriteByte(' ')
				}
				fmt.Fprint(out, v.Value(i))
			}
			out.WriteByte('\n')
		}
	}
}

func TestPortReadsHiveFolders(t *testing.T) {
	s := folder(t)
	cols := []parquet.WriteColumn{{Name: "id", Type: bigint}, {Name: "Name", Type: text}}
	put(t, s, "orders/country=DE/day=2024-01-02/a.parquet", cols, parquet.WriteOptions{}, []any{int64(1), "x"}, []any{int64(2), nil})
	put(t, s, "orders/country=FR%2FX/day=2024-01-03/b.parquet", cols, parquet.WriteOptions{}, []any{int64(3), "y"})
	put(t, s, "orders/country="+hiveNull+"/day=2024-01-04/c.parquet", cols, parquet.WriteOptions{}, []any{int64(4), "z"})
	put(t, s, "orders_old/d.parquet", cols, parquet.WriteOptions{}, []any{int64(9), "no"})
	put(t, s, "orders/_temporary/e.parquet", cols, parquet.WriteOptions{}, []any{int64(9), "no"})
	p := port(t, s, "orders", column("id", bigint), column("name", text), column("country", text), column("day", date), column("gone", integer))

	got, _, err := scan(t.Context(), p)
	want := "1 x DE 19724 <nil>\n2 <nil> DE 19724 <nil>\n3 y FR/X 19725 <nil>\n4 z <nil> 19726 <nil>\n"
	if err != nil || got != want {
		t.Fatalf("got %v\n%s", err, got)
	}
	for _, c := range []struct {
		predicate Predicate
		splits    int
	}{
		{Predicate{Column: 2, Op: Eq, Values: []any{"DE"}}, 1},
		{Predicate{Column: 2, Op: IsNull, Values: nil}, 1},
		{Predicate{Column: 2, Op: IsNotNull, Values: nil}, 2},
		{Predicate{Column: 3, Op: Ge, Values: []any{int32(19725)}}, 2},
		{Predicate{Column: 4, Op: IsNotNull, Values: nil}, 0},
		{Predicate{Column: 0, Op: Gt, Values: []any{int64(2)}}, 2},
		{Predicate{Column: 0, Op: In, Values: []any{int64(1), int64(4)}}, 2},
	} {
		if _, n, err := scan(t.Context(), p, c.predicate); err != nil || n != c.splits {
			t.Errorf("%v: %d splits, want %d (%v)", c.predicate, n, c.splits, err)
		}
	}
}

func TestPortLocations(t *testing.T) {
	s := folder(t)
	cols := []parquet.WriteColumn{{Name: "id", Type: bigint}}
	for i, key := range []string{"a/1.parquet", "a/2.parquet", "a/b/3.PARQUET", "a/b/.4.parquet", "a/b/5.csv", "a.parquet", "b/x=1/6.pq"} {
		put(t, s, key, cols, parquet.WriteOptions{}, []any{int64(i + 1)})
	}
	for _, c := range []struct{ key, want string }{
		{"a", "1 2 3"}, {"a/", "1 2 3"}, {"a/1.parquet", "1"}, {"a/*.parquet", "1 2"}, {"*/*/*.PARQUET", "3"},
		{"**/*.parquet", "6 1 2 4"}, {"a/[12].parquet", "1 2"}, {"a/b/5.csv", "5"}, {"b", "7"},
	} {
		got, _, err := scan(t.Context(), port(t, s, c.key, column("id", bigint)))
		if got = strings.Join(strings.Fields(got), " "); err != nil || got != c.want {
			t.Errorf("%q: got %q, want %q (%v)", c.key, got, c.want, err)
		}
	}
	_, err := port(t, s, "nowhere", column("id", bigint)).Pin(t.Context())
	if !errors.Is(err, ErrNoData) {
		t.Errorf("a port without files: %v", err)
	}
	for _, key := range []string{"a/[x", "", "/", "/etc", "../x", "a/../../b", "a//b"} {
		if _, err := OpenPort(PortConfig{Store: s, Key: key}); err == nil {
			t.Errorf("%q was taken", key)
		}
	}
}

func TestPortConvertsTypes(t *testing.T) {
	s := folder(t)
	put(t, s, "f.parquet", []parquet.WriteColumn{{Name: "i", Type: integer}, {Name: "d", Type: date}, {Name: "m", Type: decimal}}, parquet.WriteOptions{},
		[]any{int64(7), int32(1), int64(125)}, []any{nil, nil, nil}, []any{int64(-8), int32(-1), int64(-50)})
	p := port(t, s, "f.parquet", column("i", mysqltype.Type{ID: mysqltype.Decimal, Precision: 20, Scale: 3}),
		column("d", mysqltype.Type{ID: mysqltype.DateTime}), column("m", mysqltype.Type{ID: mysqltype.Double}))
	got, _, err := scan(t.Context(), p)
	if want := "7000 86400000000 1.25\n<nil> <nil> <nil>\n-8000 -86400000000 -0.5\n"; err != nil || got != want {
		t.Fatalf("got %v\n%s", err, got)
	}
	if _, n, err := scan(t.Context(), p, Predicate{Column: 0, Op: Gt, Values: []any{vec.Int128From(7000)}}); err != nil || n != 0 {
		t.Errorf("statistics are not converted: %d %v", n, err)
	}
}

func TestPortRefusesWhatDoesNotFit(t *testing.T) {
	s := folder(t)
	o := put(t, s, "secret-key.parquet", []parquet.WriteColumn{{Name: "i", Type: bigint}, {Name: "a", Type: text}, {Name: "A", Type: text}}, parquet.WriteOptions{},
		[]any{int64(1 << 40), "v", "w"})
	required := column("gone", text)
	required.Required = true
	for _, c := range []struct {
		column PortColumn
		cause  error
	}{
		{required, errMissing},
		{column("i", text), errIncompatible},
		{column("i", integer), errDoesNotFit},
		{PortColumn{Column: Column{Name: "x", Type: text}, Physical: "ä"}, nil},
		{column("a", text), nil},
	} {
		_, _, err := scan(t.Context(), port(t, s, o.Key, c.column))
		if c.cause == nil {
			if err != nil {
				t.Errorf("%s: %v", c.column.Name, err)
			}
			continue
		}
		if _, storage := Class(err); !errors.Is(err, c.cause) || !errors.Is(err, ErrContract) || storage || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.column.Name, err)
		}
	}
	if _, err := lookup("Aa", []string{"aa", "AA"}); err != errAmbiguous {
		t.Errorf("ambiguous name: %v", err)
	}
}

func TestPortNeverMixesVersions(t *testing.T) {
	s := folder(t)
	cols := []parquet.WriteColumn{{Name: "id", Type: bigint}}
	put(t, s, "f.parquet", cols, parquet.WriteOptions{}, []any{int64(1)})
	p := port(t, s, "f.parquet", column("id", bigint))
	snap, err := p.Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "f.parquet", cols, parquet.WriteOptions{}, []any{int64(2)})
	splits, err := snap.Splits(t.Context(), Request{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = read(t.Context(), splits[0], 1, &out)
	if class, storage := Class(err); !errors.Is(err, objstore.ErrChanged) || !storage || class == "" || out.Len() > 0 {
		t.Fatalf("read %q, %v", out.String(), err)
	}
	again, err := p.Pin(t.Context())
	if err != nil || again.ID() == snap.ID() {
		t.Fatalf("same snapshot after a change: %v", err)
	}
}

// TestTypes prints the table of contract types and file types.
func TestTypes(t *testing.T) {
	files := []mysqltype.Type{
		{ID: mysqltype.Bool}, {ID: mysqltype.TinyInt}, {ID: mysqltype.Int}, {ID: mysqltype.Int, Unsigned: true}, bigint, {ID: mysqltype.BigInt, Unsigned: true},
		decimal, {ID: mysqltype.Decimal, Precision: 38}, {ID: mysqltype.Float}, {ID: mysqltype.Double},
		date, {ID: mysqltype.Time, Scale: 6}, {ID: mysqltype.DateTime, Scale: 3}, {ID: mysqltype.DateTime, Scale: 6}, {ID: mysqltype.Timestamp, Scale: 6},
		text, {ID: mysqltype.Enum}, {ID: mysqltype.JSON}, {ID: mysqltype.Char, Length: 36}, {ID: mysqltype.Blob}, {ID: mysqltype.Binary, Length: 16}, {ID: mysqltype.Null},
	}
	contract := []mysqltype.Type{
		{ID: mysqltype.Bool}, {ID: mysqltype.TinyInt}, integer, bigint, {ID: mysqltype.BigInt, Unsigned: true}, {ID: mysqltype.Year},
		decimal, {ID: mysqltype.Decimal, Precision: 38, Scale: 6}, {ID: mysqltype.Float}, {ID: mysqltype.Double},
		date, {ID: mysqltype.Time, Scale: 6}, {ID: mysqltype.DateTime}, {ID: mysqltype.DateTime, Scale: 6}, {ID: mysqltype.Timestamp, Scale: 6},
		{ID: mysqltype.VarChar, Length: 36}, text, {ID: mysqltype.JSON}, {ID: mysqltype.Blob},
	}
	datadriven.RunTest(t, "testdata/types", func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for _, to := range contract {
			fmt.Fprintf(&out, "contract %s\n", to)
			for _, from := range files {
				if c, ok := convert(from, to); ok && from.ID != mysqltype.Null {
					how := "as it is"
					if c.kernel != nil {
						how = "converted and checked"
					}
					fmt.Fprintf(&out, "  file %-16s %s\n", name(from), how)
				}
			}
		}
		return out.String()
	})
}

// name tells apart types that clients see as one.
func name(t mysqltype.Type) string {
	switch t.ID {
	case mysqltype.Bool:
		return "boolean"
	case mysqltype.Enum:
		return "enum"
	case mysqltype.Char:
		return "uuid"
	}
	return t.String()
}
