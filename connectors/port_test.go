package connectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

var (
	tBigint = mysqltype.Type{ID: mysqltype.BigInt}
	tInt    = mysqltype.Type{ID: mysqltype.Int}
	tText   = mysqltype.Type{ID: mysqltype.VarChar, Length: 20}
	tMoney  = mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}
	tFine   = mysqltype.Type{ID: mysqltype.Decimal, Precision: 20, Scale: 4}
	tDate   = mysqltype.Type{ID: mysqltype.Date}
	tMoment = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
)

// writeFile writes rows of (id, name, amount) starting at from.
func writeFile(t *testing.T, dir, key string, columns []parquet.WriteColumn, rows ...[]any) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	vectors := make([]*vec.Vector, len(columns))
	for i, c := range columns {
		b := vec.NewBuilder(c.Type.Kind())
		for _, r := range rows {
			if err := b.Append(r[i]); err != nil {
				t.Fatal(err)
			}
		}
		vectors[i] = b.Build()
	}
	var out bytes.Buffer
	if err := parquet.Write(t.Context(), &out, columns, []*vec.Batch{vec.NewBatch(len(rows), vectors...)}, parquet.WriteOptions{RowGroupRows: 2}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func openTestPort(t *testing.T, dir, key string, columns ...PortColumn) *Port {
	t.Helper()
	store, err := objstore.OpenFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := OpenPort(PortConfig{Store: store, Key: key, Columns: columns})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readAll pins the port and renders the rows of a request, sorted.
func readAll(t *testing.T, p *Port, predicates ...Predicate) (rows []string, splits int, err error) {
	t.Helper()
	snap, err := p.Pin(t.Context())
	if err != nil {
		return nil, 0, err
	}
	req := Request{Predicates: predicates, Budget: &vec.Budget{}}
	for i := range p.Columns() {
		req.Columns = append(req.Columns, i)
	}
	all, err := snap.Splits(t.Context(), req)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range all {
		rows, err = appendRows(t.Context(), rows, s)
		if err != nil {
			return nil, 0, err
		}
	}
	if used := req.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
	slices.Sort(rows)
	return rows, len(all), nil
}

func appendRows(ctx context.Context, rows []string, s Split) ([]string, error) {
	r, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.N {
			var cells []string
			for c := range b.Columns() {
				v, err := b.Col(ctx, c)
				if err != nil {
					return nil, err
				}
				cells = append(cells, fmt.Sprint(v.Value(i)))
			}
			rows = append(rows, strings.Join(cells, " "))
		}
	}
}

func TestPort(t *testing.T) {
	file := []parquet.WriteColumn{{Name: "id", Type: tBigint}, {Name: "Name", Type: tText}, {Name: "amount", Type: tMoney}}
	dir := t.TempDir()
	writeFile(t, dir, "data/year=2024/a.parquet", file, []any{int64(1), "one", int64(150)}, []any{int64(2), nil, int64(250)}, []any{int64(3), "three", nil})
	writeFile(t, dir, "data/year=2025/b.parquet", file, []any{int64(4), "four", int64(450)})
	writeFile(t, dir, "data/year=2025/_tmp.parquet", file, []any{int64(9), "nine", int64(1)})
	writeFile(t, dir, "other/c.parquet", file, []any{int64(8), "eight", int64(1)})

	columns := []PortColumn{
		{Column: Column{"id", tBigint}}, {Column: Column{"name", tText}}, {Column: Column{"price", tFine}, Physical: "amount"},
		{Column: Column{"year", tInt}}, {Column: Column{"comment", tText}},
	}
	for _, key := range []string{"data", "data/", "data/**", "data/year=*/*.parquet", "data/**/*.parquet"} {
		rows, _, err := readAll(t, openTestPort(t, dir, key, columns...))
		if want := "1 one 15000 2024 <nil>|2 <nil> 25000 2024 <nil>|3 three <nil> 2024 <nil>|4 four 45000 2025 <nil>"; err != nil || strings.Join(rows, "|") != want {
			t.Errorf("%s: got %q, %v", key, rows, err)
		}
	}

	p := openTestPort(t, dir, "data", columns...)
	for _, c := range []struct {
		p    Predicate
		want int
	}{
		{Predicate{Column: 3, Op: Eq, Values: []any{int64(2025)}}, 1},
		{Predicate{Column: 3, Op: In, Values: []any{int64(2023), int64(2024)}}, 2},
		{Predicate{Column: 0, Op: Gt, Values: []any{int64(2)}}, 2},
		{Predicate{Column: 0, Op: Eq, Values: []any{int64(77)}}, 0},
		{Predicate{Column: 2, Op: Eq, Values: []any{vec.Int128From(1)}}, 3}, // converted: prunes nothing
		{Predicate{Column: 4, Op: IsNotNull}, 0},
		{Predicate{Column: 4, Op: IsNull}, 3},
	} {
		if _, n, err := readAll(t, p, c.p); err != nil || n != c.want {
			t.Errorf("%+v: %d splits, %v; want %d", c.p, n, err, c.want)
		}
	}

	for name, c := range map[string]struct {
		key     string
		columns []PortColumn
		want    error
	}{
		"no file":          {"nowhere", columns, ErrNoData},
		"wrong type":       {"data", []PortColumn{{Column: Column{"name", tBigint}}}, ErrContract},
		"required":         {"data", []PortColumn{{Column: Column{"comment", tText}, Required: true}}, ErrContract},
		"fewer digits":     {"data", []PortColumn{{Column: Column{"amount", mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 1}}}}, ErrContract},
		"partition's type": {"data", []PortColumn{{Column: Column{"year", tMoney}}}, ErrContract},
	} {
		if _, _, err := readAll(t, openTestPort(t, dir, c.key, c.columns...)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, key := range []string{"", "/etc", "../x", "a/../../b"} {
		if _, err := OpenPort(PortConfig{Key: key}); !errors.Is(err, objstore.ErrOutside) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

// TestPortOutOfRange reads integers that do not fit the contract's type.
func TestPortOutOfRange(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f/a.parquet", []parquet.WriteColumn{{Name: "n", Type: tBigint}}, []any{int64(1)}, []any{int64(1) << 40})
	_, _, err := readAll(t, openTestPort(t, dir, "f", PortColumn{Column: Column{"n", tInt}}))
	if !errors.Is(err, ErrContract) {
		t.Errorf("got %v", err)
	}
}

// TestConvertType renders the table of what file type fits what contract type.
func TestConvertType(t *testing.T) {
	types := []mysqltype.Type{{ID: mysqltype.Bool}, {ID: mysqltype.TinyInt}, tInt, tBigint, {ID: mysqltype.BigInt, Unsigned: true},
		tMoney, tFine, {ID: mysqltype.Float}, {ID: mysqltype.Double}, tText, {ID: mysqltype.Blob}, {ID: mysqltype.JSON}, tDate,
		{ID: mysqltype.Time, Scale: 6}, tMoment, {ID: mysqltype.Timestamp, Scale: 6}}
	datadriven.RunTest(t, "testdata/types", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		for _, to := range types {
			var as, converted []string
			for _, from := range types {
				switch c, err := convertType(from, to); {
				case err != nil:
				case c == nil:
					as = append(as, from.String())
				default:
					converted = append(converted, from.String())
				}
			}
			fmt.Fprintf(&b, "%s\n  as it is:  %s\n", to, strings.Join(as, ", "))
			if len(converted) > 0 {
				fmt.Fprintf(&b, "  converted: %s\n", strings.Join(converted, ", "))
			}
		}
		return b.String()
	})
}
