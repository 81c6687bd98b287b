package exec

import (
	"errors"
	"fmt"
	"testing"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// joinCase is a join of two tables on columns by position, with a residual
// left.c < right.c where less is not negative.
type joinCase struct {
	kind        plan.JoinKind
	equal       []int
	less        int
	nullEqual   bool
	left, right *table
}

func (c *joinCase) node(s shape) plan.Node {
	n := &plan.Join{Kind: c.kind, Left: c.left.scan(s), Right: c.right.scan(s), NullEqual: c.nullEqual,
		Mark: plan.Column{ID: 99, Name: "mark", Type: typeBool}}
	for _, i := range c.equal {
		n.Equal = append(n.Equal, plan.EqualPair{Left: c.left.cols[i].Ref(), Right: c.right.cols[i].Ref()})
	}
	if c.less >= 0 {
		n.On = call(plan.OpLt, typeBool, c.left.cols[c.less].Ref(), c.right.cols[c.less].Ref())
	}
	return n
}

// truth is three-valued: 1, 0 or -1 for NULL.
func (c *joinCase) equals(l, r []any) int {
	out := 1
	for _, i := range c.equal {
		switch {
		case c.nullEqual && l[i] == nil && r[i] == nil:
		case c.nullEqual && (l[i] == nil || r[i] == nil):
			return 0
		case l[i] == nil || r[i] == nil:
			out = -1
		case compareAny(l[i], r[i]) != 0:
			return 0
		}
	}
	return out
}

func (c *joinCase) holds(l, r []any) bool {
	return c.less < 0 || l[c.less] != nil && r[c.less] != nil && compareAny(l[c.less], r[c.less]) < 0
}

// reference is the result the slow way, or that a row has several partners.
func (c *joinCase) reference() (want [][]any, several bool) {
	for _, l := range c.left.rows {
		matches, unknown := 0, false
		for _, r := range c.right.rows {
			if !c.holds(l, r) {
				continue
			}
			switch c.equals(l, r) {
			case 1:
				matches++
				if c.kind == plan.InnerJoin || c.kind == plan.LeftJoin || c.kind == plan.SingleJoin {
					want = append(want, append(l[:len(l):len(l)], r...))
				}
			case -1:
				unknown = true
			}
		}
		several = several || matches > 1
		switch c.kind {
		case plan.InnerJoin:
		case plan.LeftJoin, plan.SingleJoin:
			if matches == 0 {
				want = append(want, append(l[:len(l):len(l)], make([]any, len(c.right.cols))...))
			}
		case plan.SemiJoin:
			if matches > 0 {
				want = append(want, l)
			}
		case plan.AntiJoin:
			if matches == 0 {
				want = append(want, l)
			}
		case plan.NullAwareAntiJoin:
			if matches == 0 && !unknown {
				want = append(want, l)
			}
		case plan.MarkJoin:
			var mark any = matches > 0
			if matches == 0 && unknown {
				mark = nil
			}
			want = append(want, append(l[:len(l):len(l)], mark))
		}
	}
	return want, several
}

func (c *joinCase) check(t *testing.T) {
	t.Helper()
	want, several := c.reference()
	if c.kind == plan.SingleJoin && several {
		for _, s := range shapes {
			if _, err := run(t, c.node(s), s); !errors.Is(err, mysqlerr.SubqueryRows()) {
				t.Fatalf("%+v: %v", s, err)
			}
		}
		return
	}
	everyShape(t, want, c.node)
}

var joinKinds = []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.AntiJoin,
	plan.NullAwareAntiJoin, plan.MarkJoin, plan.SingleJoin}

// withoutNull drops the rows with a NULL in the first two columns.
func (t *table) withoutNull() *table {
	out := &table{cols: t.cols}
	for _, r := range t.rows {
		if r[0] != nil && r[1] != nil {
			out.rows = append(out.rows, r)
		}
	}
	return out
}

// unique keeps one row for each value of the first column.
func (t *table) unique() *table {
	out := &table{cols: t.cols}
	for _, g := range groupRows(t.rows, []int{0}) {
		out.rows = append(out.rows, g[0])
	}
	return out
}

