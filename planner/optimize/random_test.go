package optimize_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/optimize"
	"github.com/meshql/meshql/planner/plan"
)

var (
	queries = flag.Int("queries", 500, "number of random queries")
	seed    = flag.Int64("seed", 1, "seed of the random queries")
)

const randomColumns = `k int
v int
s varchar(10)
d decimal(10,2)`

// TestRandom wants the same rows from a plan as it is bound, its subqueries
// evaluated for each row, after all rules, and with each rule left out.
func TestRandom(t *testing.T) {
	m := newMesh()
	for i, name := range []string{"shop.a", "shop.b", "shop.c"} {
		m.product(t, name, randomColumns, 6, int64(10*i*i+5), *seed+int64(i))
	}
	m.product(t, "shop.e", randomColumns, 0, 0, 1) // no rows
	m.product(t, "shop.i", strings.ReplaceAll(randomColumns, "varchar(10)", "varchar(10) collate utf8mb4_0900_as_ci"), 6, 50, *seed+9)
	m.product(t, "shop.g", randomColumns, 7, 70, *seed+10)
	m.decide(t, "shop.g", "rows v > 0 or s = 'a'\nmask d null")
	m.product(t, "shop.m", randomColumns, 7, 70, *seed+11)
	m.decide(t, "shop.m", "mask v v + 1")
	ran, refused := 0, map[string]int{}
	for i := range *queries {
		g := &generator{rnd: rand.New(rand.NewSource(*seed*1_000_003 + int64(i)))}
		sql := g.query(2)
		root, err := m.bind(sql)
		if err != nil {
			if mysqlerr.From(err).Code == 1105 {
				t.Fatalf("%s\n%s", sql, errorText(err))
			}
			refused["bind: "+mysqlerr.From(err).Message]++
			continue
		}
		if why := m.check(root, ""); why != "" {
			if strings.HasPrefix(why, "refused: ") {
				refused[why]++
				continue
			}
			t.Fatalf("query %d: %s\n%s", i, sql, why)
		}
		ran++
		if i%20 != 0 {
			continue
		}
		for _, r := range optimize.Rules() {
			if why := m.check(root, r); why != "" && !strings.HasPrefix(why, "refused: ") {
				t.Fatalf("query %d without %s: %s\n%s", i, r, sql, why)
			}
		}
	}
	t.Logf("%d queries ran; refused: %v", ran, refused)
	if ran < *queries/2 {
		t.Errorf("only %d of %d queries ran", ran, *queries)
	}
}

// check compares the answers of a plan before and after optimization.
func (m *mesh) check(root plan.Node, without string) string {
	want := answer(root)
	opts := m.options()
	opts.Disable = []string{without}
	out, err := optimize.Optimize(context.Background(), root, opts)
	if err != nil {
		if mysqlerr.From(err).Code == 1235 {
			return "refused: " + err.Error()
		}
		return errorText(err) + plan.Format(root, plan.FormatOptions{IDs: true})
	}
	got := answer(out)
	// An error may be met or not, depending on the order of evaluation.
	if got == want || strings.HasPrefix(got, "ERROR 1242") || strings.HasPrefix(want, "ERROR 1242") {
		return ""
	}
	ids := plan.FormatOptions{IDs: true}
	why := fmt.Sprintf("got\n%s\nwant\n%s\nbound\n%soptimized\n%s", got, want, plan.Format(root, ids), plan.Format(out, ids))
	opts.Trace = func(rule string, _, after plan.Node) {
		if got := answer(after); got != want && !strings.Contains(why, "first wrong") {
			why += "first wrong after " + rule + "\n" + plan.Format(after, ids)
		}
	}
	_, _ = optimize.Optimize(context.Background(), root, opts)
	return why
}

// generator writes random queries.
type generator struct {
	rnd    *rand.Rand
	tables int
	scope  []string // aliases that can be read, inner ones last
}

func (g *generator) pick(list ...string) string { return list[g.rnd.Intn(len(list))] }

func (g *generator) chance(n int) bool { return g.rnd.Intn(n) == 0 }

// query is a SELECT with joins, WHERE, maybe GROUP BY, or a union of two.
func (g *generator) query(depth int) string {
	if g.chance(8) {
		op := g.pick("union", "union all", "intersect", "except")
		return g.selectList(depth, 2) + " " + op + " " + g.selectList(depth, 2)
	}
	return g.selectList(depth, 1+g.rnd.Intn(3))
}

