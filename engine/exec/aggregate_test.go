package exec

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var (
	typeSum = mysqltype.Type{ID: mysqltype.Decimal, Precision: 41}
	typeAvg = mysqltype.Type{ID: mysqltype.Decimal, Precision: 18, Scale: 4}
	typeCI  = mysqltype.Type{ID: mysqltype.VarChar, Length: 20, Collation: mysqltype.AI0900}
)

// groupRows divides rows by the given columns.
func groupRows(rows [][]any, by []int) [][][]any {
	at := map[string]int{}
	var out [][][]any
	for _, r := range rows {
		var key []any
		for _, i := range by {
			key = append(key, r[i])
		}
		k := rowText(key)
		if _, ok := at[k]; !ok {
			at[k] = len(out)
			out = append(out, nil)
		}
		out[at[k]] = append(out[at[k]], r)
	}
	return out
}

// values are those of column i that are not NULL; distinct ones if asked.
func values(rows [][]any, i int, distinct bool) []any {
	var out []any
	for _, r := range rows {
		if r[i] != nil && !(distinct && slices.Contains(out, r[i])) {
			out = append(out, r[i])
		}
	}
	return out
}

// reference computes an aggregate of column i the slow way.
func reference(a plan.Agg, rows [][]any, i int) any {
	if a.Func == "count" && len(a.Args) == 0 {
		return int64(len(rows))
	}
	vals := values(rows, i, a.Distinct)
	if a.Func == "count" {
		return int64(len(vals))
	}
	if a.Func == "group_concat" {
		return referenceConcat(a, vals)
	}
	if len(vals) == 0 {
		return nil
	}
	if a.Func == "min" || a.Func == "max" {
		best := vals[0]
		for _, x := range vals {
			if (compareAny(x, best) > 0) == (a.Func == "max") {
				best = x
			}
		}
		return best
	}
	if x, ok := vals[0].(float64); ok {
		_ = x
		return referenceFloat(a, vals)
	}
	sum := new(big.Int)
	for _, x := range vals {
		sum.Add(sum, bigOf(x))
	}
	if a.Func == "sum" {
		return sum.String()
	}
	return sum.Quo(sum.Mul(sum, big.NewInt(10_000)), big.NewInt(int64(len(vals)))).String() // cut off
}

func bigOf(x any) *big.Int {
	switch x := x.(type) {
	case int64:
		return big.NewInt(x)
	case uint64:
		return new(big.Int).SetUint64(x)
	}
	return x.(vec.Int128).Big()
}

func referenceFloat(a plan.Agg, vals []any) any {
	var sum, m2 float64
	for _, x := range vals {
		sum += x.(float64)
	}
	n := float64(len(vals))
	for _, x := range vals {
		d := x.(float64) - sum/n
		m2 += d * d
	}
	switch a.Func {
	case "sum":
		return sum
	case "avg":
		return sum / n
	case "std":
		return math.Sqrt(m2 / n)
	case "var_pop":
		return m2 / n
	}
	if n < 2 {
		return nil
	}
	if a.Func == "var_samp" {
		return m2 / (n - 1)
	}
	return math.Sqrt(m2 / (n - 1))
}

func referenceConcat(a plan.Agg, vals []any) any {
	if len(vals) == 0 {
		return nil
	}
	slices.SortFunc(vals, func(x, y any) int { return -compareAny(x, y) })
	var out []string
	for _, x := range vals {
		out = append(out, x.(string))
	}
	return strings.Join(out, a.Separator)
}

// compareAny orders values of one kind; NULL is the least.
func compareAny(a, b any) int {
	if a == nil || b == nil {
		switch {
		case a == b:
			return 0
		case a == nil:
			return -1
		}
		return 1
	}
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		return compareAny(map[bool]int64{true: 1}[x], map[bool]int64{true: 1}[b.(bool)])
	case float64:
		return int(math.Copysign(1, x-b.(float64))) * map[bool]int{true: 0, false: 1}[x == b.(float64)]
	case int32:
		return int(x) - int(b.(int32))
	}
	return bigOf(a).Cmp(bigOf(b))
}

// normal makes decimals comparable with the reference's texts: digits without a
// point, of the sign that a zero has not.
func normal(rows [][]any) [][]any {
	for _, r := range rows {
		for i, x := range r {
			s, ok := x.(string)
			if !ok {
				continue
			}
			if b, ok := new(big.Int).SetString(s, 10); ok && s != "0" && strings.TrimLeft(s, "-0") != "" || ok && strings.Trim(s, "-0") == "" {
				r[i] = b.String()
			}
		}
	}
	return rows
}