func TestJoin(t *testing.T) {
	types := []mysqltype.Type{typeInt, typeText, typeWide, typeDouble}
	rng := newRand(11)
	left := newTable(1, types...).fill(rng, 60, 12)
	right := newTable(10, types...).fill(rng, 50, 12)
	few := newTable(10, types...).fill(rng, 3, 40)
	tables := map[string]*table{
		"nulls": right, "noNulls": right.withoutNull(), "unique": right.unique(),
		"empty": {cols: right.cols}, "few": few.withoutNull(),
	}
	for _, kind := range joinKinds {
		for name, r := range tables {
			for _, equal := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 3, 0}, nil} {
				for _, less := range []int{-1, 3} {
					for _, nullEqual := range []bool{false, true} {
						if nullEqual && (kind == plan.MarkJoin || kind == plan.NullAwareAntiJoin) {
							continue
						}
						t.Run(fmt.Sprintf("%v/%s/on%v/less%d/%v", kind, name, equal, less, nullEqual), func(t *testing.T) {
							(&joinCase{kind, equal, less, nullEqual, left, r}).check(t)
						})
					}
				}
			}
		}
	}
}

func TestJoinOfEmptyLeft(t *testing.T) {
	left, right := newTable(1, typeInt), newTable(5, typeInt).fill(newRand(1), 10, 4)
	for _, kind := range joinKinds {
		(&joinCase{kind, []int{0}, -1, false, left, right}).check(t)
		(&joinCase{kind, nil, 0, false, left, right}).check(t)
	}
}

// A table beyond serialBuild is built in parts.
func TestLargeJoin(t *testing.T) {
	left, right := newTable(1, typeInt, typeText), newTable(5, typeInt, typeText)
	for i := range int64(50000) {
		right.rows = append(right.rows, []any{i, fmt.Sprint("k", i%40000)})
		if i%7 == 0 {
			left.rows = append(left.rows, []any{i * 2, fmt.Sprint("k", i)})
		}
	}
	for _, on := range []int{0, 1} {
		at := map[any][][]any{}
		for _, r := range right.rows {
			at[r[on]] = append(at[r[on]], r)
		}
		var want [][]any
		for _, l := range left.rows {
			for _, r := range at[l[on]] {
				want = append(want, append(l[:2:2], r...))
			}
		}
		for _, s := range []shape{{1, 2048, 1, 1}, {2, 2048, 8, 4}} {
			got, err := run(t, (&joinCase{plan.InnerJoin, []int{on}, -1, false, left, right}).node(s), s)
			if err != nil {
				t.Fatal(err)
			}
			compareRows(t, s, sorted(got), sorted(want))
		}
	}
}

func TestJoinCollates(t *testing.T) {
	left, right := newTable(1, typeCI), newTable(5, typeCI)
	left.rows = [][]any{{"a"}, {"B"}, {"ç"}}
	right.rows = [][]any{{"A"}, {"á"}, {"C"}, {"d"}}
	everyShape(t, [][]any{{"a", "A"}, {"a", "á"}, {"ç", "C"}}, (&joinCase{plan.InnerJoin, []int{0}, -1, false, left, right}).node)
}

// Stacked joins keep lazy columns and selections right.
func TestJoinOfJoins(t *testing.T) {
	rng := newRand(5)
	a := newTable(1, typeInt, typeText).fill(rng, 80, 10)
	b := newTable(10, typeInt, typeText).fill(rng, 30, 10).unique()
	c := newTable(20, typeInt, typeText).fill(rng, 30, 10)
	var want [][]any
	for _, x := range a.rows {
		for _, y := range b.rows {
			for _, z := range c.rows {
				if x[0] != nil && x[0] == y[0] && x[1] != nil && x[1] == z[1] && y[1] != nil && z[0] != nil {
					want = append(want, append(append(x[:2:2], y...), z...))
				}
			}
		}
	}
	everyShape(t, want, func(s shape) plan.Node {
		ab := &plan.Join{Left: a.scan(s), Right: b.scan(s), Equal: []plan.EqualPair{{Left: a.cols[0].Ref(), Right: b.cols[0].Ref()}}}
		f := &plan.Filter{Input: ab, Cond: plan.Not(call(plan.OpIsNull, typeBool, b.cols[1].Ref()))}
		abc := &plan.Join{Left: f, Right: c.scan(s), Equal: []plan.EqualPair{{Left: a.cols[1].Ref(), Right: c.cols[1].Ref()}}}
		return &plan.Filter{Input: abc, Cond: plan.Not(call(plan.OpIsNull, typeBool, c.cols[0].Ref()))}
	})
}
