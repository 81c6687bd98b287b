package twoworld

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// table is the raw content of a product.
type table struct {
	columns []parquet.WriteColumn
	rows    [][]any
}

// read reads a product's files, below the barrier.
func (w *world) read(p *catalog.Product) *table {
	t := &table{}
	request := connectors.Request{Budget: &vec.Budget{}}
	for i, c := range p.Columns {
		t.columns = append(t.columns, parquet.WriteColumn{Name: c.Physical, Type: c.Type})
		request.Columns = append(request.Columns, i)
	}
	ctx := w.tb.Context()
	snapshot, err := p.Source.Pin(ctx)
	if err != nil {
		w.tb.Fatal(err)
	}
	splits, err := snapshot.Splits(ctx, request)
	if err != nil {
		w.tb.Fatal(err)
	}
	for _, s := range splits {
		r, err := s.Open(ctx)
		if err != nil {
			w.tb.Fatal(err)
		}
		for {
			b, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				w.tb.Fatal(err)
			}
			from := len(t.rows)
			for range b.N {
				t.rows = append(t.rows, make([]any, len(t.columns)))
			}
			for c := range t.columns {
				v, err := b.Col(ctx, c)
				if err != nil {
					w.tb.Fatal(err)
				}
				for i := range b.N {
					t.rows[from+i][c] = v.Value(i)
				}
			}
		}
		if err := r.Close(); err != nil {
			w.tb.Fatal(err)
		}
	}
	return t
}

// write replaces a product's files by files of a layout made up anew.
func (w *world) write(p *catalog.Product, t *table) {
	folder := filepath.Join(w.dir, p.Domain, "data", p.Name)
	w.remove(p.Domain + "/data/" + p.Name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.tb.Fatal(err)
	}
	files := 1 + w.rand.IntN(3)
	for f := range files {
		opts := parquet.WriteOptions{Compression: parquet.Compression(w.rand.IntN(3)), RowGroupRows: 60 + w.rand.IntN(900), PageBytes: 300 + w.rand.IntN(30_000)}
		for c := range t.columns {
			if w.rand.IntN(2) == 0 {
				opts.Bloom = append(opts.Bloom, c)
			}
		}
		var b bytes.Buffer
		part := t.rows[len(t.rows)*f/files : len(t.rows)*(f+1)/files]
		if err := parquet.Write(w.tb.Context(), &b, t.columns, []*vec.Batch{batch(w.tb, t.types(), part)}, opts); err != nil {
			w.tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("part-%d.parquet", f)), b.Bytes(), 0o600); err != nil {
			w.tb.Fatal(err)
		}
	}
}

func (t *table) types() []mysqltype.Type {
	out := make([]mysqltype.Type, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.Type
	}
	return out
}

func batch(tb testing.TB, types []mysqltype.Type, rows [][]any) *vec.Batch {
	tb.Helper()
	vectors := make([]*vec.Vector, len(types))
	for c, t := range types {
		b := vec.NewBuilder(t.Kind())
		for _, r := range rows {
			if err := b.Append(r[c]); err != nil {
				tb.Fatal(err)
			}
		}
		vectors[c] = b.Build()
	}
	return vec.NewBatch(len(rows), vectors...)
}

// scrambled gives every cell another value.
func (t *table) scrambled(r *rand.Rand) *table {
	for _, row := range t.rows {
		for c := range row {
			row[c] = mutate(r, row[c], t.columns[c].Type)
		}
	}
	return t
}

// hide changes what a decision hides, and nothing else: hidden is how many
// hidden rows there may be for one of the demo's.
func (t *table) hide(tb testing.TB, r *rand.Rand, d *governance.Decision, hidden int) (changed bool) {
	before := t.evaluate(tb, d, t.rows)
	var rows [][]any
	for i, row := range t.rows {
		if before.shown(i) {
			rows = append(rows, row)
		}
		if d.Rows == nil {
			continue
		}
		changed = true
		for range r.IntN(1 + hidden) {
			switch r.IntN(3) {
			case 0: // a hidden row, or none
				if !before.shown(i) {
					rows = append(rows, row)
				}
			case 1: // another
				rows = append(rows, t.altered(r, row))
			case 2: // the same but for what makes it hidden
				rows = append(rows, t.near(r, row, d))
			}
		}
	}
	if d.Rows != nil { // what came out visible goes
		after := t.evaluate(tb, d, rows)
		var kept [][]any
		originals := map[*any]bool{}
		for i, row := range t.rows {
			if before.shown(i) {
				originals[&row[0]] = true
			}
		}
		for i, row := range rows {
			if originals[&row[0]] || !after.shown(i) {
				kept = append(kept, row)
			}
		}
		rows = kept
	}
	for c, column := range d.Columns {
		switch {
		case !column.Visible:
		case column.Mask == nil:
			continue
		case hashes(column.Mask):
			if t.columns[c].Type.IsString() { // equal in both worlds
				for _, row := range rows {
					if s, ok := row[c].(string); ok && !strings.Contains(s, "CANARY") {
						row[c] = s[:len(s)/2] + "CANARY" + s[len(s)/2:]
					}
				}
				changed = true
			}
			continue
		}
		for range 4 {
			rows = t.vary(tb, r, d, rows, c)
		}
		changed = true
	}
	t.rows = rows
	return changed
}