var aggregates = []struct {
	column int // of allTypes
	agg    plan.Agg
}{
	{0, plan.Agg{Func: "count", T: typeInt}},
	{1, plan.Agg{Func: "count", T: typeInt}},
	{0, plan.Agg{Func: "sum", T: typeSum}},
	{0, plan.Agg{Func: "avg", T: typeAvg}},
	{6, plan.Agg{Func: "sum", T: typeSum}},
	{5, plan.Agg{Func: "sum", T: typeWide}},
	{2, plan.Agg{Func: "sum", T: typeDouble}},
	{2, plan.Agg{Func: "avg", T: typeDouble}},
	{2, plan.Agg{Func: "std", T: typeDouble}},
	{2, plan.Agg{Func: "stddev_samp", T: typeDouble}},
	{2, plan.Agg{Func: "var_pop", T: typeDouble}},
	{2, plan.Agg{Func: "var_samp", T: typeDouble}},
	{0, plan.Agg{Func: "min", T: typeInt}},
	{1, plan.Agg{Func: "max", T: typeText}},
	{1, plan.Agg{Func: "min", T: typeText}},
	{2, plan.Agg{Func: "max", T: typeDouble}},
	{3, plan.Agg{Func: "min", T: typeBool}},
	{4, plan.Agg{Func: "max", T: typeDate}},
	{5, plan.Agg{Func: "min", T: typeWide}},
	{6, plan.Agg{Func: "max", T: typeUint}},
	{0, plan.Agg{Func: "count", Distinct: true, T: typeInt}},
	{1, plan.Agg{Func: "count", Distinct: true, T: typeInt}},
	{0, plan.Agg{Func: "sum", Distinct: true, T: typeSum}},
	{0, plan.Agg{Func: "avg", Distinct: true, T: typeAvg}},
	{1, plan.Agg{Func: "min", Distinct: true, T: typeText}},
	{1, plan.Agg{Func: "group_concat", Separator: ";", T: typeText, OrderBy: []plan.SortKey{{Expr: allTypes.cols[1].Ref(), Desc: true}}}},
	{1, plan.Agg{Func: "group_concat", Separator: ",", Distinct: true, T: typeText, OrderBy: []plan.SortKey{{Expr: allTypes.cols[1].Ref(), Desc: true}}}},
}

func TestAggregate(t *testing.T) {
	for _, by := range [][]int{nil, {0}, {1}, {3}, {4}, {5}, {2, 6}, {1, 3}, {0, 1, 5}} {
		for _, size := range []struct{ rows, distinct int }{{0, 5}, {1, 5}, {200, 6}, {400, 150}} {
			t.Run(fmt.Sprintf("by%v/%d", by, size.rows), func(t *testing.T) {
				tab := filled(size.rows, size.distinct)
				var aggs []plan.Agg
				var types []mysqltype.Type
				var groups []plan.Expr
				for _, i := range by {
					groups = append(groups, tab.cols[i].Ref())
					types = append(types, tab.cols[i].Type)
				}
				for i, a := range aggregates {
					if i > 0 {
						a.agg.Args = []plan.Expr{tab.cols[a.column].Ref()}
					}
					aggs = append(aggs, a.agg)
					types = append(types, a.agg.T)
				}
				parts := groupRows(tab.rows, by)
				if by == nil && len(parts) == 0 {
					parts = [][][]any{nil}
				}
				var want [][]any
				for _, rows := range parts {
					var row []any
					for _, i := range by {
						row = append(row, rows[0][i])
					}
					for i, a := range aggs {
						row = append(row, reference(a, rows, aggregates[i].column))
					}
					want = append(want, row)
				}
				normal(want)
				everyShape(t, want, func(s shape) plan.Node {
					return &plan.Aggregate{Input: tab.scan(s), GroupBy: groups, Aggs: aggs, Cols: newTable(50, types...).cols}
				})
			})
		}
	}
}

func TestDistinctRows(t *testing.T) {
	tab := filled(500, 4)
	tab.cols = tab.cols[3:5]
	var want [][]any
	for i := range tab.rows {
		tab.rows[i] = tab.rows[i][3:5]
	}
	for _, g := range groupRows(tab.rows, []int{0, 1}) {
		want = append(want, g[0])
	}
	everyShape(t, want, func(s shape) plan.Node {
		return &plan.Aggregate{Input: tab.scan(s), GroupBy: refs(tab.cols), Cols: tab.cols}
	})
}

func TestManyGroups(t *testing.T) {
	tab := newTable(1, typeInt, typeText)
	counts := map[int64]int64{}
	rng := newRand(3)
	for range 60000 {
		x := int64(rng.IntN(30000))
		counts[x]++
		tab.rows = append(tab.rows, []any{x, fmt.Sprint("k", x)})
	}
	var want [][]any
	for x, n := range counts {
		want = append(want, []any{x, fmt.Sprint("k", x), n})
	}
	for _, s := range []shape{{1, 2048, 1, 1}, {2, 2048, 8, 4}} {
		n := &plan.Aggregate{Input: tab.scan(s), GroupBy: refs(tab.cols), Aggs: []plan.Agg{{Func: "count", T: typeInt}},
			Cols: newTable(50, typeInt, typeText, typeInt).cols}
		got, err := run(t, n, s)
		if err != nil {
			t.Fatal(err)
		}
		compareRows(t, s, sorted(got), sorted(want))
	}
}

