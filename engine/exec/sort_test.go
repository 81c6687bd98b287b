package exec

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

type order struct {
	column int
	desc   bool
}

func sortKeysOf(cols []plan.Column, by []order) []plan.SortKey {
	var out []plan.SortKey
	for _, o := range by {
		out = append(out, plan.SortKey{Expr: cols[o.column].Ref(), Desc: o.desc})
	}
	return out
}

func compareBy(by []order) func(a, b []any) int {
	return func(a, b []any) int {
		for _, o := range by {
			c := compareAny(a[o.column], b[o.column])
			if o.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}
}

var orders = [][]order{{{0, false}}, {{1, true}}, {{2, false}, {1, true}}, {{3, true}, {4, false}}, {{5, true}}, {{6, false}, {5, false}, {0, true}}, {}}

// inOrder checks that rows are want but for the order of equal keys, which is
// the input's with one worker.
func inOrder(t *testing.T, s shape, got, want [][]any, by []order) {
	t.Helper()
	cmp := compareBy(by)
	want = slices.Clone(want)
	slices.SortStableFunc(want, cmp)
	if s.workers == 1 {
		compareRows(t, s, texts(got), texts(want))
		return
	}
	if !slices.IsSortedFunc(got, cmp) {
		t.Fatalf("%+v: not in order of %v", s, by)
	}
	compareRows(t, s, sorted(got), sorted(want))
}

func TestSort(t *testing.T) {
	for _, tab := range []*table{filled(0, 1), filled(400, 9), filled(900, 300)} {
		for _, by := range orders {
			for _, s := range shapes {
				got, err := run(t, &plan.Sort{Input: tab.scan(s), Keys: sortKeysOf(tab.cols, by)}, s)
				if err != nil {
					t.Fatal(err)
				}
				inOrder(t, s, got, tab.rows, by)
			}
		}
	}
}

func TestSortOfManyRuns(t *testing.T) {
	tab := newTable(1, typeInt, typeInt)
	rng := newRand(2)
	for i := range int64(100000) {
		tab.rows = append(tab.rows, []any{int64(rng.IntN(1000)), i})
	}
	for _, s := range []shape{{1, 2048, 1, 1}, {2, 2048, 5, 4}} {
		got, err := run(t, &plan.Sort{Input: tab.scan(s), Keys: sortKeysOf(tab.cols, []order{{0, true}})}, s)
		if err != nil {
			t.Fatal(err)
		}
		inOrder(t, s, got, tab.rows, []order{{0, true}})
	}
}

func TestSortCollates(t *testing.T) {
	tab := newTable(1, typeCI, typeInt)
	tab.rows = [][]any{{"b", int64(1)}, {"A", int64(2)}, {"a", int64(3)}, {nil, int64(4)}, {"B", int64(5)}, {"á", int64(6)}}
	s := shape{1, 3, 1, 1}
	got, err := run(t, &plan.Sort{Input: tab.scan(s), Keys: sortKeysOf(tab.cols, []order{{0, false}})}, s)
	if err != nil {
		t.Fatal(err)
	}
	compareRows(t, s, texts(got), []string{"<nil>|4|", "A|2|", "a|3|", "á|6|", "b|1|", "B|5|"})
}

func TestTopN(t *testing.T) {
	tab := filled(2500, 40)
	for _, by := range orders[1:5] {
		for _, l := range [][2]int64{{0, 1}, {0, 10}, {3, 25}, {2040, 30}, {2490, 100}, {3, 0}, {2400, -1}} {
			for _, s := range shapes[2:] {
				got, err := run(t, &plan.TopN{Input: tab.scan(s), Keys: sortKeysOf(tab.cols, by), Offset: l[0], Count: l[1]}, s)
				if err != nil {
					t.Fatal(err)
				}
				want := slices.Clone(tab.rows)
				slices.SortStableFunc(want, compareBy(by))
				want = want[min(l[0], 2500):]
				if l[1] >= 0 {
					want = want[:min(int(l[1]), len(want))]
				}
				if s.workers == 1 {
					compareRows(t, s, texts(got), texts(want))
					continue
				}
				if len(got) != len(want) {
					t.Fatalf("%+v %v: %d rows, want %d", s, l, len(got), len(want))
				}
				for i := range got {
					if compareBy(by)(got[i], want[i]) != 0 {
						t.Fatalf("%+v %v: row %d is %v, want %v", s, l, i, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestKeysOrderAsValues(t *testing.T) {
	for _, vals := range [][]any{
		{nil, int64(-1 << 63), int64(-1), int64(0), int64(1<<63 - 1)},
		{nil, uint64(0), uint64(1), uint64(1<<64 - 1)},
		{nil, -1e300, -1.5, 0.0, 1e-300, 1e300},
		{nil, int32(-1 << 31), int32(0), int32(5)},
		{nil, "", "\x00", "\x00\x00", "\x00a", "a", "a\x00", "aa", "b", "\xff", "\xff\xff"},
		{nil, false, true},
		{nil, vec.Int128{Hi: -1 << 63}, vec.Int128From(-1), vec.Int128From(0), vec.Int128{Hi: 1}},
	} {
		kind := vec.NewConstant(kindOf(vals[1]), vals[1], 1).Kind
		b := vec.NewBuilder(kind)
		for _, x := range vals {
			if err := b.Append(x); err != nil {
				t.Fatal(err)
			}
		}
		v := b.Build()
		for i := range vals {
			for j := range vals {
				for _, desc := range []bool{false, true} {
					// Keys that follow must not matter.
					x, y := appendKey(nil, v, i, desc), appendKey(nil, v, j, desc)
					got := slices.Compare(append(x, 255), append(y, 0))
					want := i - j
					if desc {
						want = -want
					}
					if i != j && (got < 0) != (want < 0) {
						t.Errorf("%v and %v (desc %v) compare as %d", vals[i], vals[j], desc, got)
					}
				}
			}
		}
	}
}

func kindOf(x any) vec.Kind {
	switch x.(type) {
	case bool:
		return vec.Bool
	case int32:
		return vec.I32
	case int64:
		return vec.I64
	case uint64:
		return vec.U64
	case float64:
		return vec.F64
	case vec.Int128:
		return vec.I128
	}
	return vec.Bytes
}

func TestSetOperations(t *testing.T) {
	rng := newRand(8)
	a := newTable(1, typeInt, typeText).fill(rng, 120, 4)
	b := newTable(10, typeInt, typeText).fill(rng, 90, 4)
	out := newTable(20, typeInt, typeText).cols
	counts := map[string]int{}
	for _, r := range b.rows {
		counts[rowText(r)]++
	}
	var both, only [][]any
	for _, r := range a.rows {
		if counts[rowText(r)] > 0 {
			counts[rowText(r)]--
			both = append(both, r)
		} else {
			only = append(only, r)
		}
	}
	node := func(kind plan.SetKind) func(shape) plan.Node {
		return func(s shape) plan.Node {
			n := &plan.SetOp{Kind: kind, Ins: []plan.Node{a.scan(s), b.scan(s)}, Cols: out}
			if kind == plan.UnionAll {
				n.Ins = append(n.Ins, &plan.Values{Cols: out, Rows: [][]plan.Expr{{constant(int64(1), typeInt), constant("v", typeText)}}})
			}
			return n
		}
	}
	everyShape(t, append(slices.Concat(a.rows, b.rows), []any{int64(1), "v"}), node(plan.UnionAll))
	everyShape(t, both, node(plan.IntersectAll))
	everyShape(t, only, node(plan.ExceptAll))
}

func TestSharedIsComputedOnce(t *testing.T) {
	tab := newTable(1, typeInt, typeText).fill(newRand(4), 100, 30)
	var want [][]any
	for _, x := range tab.rows {
		for _, y := range tab.rows {
			if x[0] != nil && x[0] == y[0] {
				want = append(want, append(x[:2:2], y...))
			}
		}
	}
	want = append(want, []any{int64(100), nil, nil, nil})
	l, r := newTable(10, typeInt, typeText).cols, newTable(20, typeInt, typeText).cols
	out := newTable(40, typeInt, typeText, typeInt, typeText).cols
	everyShape(t, want, func(s shape) plan.Node {
		def := &plan.SharedDef{Name: "s", Plan: tab.scan(s)}
		share := func(cols []plan.Column) plan.Node { return &plan.Shared{Def: def, Cols: cols} }
		join := &plan.Join{Left: share(l), Right: share(r), Equal: []plan.EqualPair{{Left: l[0].Ref(), Right: r[0].Ref()}}}
		// A third reference stops early, which must not end the others.
		one := &plan.Limit{Input: share(newTable(30, typeInt, typeText).cols), Count: 1}
		count := &plan.Aggregate{Input: one, Cols: newTable(35, typeInt).cols, Aggs: []plan.Agg{{Func: "count", T: typeInt}}}
		hundred := &plan.Project{Input: count, Cols: newTable(50, typeInt, typeText, typeInt, typeText).cols, Exprs: []plan.Expr{
			call(plan.OpAdd, typeInt, count.Cols[0].Ref(), constant(int64(99), typeInt)),
			constant(nil, typeText), constant(nil, typeInt), constant(nil, typeText)}}
		return &plan.SetOp{Ins: []plan.Node{hundred, join}, Cols: out}
	})
}

func TestMaxOneRow(t *testing.T) {
	for n := range 3 {
		tab := newTable(1, typeInt)
		for i := range n {
			tab.rows = append(tab.rows, []any{int64(i + 5)})
		}
		build := func(s shape) plan.Node { return &plan.MaxOneRow{Input: tab.scan(s)} }
		switch n {
		case 0:
			everyShape(t, [][]any{{nil}}, build)
		case 1:
			everyShape(t, [][]any{{int64(5)}}, build)
		default:
			for _, s := range shapes {
				if _, err := run(t, build(s), s); !errors.Is(err, mysqlerr.SubqueryRows()) {
					t.Fatal(fmt.Sprint(s), err)
				}
			}
		}
	}
}