// table gives a FROM item and puts its alias in scope.
func (g *generator) table(depth int) string {
	g.tables++
	alias := fmt.Sprintf("t%d", g.tables)
	var from string
	if depth > 0 && g.chance(5) {
		from = "(" + g.derived(depth-1) + ") " + alias
	} else {
		from = g.pick("a", "b", "c", "a", "b", "e", "i", "g", "m") + " " + alias
	}
	g.scope = append(g.scope, alias)
	return from
}

// derived is a query with the columns of a table.
func (g *generator) derived(depth int) string {
	outer := g.scope
	g.scope = nil
	defer func() { g.scope = outer }()
	from := g.table(depth)
	a := g.scope[0]
	switch g.rnd.Intn(4) {
	case 0:
		return fmt.Sprintf("select %s.k, sum(%s.v) v, max(%s.s) s, min(%s.d) d from %s group by %s.k", a, a, a, a, from, a)
	case 1:
		return fmt.Sprintf("select distinct %s.k, %s.v, %s.s, %s.d from %s where %s", a, a, a, a, from, g.cond(depth))
	case 2:
		b := g.table(0)
		alias := g.scope[1]
		return fmt.Sprintf("select %s.k, %s.v, %s.s, %s.d from %s union all select %s.k, %s.v + 1, %s.s, %s.d from %s", a, a, a, a, from, alias, alias, alias, alias, b)
	}
	return fmt.Sprintf("select %s.k + 1 k, %s.v, %s.s, %s.d from %s where %s", a, a, a, a, from, g.cond(depth))
}

func (g *generator) from(depth int) string {
	from := g.table(depth)
	for range g.rnd.Intn(3) {
		switch g.rnd.Intn(4) {
		case 0:
			from += ", " + g.table(depth)
		case 1:
			from += " left join " + g.table(depth) + " on " + g.cond(depth-1)
		default:
			from += " join " + g.table(depth) + " on " + g.joinCond()
		}
	}
	return from
}

func (g *generator) joinCond() string {
	n := len(g.scope)
	if n < 2 {
		return "1 = 1"
	}
	c := fmt.Sprintf("%s.%s = %s.%s", g.scope[n-1], "k", g.scope[n-2], g.pick("k", "v"))
	if g.chance(3) {
		c += " and " + g.cond(0)
	}
	return c
}

func (g *generator) selectList(depth, width int) string {
	outer := g.scope
	defer func() { g.scope = outer }()
	own := len(outer)
	g.scope = append([]string(nil), outer...)
	from := g.from(depth)
	where := ""
	if !g.chance(4) {
		where = " where " + g.cond(depth)
	}
	mine := g.scope[own:]
	if g.chance(3) {
		key := mine[g.rnd.Intn(len(mine))] + "." + g.pick("k", "s")
		list := []string{key}
		for len(list) < width {
			list = append(list, g.aggregate(mine))
		}
		group := " group by " + key
		if width == 1 && g.chance(2) {
			list, group = []string{g.aggregate(mine)}, ""
		}
		having := ""
		if g.chance(3) {
			having = " having " + g.aggregate(mine) + g.pick(" > ", " < ", " = ") + "1"
		}
		return "select " + strings.Join(list, ", ") + " from " + from + where + group + having
	}
	var list []string
	for i := range width {
		list = append(list, fmt.Sprintf("%s x%d", g.value(depth), i))
	}
	return "select " + g.pick("", "", "distinct ") + strings.Join(list, ", ") + " from " + from + where
}

func (g *generator) aggregate(mine []string) string {
	c := mine[g.rnd.Intn(len(mine))] + "." + g.pick("k", "v")
	return g.pick("count(*)", "count("+c+")", "sum("+c+")", "min("+c+")", "max("+c+")", "count(distinct "+c+")")
}

func (g *generator) column(names ...string) string {
	return g.scope[g.rnd.Intn(len(g.scope))] + "." + g.pick(names...)
}

