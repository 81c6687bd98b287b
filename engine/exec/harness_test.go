package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	typeInt    = mysqltype.Type{ID: mysqltype.BigInt}
	typeText   = mysqltype.Type{ID: mysqltype.VarChar, Length: 20}
	typeDouble = mysqltype.Type{ID: mysqltype.Double}
	typeBool   = mysqltype.Type{ID: mysqltype.Bool}
	typeDate   = mysqltype.Type{ID: mysqltype.Date}
	typeCents  = mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}
	typeWide   = mysqltype.Type{ID: mysqltype.Decimal, Precision: 30, Scale: 2}
	typeUint   = mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}
)

// shape says how a source presents its rows.
type shape struct {
	seed    uint64
	batch   int
	splits  int
	workers int
}

var shapes = []shape{
	{1, 1, 1, 1}, {2, 3, 2, 1}, {3, 2048, 1, 1}, {4, 64, 3, 1},
	{5, 1, 3, 4}, {6, 3, 7, 4}, {7, 2048, 4, 4}, {8, 100, 5, 2},
}

// source presents rows in batches with rows that are not selected among them,
// columns flat, constant, as dictionaries and lazy at random.
type source struct {
	cols  []connectors.Column
	rows  [][]any
	shape shape
}

func (s *source) Columns() []connectors.Column { return s.cols }
func (s *source) Pin(context.Context) (connectors.Snapshot, error) {
	return s, nil
}
func (s *source) ID() string { return "test" }
func (s *source) Stats() connectors.Stats {
	return connectors.Stats{Rows: -1, Bytes: -1, Columns: make([]connectors.ColumnStats, len(s.cols))}
}

func (s *source) Splits(_ context.Context, req connectors.Request) ([]connectors.Split, error) {
	var out []connectors.Split
	dicts := map[int]*vec.Dict{}
	for i := range s.shape.splits {
		n := len(s.rows)
		out = append(out, &split{s, req, s.rows[n*i/s.shape.splits : n*(i+1)/s.shape.splits], dicts, s.shape.seed + uint64(i)})
	}
	return out, nil
}

type split struct {
	s     *source
	req   connectors.Request
	rows  [][]any
	dicts map[int]*vec.Dict
	seed  uint64
}

func (s *split) Rows() int64 { return int64(len(s.rows)) }
func (s *split) Open(context.Context) (vec.Reader, error) {
	return &splitReader{split: s, rng: rand.New(rand.NewPCG(s.seed, 1)), rest: s.rows, reserved: 100,
		err: s.req.Budget.Reserve(100)}, nil
}

type splitReader struct {
	*split
	rng      *rand.Rand
	rest     [][]any
	batch    vec.Batch
	reserved int64
	err      error
}

func (r *splitReader) Close() error {
	if r.reserved > 0 && r.err == nil {
		r.req.Budget.Release(r.reserved)
	}
	r.reserved = 0
	return nil
}

func (r *splitReader) Next(ctx context.Context) (*vec.Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	if len(r.rest) == 0 {
		return nil, io.EOF
	}
	n := min(len(r.rest), r.s.shape.batch)
	take := r.rest[:n]
	r.rest = r.rest[n:]
	var sel vec.Selection
	rows := take
	if r.rng.IntN(2) == 0 { // rows that are not selected in between
		rows, sel = nil, vec.Selection{}
		for _, row := range take {
			for r.rng.IntN(3) == 0 {
				rows = append(rows, r.s.rows[r.rng.IntN(len(r.s.rows))])
			}
			sel = append(sel, uint32(len(rows)))
			rows = append(rows, row)
		}
	}
	b := &r.batch
	b.Reset(len(rows), len(r.req.Columns))
	b.Sel = sel
	for i, o := range r.req.Columns {
		v := r.vector(o, rows)
		if r.rng.IntN(2) == 0 {
			b.SetLazy(i, lazyVector{v, sel})
		} else {
			b.Set(i, v)
		}
	}
	return b, nil
}

// vector presents column o of rows in some form.
func (r *splitReader) vector(o int, rows [][]any) *vec.Vector {
	kind := r.s.cols[o].Type.Kind()
	b := vec.NewBuilder(kind)
	same := true
	for _, row := range rows {
		if err := b.Append(row[o]); err != nil {
			panic(err)
		}
		same = same && row[o] == rows[0][o]
	}
	flat := b.Build()
	switch {
	case same && r.rng.IntN(2) == 0:
		return vec.NewConstant(kind, rows[0][o], len(rows))
	case r.rng.IntN(3) == 0:
		return dictionary(flat)
	}
	return flat
}

// dictionary returns v as codes into a dictionary of its own.
func dictionary(v *vec.Vector) *vec.Vector {
	b, codes := vec.NewBuilder(v.Kind), map[any]uint16{}
	out := &vec.Vector{Kind: v.Kind, Form: vec.Dictionary, N: v.N, Nulls: v.Nulls}
	for i := range v.N {
		var c uint16
		if x := v.Value(i); x != nil {
			var ok bool
			if c, ok = codes[x]; !ok {
				c = uint16(len(codes))
				codes[x] = c
				_ = b.Append(x)
			}
		}
		out.Codes.U16 = append(out.Codes.U16, c)
	}
	out.Dict = &vec.Dict{Values: b.Build()}
	return out
}

