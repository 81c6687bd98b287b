package exec

import (
	"slices"
	"testing"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/plan"
)

var allTypes = newTable(1, typeInt, typeText, typeDouble, typeBool, typeDate, typeWide, typeUint)

func filled(n, distinct int) *table {
	return (&table{cols: allTypes.cols}).fill(newRand(7), n, distinct)
}

func TestScan(t *testing.T) {
	tab := filled(500, 20)
	everyShape(t, tab.rows, func(s shape) plan.Node { return tab.scan(s) })
	everyShape(t, nil, func(s shape) plan.Node { return (&table{cols: tab.cols}).scan(s) })
}

func TestScanFiltersExactly(t *testing.T) {
	tab := filled(500, 20)
	var want [][]any
	for _, r := range tab.rows {
		if x, ok := r[0].(int64); ok && x > 14 && r[1] != nil {
			want = append(want, r)
		}
	}
	everyShape(t, want, func(s shape) plan.Node {
		n := tab.scan(s)
		n.Filters = []plan.Expr{
			call(plan.OpGt, typeBool, tab.cols[0].Ref(), constant(int64(14), typeInt)),
			call(plan.OpNot, typeBool, call(plan.OpIsNull, typeBool, tab.cols[1].Ref())),
		}
		return n
	})
}

func TestFilterAndProject(t *testing.T) {
	tab := filled(300, 20)
	var want [][]any
	for _, r := range tab.rows {
		if x, ok := r[0].(int64); ok && x <= 0 {
			want = append(want, []any{r[1], x + 1, r[0]})
		}
	}
	everyShape(t, want, func(s shape) plan.Node {
		f := &plan.Filter{Input: tab.scan(s), Cond: call(plan.OpLe, typeBool, tab.cols[0].Ref(), constant(int64(0), typeInt))}
		return &plan.Project{Input: f, Cols: newTable(20, typeText, typeInt, typeInt).cols, Exprs: []plan.Expr{
			tab.cols[1].Ref(),
			call(plan.OpAdd, typeInt, tab.cols[0].Ref(), constant(int64(1), typeInt)),
			tab.cols[0].Ref(),
		}}
	})
}

func TestPredicates(t *testing.T) {
	tab := newTable(1, typeInt, typeText, typeCents)
	n := tab.scan(shapes[0])
	n.Ordinals = []int{2, 1, 0} // the source has them the other way round
	src := n.Source.(*source)
	slices.Reverse(src.cols)
	i, s, d := tab.cols[0].Ref(), tab.cols[1].Ref(), tab.cols[2].Ref()
	ci := *s
	ci.T.Collation = 1
	n.Filters = []plan.Expr{
		call(plan.OpAnd, typeBool,
			call(plan.OpLt, typeBool, constant(int64(3), typeInt), i),
			call(plan.OpIsNull, typeBool, s)),
		call(plan.OpNot, typeBool, call(plan.OpIsNull, typeBool, i)),
		&plan.InList{Arg: s, List: []*plan.Const{{Value: "a", T: typeText}, {T: typeText}}},
		&plan.InList{Arg: s, Negate: true, List: []*plan.Const{{Value: "a", T: typeText}}},
		call(plan.OpEq, typeBool, i, constant(nil, typeInt)),
		call(plan.OpEq, typeBool, &ci, constant("x", ci.T)),
		call(plan.OpEq, typeBool, d, constant(int64(100), typeCents)),
		call(plan.OpEq, typeBool, d, constant(int64(100), typeInt)),
		call(plan.OpOr, typeBool, call(plan.OpIsNull, typeBool, s), call(plan.OpIsNull, typeBool, i)),
		call(plan.OpEq, typeBool, i, i),
	}
	want := []connectors.Predicate{
		{Column: 2, Op: connectors.Gt, Values: []any{int64(3)}},
		{Column: 1, Op: connectors.IsNull},
		{Column: 2, Op: connectors.IsNotNull},
		{Column: 1, Op: connectors.In, Values: []any{"a"}},
		{Column: 0, Op: connectors.Eq, Values: []any{int64(100)}},
	}
	got := predicates(n)
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for k := range want {
		if got[k].Column != want[k].Column || got[k].Op != want[k].Op || !slices.Equal(got[k].Values, want[k].Values) {
			t.Errorf("predicate %d is %+v, want %+v", k, got[k], want[k])
		}
	}
}

func TestLimit(t *testing.T) {
	tab := filled(300, 20)
	for _, s := range shapes {
		for _, l := range [][2]int64{{0, 10}, {5, 0}, {290, 50}, {7, -1}, {400, 3}, {0, 300}} {
			got, err := run(t, &plan.Limit{Input: tab.scan(s), Offset: l[0], Count: l[1]}, s)
			if err != nil {
				t.Fatal(err)
			}
			want := max(0, 300-l[0])
			if l[1] >= 0 {
				want = min(want, l[1])
			}
			if int64(len(got)) != want {
				t.Fatalf("%+v limit %v: %d rows, want %d", s, l, len(got), want)
			}
		}
	}
}

func TestValues(t *testing.T) {
	cols := newTable(1, typeInt, typeText).cols
	var n plan.Values
	n.Cols = cols
	var want [][]any
	for i := range int64(3000) {
		n.Rows = append(n.Rows, []plan.Expr{constant(i, typeInt), constant(nil, typeText)})
		want = append(want, []any{i, nil})
	}
	everyShape(t, want, func(shape) plan.Node { return &n })
	everyShape(t, [][]any{{}}, func(shape) plan.Node { return &plan.Values{Rows: [][]plan.Expr{{}}} })
}