// value is a number.
func (g *generator) value(depth int) string {
	switch g.rnd.Intn(8) {
	case 0:
		return fmt.Sprint(g.rnd.Intn(4))
	case 1:
		return g.column("k", "v") + " + " + g.column("k", "v")
	case 2:
		if depth > 0 {
			return "(" + g.scalar(depth-1) + ")"
		}
	case 3:
		return "case when " + g.cond(depth-1) + " then " + g.column("k", "v") + " else " + g.column("k", "v") + " end"
	case 4:
		return "coalesce(" + g.column("k", "v") + ", " + fmt.Sprint(g.rnd.Intn(3)) + ")"
	}
	return g.column("k", "v")
}

// scalar is a subquery of one row at most, or maybe not.
func (g *generator) scalar(depth int) string {
	outer := g.scope
	defer func() { g.scope = outer }()
	own := len(outer)
	g.scope = append([]string(nil), outer...)
	from := g.from(depth)
	mine := g.scope[own:]
	where := " where " + g.correlation(own) + " and " + g.cond(depth)
	if g.chance(6) {
		return "select " + mine[0] + ".v from " + from + where
	}
	agg := g.aggregate(mine)
	if g.chance(3) {
		agg += " + 1"
	}
	if g.chance(6) {
		where += " having count(*) > 1"
	}
	return "select " + agg + " from " + from + where
}

// correlation compares a column of the outer scope with one of the query's.
func (g *generator) correlation(own int) string {
	if own == 0 || g.chance(4) {
		return "1 = 1"
	}
	o := g.scope[g.rnd.Intn(own)]
	i := g.scope[own+g.rnd.Intn(len(g.scope)-own)]
	if g.chance(6) {
		return fmt.Sprintf("%s.s = %s.s", i, o)
	}
	return fmt.Sprintf("%s.%s %s %s.%s", i, g.pick("k", "v"), g.pick("=", "=", "=", "<", "<>"), o, g.pick("k", "v"))
}

func (g *generator) cond(depth int) string {
	if depth > 0 && g.chance(2) {
		return g.nested(depth)
	}
	switch g.rnd.Intn(9) {
	case 0:
		return "(" + g.cond(depth) + " or " + g.cond(depth) + ")"
	case 1:
		return "(" + g.cond(depth) + " and " + g.cond(depth) + ")"
	case 2:
		return "not (" + g.cond(depth) + ")"
	case 3:
		return g.column("k", "v", "s", "d") + g.pick(" is null", " is not null")
	case 4:
		return g.column("k", "v") + g.pick(" in ", " not in ") + g.pick("(1, 2)", "(1, null)", "(3)")
	case 5:
		return g.column("s") + g.pick(" = ", " <> ", " > ") + g.pick("'a'", "'B'", g.column("s"))
	case 6:
		return g.column("k") + " = " + g.column("k", "v")
	}
	return g.column("k", "v", "d") + g.pick(" = ", " < ", " >= ", " <> ", " <=> ") + g.value(0)
}

// nested is a condition with a subquery.
func (g *generator) nested(depth int) string {
	outer := g.scope
	defer func() { g.scope = outer }()
	left := g.column("k", "v")
	second := g.column("k", "v")
	own := len(outer)
	kind := g.rnd.Intn(5)
	if kind == 4 {
		return left + g.pick(" = ", " < ", " <> ") + "(" + g.scalar(depth-1) + ")"
	}
	g.scope = append([]string(nil), outer...)
	from := g.from(depth - 1)
	mine := g.scope[own:]
	where := " where " + g.correlation(own) + " and " + g.cond(depth-1)
	column := mine[g.rnd.Intn(len(mine))] + "." + g.pick("k", "v")
	body := "select " + g.pick("", "", "distinct ") + column + " from " + from + where
	if g.chance(6) {
		body = "select " + column + " from " + from + where + " group by " + column + " having count(*) > 1"
	}
	if g.chance(8) {
		body += g.pick(" union all ", " union ") + "select " + g.pick("k", "v") + " from c"
	}
	switch kind {
	case 0:
		return g.pick("", "not ") + "exists (" + body + ")"
	case 1:
		return left + g.pick(" in ", " not in ") + "(" + body + ")"
	case 2:
		return left + g.pick(" = ", " < ", " >= ", " <> ") + g.pick("any ", "all ") + "(" + body + ")"
	}
	pair := fmt.Sprintf("select %s, %s.v from %s%s", column, mine[0], from, where)
	return "(" + left + ", " + second + ")" + g.pick(" in ", " not in ") + "(" + pair + ")"
}