// lazyVector gives v, after checking that no more is asked for than its batch
// selects.
type lazyVector struct {
	v   *vec.Vector
	sel vec.Selection
}

func (l lazyVector) Decode(_ context.Context, sel vec.Selection) (*vec.Vector, error) {
	if l.sel != nil {
		for k := range sel.Count(l.v.N) {
			if _, ok := slices.BinarySearch(l.sel, uint32(rowAt(sel, k))); !ok {
				return nil, errors.New("decoded a row that the batch does not select")
			}
		}
	}
	return l.v, nil
}

// table is a relation for tests.
type table struct {
	cols []plan.Column
	rows [][]any
}

// newTable names columns by letter; first is the ID of the first.
func newTable(first plan.ColumnID, types ...mysqltype.Type) *table {
	t := &table{}
	for i, ty := range types {
		id := first + plan.ColumnID(i)
		t.cols = append(t.cols, plan.Column{ID: id, Name: fmt.Sprintf("c%d", id), Type: ty})
	}
	return t
}

// fill adds n rows of few distinct values, a tenth of them NULL.
func (t *table) fill(rng *rand.Rand, n, distinct int) *table {
	for range n {
		row := make([]any, len(t.cols))
		for i, c := range t.cols {
			if rng.IntN(10) > 0 {
				row[i] = randomValue(rng, c.Type, distinct)
			}
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func randomValue(rng *rand.Rand, t mysqltype.Type, distinct int) any {
	x := int64(rng.IntN(distinct)) - int64(distinct/2)
	switch t.Kind() {
	case vec.Bool:
		return x%2 == 0
	case vec.I32:
		return int32(x)
	case vec.I64:
		return x * 7
	case vec.U64:
		return uint64(x + int64(distinct))
	case vec.F64:
		return float64(x) / 4
	case vec.I128:
		return vec.Int128From(x * 1_000_003)
	case vec.Bytes:
		return strings.Repeat("x", int(x&3)) + fmt.Sprint(x)
	case vec.Invalid:
	}
	return nil
}

func (t *table) scan(s shape) *plan.Scan {
	n := &plan.Scan{Name: "t", Cols: t.cols}
	src := &source{rows: t.rows, shape: s}
	for i, c := range t.cols {
		src.cols = append(src.cols, connectors.Column{Name: c.Name, Type: c.Type})
		n.Ordinals = append(n.Ordinals, i)
	}
	n.Source = src
	return n
}

func options(s shape, budget *vec.Budget) Options {
	return Options{Workers: s.workers, Budget: budget, Env: eval.Env{Functions: mysqlfn.New(), Warn: func(uint16, string) {}}}
}

// run returns the rows of a plan, having checked that nothing is left behind.
func run(t *testing.T, root plan.Node, s shape) ([][]any, error) {
	t.Helper()
	budget := &vec.Budget{}
	rows, err := runWithin(context.Background(), root, s, budget)
	if used := budget.Used(); used != 0 {
		t.Fatalf("%d bytes are still reserved", used)
	}
	return rows, err
}

func runWithin(ctx context.Context, root plan.Node, s shape, budget *vec.Budget) ([][]any, error) {
	r, err := Run(ctx, root, options(s, budget))
	if err != nil {
		return nil, err
	}
	rows, err := readAll(ctx, r)
	return rows, errors.Join(err, r.Close(), r.Close())
}

func readAll(ctx context.Context, r vec.Reader) ([][]any, error) {
	var rows [][]any
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		for k := range b.Rows() {
			row := make([]any, b.Columns())
			for i := range row {
				v, err := b.Col(ctx, i)
				if err != nil {
					return nil, err
				}
				row[i] = v.Value(rowAt(b.Sel, k))
			}
			rows = append(rows, row)
		}
	}
}

// everyShape checks that a plan gives want, in any order, under every shape.
func everyShape(t *testing.T, want [][]any, build func(shape) plan.Node) {
	t.Helper()
	for _, s := range shapes {
		got, err := run(t, build(s), s)
		if err != nil {
			t.Fatalf("%+v: %v (%v)", s, err, mysqlerr.From(err).Unwrap())
		}
		compareRows(t, s, sorted(got), sorted(want))
	}
}

func compareRows(t *testing.T, s shape, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%+v: row %d of %d is\n%s\nwant\n%s", s, i, len(got), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%+v: %d rows, want %d", s, len(got), len(want))
	}
}

func texts(rows [][]any) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = rowText(r)
	}
	return out
}

func sorted(rows [][]any) []string {
	out := texts(rows)
	slices.Sort(out)
	return out
}

// rowText is equal for equal rows.
func rowText(r []any) string {
	var b strings.Builder
	for _, x := range r {
		if f, ok := x.(float64); ok {
			fmt.Fprintf(&b, "%.6g|", f*1.000000001) // no tie in rounding
			continue
		}
		fmt.Fprintf(&b, "%v|", x)
	}
	return b.String()
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }

func call(fn string, t mysqltype.Type, args ...plan.Expr) plan.Expr {
	return &plan.Call{Func: fn, Args: args, T: t}
}

func constant(v any, t mysqltype.Type) plan.Expr { return &plan.Const{Value: v, T: t} }