func TestBitAggregates(t *testing.T) {
	tab := newTable(1, typeUint)
	tab.rows = [][]any{{uint64(12)}, {nil}, {uint64(10)}}
	none := &table{cols: tab.cols}
	aggs := []plan.Agg{}
	for _, f := range []string{"bit_and", "bit_or", "bit_xor", "any_value"} {
		aggs = append(aggs, plan.Agg{Func: f, Args: refs(tab.cols), T: typeUint})
	}
	build := func(tab *table) func(shape) plan.Node {
		return func(s shape) plan.Node {
			return &plan.Aggregate{Input: tab.scan(s), Aggs: aggs[:3], Cols: newTable(9, typeUint, typeUint, typeUint).cols}
		}
	}
	everyShape(t, [][]any{{uint64(8), uint64(14), uint64(6)}}, build(tab))
	everyShape(t, [][]any{{uint64(math.MaxUint64), uint64(0), uint64(0)}}, build(none))
	one := &table{cols: tab.cols, rows: [][]any{{uint64(5)}, {uint64(5)}}}
	pick := func(tab *table) func(shape) plan.Node {
		return func(s shape) plan.Node {
			return &plan.Aggregate{Input: tab.scan(s), Aggs: aggs[3:], Cols: newTable(9, typeUint).cols}
		}
	}
	everyShape(t, [][]any{{uint64(5)}}, pick(one))
	everyShape(t, [][]any{{nil}}, pick(none))
}

func TestGroupsCollate(t *testing.T) {
	tab := newTable(1, typeCI, typeInt)
	tab.rows = [][]any{{"a", int64(1)}, {"A", int64(2)}, {"b", int64(4)}, {"Á", int64(8)}, {nil, int64(16)}}
	everyShape(t, [][]any{{vec.Int128From(11), int64(1)}, {vec.Int128From(4), int64(1)}, {vec.Int128From(16), int64(0)}}, func(s shape) plan.Node {
		return &plan.Project{
			Input: &plan.Aggregate{Input: tab.scan(s), GroupBy: []plan.Expr{tab.cols[0].Ref()}, Aggs: []plan.Agg{
				{Func: "sum", Args: []plan.Expr{tab.cols[1].Ref()}, T: typeSum},
				{Func: "count", Distinct: true, Args: []plan.Expr{tab.cols[0].Ref()}, T: typeInt},
			}, Cols: newTable(9, typeCI, typeSum, typeInt).cols},
			Exprs: refs(newTable(10, typeSum, typeInt).cols), Cols: newTable(20, typeSum, typeInt).cols,
		}
	})
}

func TestMinGroupDropsSmallGroups(t *testing.T) {
	tab := newTable(1, typeInt, typeInt)
	for i := range int64(40) {
		tab.rows = append(tab.rows, []any{i % 4, i % 8}, []any{i % 4, nil})
	}
	tab.rows = append(tab.rows, []any{int64(9), int64(1)}, []any{int64(9), int64(1)}, []any{int64(9), int64(2)})
	build := func(size int) func(shape) plan.Node {
		return func(s shape) plan.Node {
			return &plan.Aggregate{Input: tab.scan(s), GroupBy: refs(tab.cols[:1]), Aggs: []plan.Agg{{Func: "count", T: typeInt}},
				Cols: newTable(9, typeInt, typeInt).cols, MinGroup: &plan.MinGroup{Size: size, Entity: 2, Policy: "p"}}
		}
	}
	all := [][]any{{int64(0), int64(20)}, {int64(1), int64(20)}, {int64(2), int64(20)}, {int64(3), int64(20)}, {int64(9), int64(3)}}
	everyShape(t, all, build(2))
	everyShape(t, nil, build(3))
	everyShape(t, nil, func(s shape) plan.Node {
		n := build(3)(s).(*plan.Aggregate)
		n.GroupBy, n.Cols = nil, n.Cols[1:]
		n.MinGroup.Size = 9
		return n
	})
}

func TestSumOverflows(t *testing.T) {
	tab := newTable(1, typeWide)
	x, _ := new(big.Int).SetString(strings.Repeat("9", 38), 10)
	most, _ := vec.Int128FromBig(x)
	tab.rows = [][]any{{most}, {vec.Int128From(1)}}
	for _, s := range shapes {
		n := &plan.Aggregate{Input: tab.scan(s), Aggs: []plan.Agg{{Func: "sum", Args: refs(tab.cols), T: typeWide}}, Cols: tab.cols}
		if _, err := run(t, n, s); !errors.Is(err, mysqlerr.OutOfRange("", "")) {
			t.Fatalf("%+v: %v", s, err)
		}
	}
}