// vary gives column c other values where nobody can tell.
func (t *table) vary(tb testing.TB, r *rand.Rand, d *governance.Decision, rows [][]any, c int) [][]any {
	candidates := make([][]any, len(rows))
	for i, row := range rows {
		candidates[i] = append([]any(nil), row...)
		candidates[i][c] = mutate(r, row[c], t.columns[c].Type)
	}
	was, is := t.evaluate(tb, d, rows), t.evaluate(tb, d, candidates)
	for i := range rows {
		if !was.equal(is, i) {
			candidates[i] = rows[i]
		}
	}
	return candidates
}

// altered is a row with other values in most places.
func (t *table) altered(r *rand.Rand, row []any) []any {
	out := append([]any(nil), row...)
	for c := range out {
		if r.IntN(4) > 0 {
			out[c] = mutate(r, row[c], t.columns[c].Type)
		}
	}
	return out
}

// near is a row that differs in what its filter reads.
func (t *table) near(r *rand.Rand, row []any, d *governance.Decision) []any {
	out := append([]any(nil), row...)
	for _, id := range plan.Refs(d.Rows).IDs() {
		c := int(id) - 1
		out[c] = mutate(r, row[c], t.columns[c].Type)
	}
	return out
}

func hashes(e plan.Expr) bool {
	found := false
	plan.WalkExpr(e, func(e plan.Expr) bool {
		_, ok := e.(*plan.HashMask)
		found = found || ok
		return !found
	})
	return found
}

// view is what a decision shows of rows.
type view struct {
	rows   *vec.Vector // nil: all
	values []*vec.Vector
}

func (v *view) shown(i int) bool { return v.rows == nil || v.rows.Value(i) == true }

func (v *view) equal(w *view, i int) bool {
	if v.shown(i) != w.shown(i) {
		return false
	}
	if !v.shown(i) {
		return true
	}
	for c := range v.values {
		if v.values[c].Value(i) != w.values[c].Value(i) {
			return false
		}
	}
	return true
}

// evaluate computes the row filter and all visible values.
func (t *table) evaluate(tb testing.TB, d *governance.Decision, rows [][]any) *view {
	tb.Helper()
	input := make([]plan.Column, len(t.columns))
	for i, c := range t.columns {
		input[i] = plan.Column{ID: plan.ColumnID(i + 1), Name: c.Name, Type: c.Type}
	}
	compute := func(e plan.Expr) *vec.Vector {
		env := &eval.Env{Location: time.UTC, Now: Now, Functions: mysqlfn.New(), Warn: func(code uint16, text string) {
			tb.Errorf("a policy warns: %d %s", code, text)
		}}
		ev, err := eval.Compile(e, input, env)
		if err != nil {
			tb.Fatal(err)
		}
		v, err := ev.Eval(tb.Context(), batch(tb, t.types(), rows))
		if err != nil {
			tb.Fatalf("a policy fails: %s", err)
		}
		return v
	}
	v := &view{}
	if d.Rows != nil {
		v.rows = compute(d.Rows)
	}
	for i, c := range d.Columns {
		switch {
		case !c.Visible:
		case c.Mask == nil:
			v.values = append(v.values, compute(input[i].Ref()))
		default:
			v.values = append(v.values, compute(c.Mask))
		}
	}
	return v
}

// replaceColumn takes a denied column away and puts another at the beginning.
func (t *table) replaceColumn(c int, name string) func(string) string {
	t.columns[c].Name = "canary_" + name
	for i, row := range t.rows {
		t.rows[i] = append([]any{row[c]}, append(append([]any(nil), row[:c]...), row[c+1:]...)...)
	}
	moved := t.columns[c]
	t.columns = append([]parquet.WriteColumn{moved}, append(append([]parquet.WriteColumn(nil), t.columns[:c]...), t.columns[c+1:]...)...)
	return func(s string) string {
		block := regexp.MustCompile(`(?m)^      - name: ` + name + `\n(        .*\n)+`)
		text := block.FindString(s)
		s = strings.Replace(s, text, "", 1)
		text = strings.Replace(text, "name: "+name, "name: canary_"+name, 1)
		return strings.Replace(s, "    properties:\n", "    properties:\n"+text, 1)
	}
}
