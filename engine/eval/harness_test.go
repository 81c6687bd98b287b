package eval

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Types and expressions, short enough for tables.

func ty(id mysqltype.ID) mysqltype.Type { return mysqltype.Type{ID: id} }
func dec(p, s uint8) mysqltype.Type {
	return mysqltype.Type{ID: mysqltype.Decimal, Precision: p, Scale: s}
}

var (
	unsigned = mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}
	tInt     = ty(mysqltype.BigInt)
	tText    = ty(mysqltype.VarChar)
	tBool    = ty(mysqltype.Bool)
	tDouble  = ty(mysqltype.Double)
	tDate    = ty(mysqltype.Date)
	tMoment  = ty(mysqltype.DateTime)
)

func colRef(i int, t mysqltype.Type) plan.Expr {
	return &plan.ColumnRef{ID: plan.ColumnID(i + 1), T: t}
}

func lit(t mysqltype.Type, v any) *plan.Const { return &plan.Const{Value: v, T: t} }

func fn(name string, t mysqltype.Type, args ...plan.Expr) plan.Expr {
	return &plan.Call{Func: name, Args: args, T: t}
}

func columnsOf(types []mysqltype.Type) []plan.Column {
	cols := make([]plan.Column, len(types))
	for i, t := range types {
		cols[i] = plan.Column{ID: plan.ColumnID(i + 1), Type: t}
	}
	return cols
}

// outcome is one row's result: a value, whether it warned, or an error.
type outcome struct {
	value any
	warns int
	err   bool
}

func testEnv(warns *int) *Env {
	return &Env{
		Now:       time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		Functions: mysqlfn.New(),
		Warn:      func(uint16, string) { *warns++ },
	}
}

// check evaluates e over random rows, in batches of several sizes and columns in
// all forms, under random selections, and compares with ref row by row.
func check(t *testing.T, e plan.Expr, types []mysqltype.Type, gen []func(*rand.Rand) any, ref func(row []any) outcome) {
	t.Helper()
	rng := rand.New(rand.NewSource(1))
	for _, n := range []int{1, 3, 2048} {
		for round := range 15 {
			rows := make([][]any, n)
			for i := range rows {
				rows[i] = make([]any, len(types))
			}
			cols := make([]*vec.Vector, len(types))
			for c := range types {
				cols[c] = randomColumn(rng, types[c], gen[c], rows, c, round)
			}
			sel := randomSelection(rng, n)
			want, wantWarns, wantErr := make([]any, n), 0, false
			for _, i := range selected(sel, n) {
				o := ref(rows[i])
				want[i], wantWarns, wantErr = o.value, wantWarns+o.warns, wantErr || o.err
			}
			warns := 0
			ev, err := Compile(e, columnsOf(types), testEnv(&warns))
			if err != nil {
				t.Fatalf("compile: %v", errors.Unwrap(err))
			}
			for pass := range 2 { // the second meets used scratch and memos
				warns = 0
				b := vec.NewBatch(n, cols...)
				b.Sel = sel
				got, err := ev.Eval(context.Background(), b)
				if (err != nil) != wantErr {
					t.Fatalf("n=%d round=%d: error %v (%v), want one: %v", n, round, err, errors.Unwrap(orNil(err)), wantErr)
				}
				if err != nil {
					break
				}
				for _, i := range selected(sel, n) {
					if g := got.Value(i); !same(g, want[i]) {
						t.Fatalf("n=%d round=%d pass=%d row %d %v: got %v (%T), want %v (%T)\n%s", n, round, pass, i, rows[i], g, g, want[i], want[i], forms(cols))
					}
				}
				if allFlat(cols) && warns != wantWarns {
					t.Fatalf("n=%d round=%d: %d warnings, want %d", n, round, warns, wantWarns)
				}
			}
			if e.Type().ID == mysqltype.Bool && !wantErr {
				checkFilter(t, ev, cols, n, sel, want)
			}
		}
	}
}

func orNil(err error) error {
	if err == nil {
		return errors.New("")
	}
	return err
}

func checkFilter(t *testing.T, ev *Evaluator, cols []*vec.Vector, n int, sel vec.Selection, want []any) {
	t.Helper()
	b := vec.NewBatch(n, cols...)
	b.Sel = sel
	got, err := ev.Filter(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	expect := vec.Selection{}
	for _, i := range selected(sel, n) {
		if want[i] == true {
			expect = append(expect, uint32(i))
		}
	}
	if fmt.Sprint(selected(got, n)) != fmt.Sprint(selected(expect, n)) {
		t.Fatalf("filter: got %v, want %v", got, expect)
	}
}

func allFlat(cols []*vec.Vector) bool {
	for _, c := range cols {
		if c.Form != vec.Flat {
			return false
		}
	}
	return true
}

func forms(cols []*vec.Vector) string {
	s := "forms"
	for _, c := range cols {
		s += fmt.Sprint(" ", c.Form)
	}
	return s
}

func same(a, b any) bool {
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && (x == y || x != x && y != y)
	}
	return reflect.DeepEqual(a, b)
}

func selected(sel vec.Selection, n int) []int {
	out := []int{}
	eachRow(sel, n, func(i int) { out = append(out, i) })
	return out
}

func randomSelection(rng *rand.Rand, n int) vec.Selection {
	p := []float64{-1, 0, 0.05, 0.5, 0.95}[rng.Intn(5)]
	if p < 0 {
		return nil
	}
	sel := vec.Selection{}
	for i := range n {
		if rng.Float64() < p {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

// randomColumn makes a column in a form that depends on the round, and writes
// its values into rows.
func randomColumn(rng *rand.Rand, t mysqltype.Type, gen func(*rand.Rand) any, rows [][]any, c, round int) *vec.Vector {
	n := len(rows)
	nulls := []float64{0, 0.2, 0.9}[rng.Intn(3)]
	value := func() any {
		if rng.Float64() < nulls {
			return nil
		}
		return gen(rng)
	}
	form := vec.Form(rng.Intn(3))
	if round < 3 {
		form = vec.Form(round)
	}
	b := vec.NewBuilder(t.Kind())
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	switch form {
	case vec.Constant:
		x := value()
		for i := range rows {
			rows[i][c] = x
		}
		return vec.NewConstant(t.Kind(), x, n)
	case vec.Dictionary:
		size := 1 + rng.Intn(40)
		for range size {
			must(b.Append(gen(rng)))
		}
		v := &vec.Vector{Kind: t.Kind(), Form: vec.Dictionary, N: n, Dict: &vec.Dict{Values: b.Build()}}
		width := rng.Intn(3)
		for i := range rows {
			code := rng.Intn(size)
			switch width {
			case 0:
				v.Codes.U8 = append(v.Codes.U8, uint8(code))
			case 1:
				v.Codes.U16 = append(v.Codes.U16, uint16(code))
			default:
				v.Codes.U32 = append(v.Codes.U32, uint32(code))
			}
			if rng.Float64() < nulls {
				if v.Nulls == nil {
					v.Nulls = vec.NewBitmap(n)
				}
				v.Nulls.Set(i)
			}
			rows[i][c] = v.Value(i)
		}
		return v
	case vec.Flat:
	}
	for i := range rows {
		rows[i][c] = value()
		must(b.Append(rows[i][c]))
	}
	return b.Build()
}

// strict makes a reference that gives NULL for a NULL argument.
func strict(f func(row []any) outcome) func(row []any) outcome {
	return func(row []any) outcome {
		for _, x := range row {
			if x == nil {
				return outcome{}
			}
		}
		return f(row)
	}
}

func value(v any) outcome { return outcome{value: v} }
