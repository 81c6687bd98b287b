package engine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

var mariaDBSeed = flag.Uint64("mariadb-seed", 1, "seed of the random queries that a MariaDB server answers too")

// TestMariaDBRandom runs random queries here and in a MariaDB server. One that
// differs is made as small as it can be and still differ.
func TestMariaDBRandom(t *testing.T) {
	p := newMariaDBPair(t)
	queries := 500
	if os.Getenv("MESHQL_SOAK") != "" {
		queries = 50_000
	}
	refused := map[string]int{}
	ran, failed := 0, 0
	for i := range queries {
		g := &sqlGenerator{rng: rand.New(rand.NewPCG(*mariaDBSeed, uint64(i)))}
		q := g.statement()
		statement := q.String()
		ours := p.ours(t.Context(), statement)
		if ours.code == 1235 {
			refused[ours.text]++
			continue
		}
		ran++
		if theirs := p.theirs(t.Context(), statement); ours.code == 0 && (theirs.code == 1055 || theirs.code == 1235) {
			refused[fmt.Sprint("MariaDB: ", theirs.code)]++ // it does not recognise NULLIF and intervals in GROUP BY
			continue
		}
		if p.compare(t.Context(), statement) == "" {
			continue
		}
		differs := func(q *sqlNode) bool {
			s := q.String()
			if p.theirs(t.Context(), s).code != p.theirs(t.Context(), statement).code || p.ours(t.Context(), s).code != ours.code {
				return false
			}
			return p.compare(t.Context(), s) != ""
		}
		q.shrink(differs)
		t.Errorf("query %d:\n%s\n%s", i, q, p.compare(t.Context(), q.String()))
		if failed++; failed == 10 {
			break
		}
	}
	t.Logf("%d queries compared; refused: %v", ran, refused)
	if failed == 0 && ran < queries*3/4 {
		t.Errorf("only %d of %d queries ran", ran, queries)
	}
}

// sqlNode is a part of a query: text in which each "$" stands for the next of
// kids. Parts of one kind can stand for each other.
type sqlNode struct {
	kind string // of expressions: their type; "": what nothing can replace
	text string
	kids []*sqlNode
	// empty is what the part shrinks to beside its kids; nil: nothing.
	empty *string
}

func (n *sqlNode) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *sqlNode) write(b *strings.Builder) {
	rest := n.text
	for _, k := range n.kids {
		before, after, _ := strings.Cut(rest, "$")
		b.WriteString(before)
		k.write(b)
		rest = after
	}
	b.WriteString(rest)
}

// shrink replaces parts by simpler ones as long as the whole differs.
func (n *sqlNode) shrink(differs func(*sqlNode) bool) {
	for changed := true; changed; {
		changed = false
		n.visit(func(at *sqlNode) {
			for _, c := range at.simpler() {
				old := *at
				if *at = c; at.String() != old.String() && differs(n) {
					changed = true
					return
				}
				*at = old
			}
		})
	}
}

func (n *sqlNode) visit(f func(*sqlNode)) {
	f(n)
	for _, k := range slices.Clone(n.kids) {
		k.visit(f)
	}
}

var simplest = map[string]string{"int": "1", "dec": "1.5", "dbl": "1e0", "str": "'a'", "date": "date '2020-01-01'", "moment": "timestamp '2020-01-01 00:00:00'", "bool": "true"}

func (n *sqlNode) simpler() []sqlNode {
	var out []sqlNode
	if n.empty != nil && len(n.text) > len(*n.empty) {
		out = append(out, sqlNode{kind: n.kind, text: *n.empty, empty: n.empty})
	}
	if s, ok := simplest[n.kind]; ok && n.text != s && len(n.kids) > 0 {
		out = append(out, sqlNode{kind: n.kind, text: s})
	}
	for _, k := range n.kids {
		if k.kind == n.kind && n.kind != "" {
			out = append(out, *k)
		}
	}
	return out
}

func node(kind, text string, kids ...*sqlNode) *sqlNode {
	return &sqlNode{kind: kind, text: text, kids: kids}
}

// optional is a part that can be left out.
func optional(text string, kids ...*sqlNode) *sqlNode {
	return &sqlNode{text: text, kids: kids, empty: new(string)}
}

// sqlGenerator writes random queries of which both servers know all types.
type sqlGenerator struct {
	rng    *rand.Rand
	names  int
	scope  []sqlColumn // innermost last
	common []string    // names of CTEs, each with the columns of commonTables
	inner  int         // where the innermost query's part of scope begins
	flat   bool        // no subqueries
}

type sqlColumn struct{ text, kind string }

func (g *sqlGenerator) one(n int) bool { return g.rng.IntN(n) == 0 }

func (g *sqlGenerator) pick(list ...string) string { return list[g.rng.IntN(len(list))] }

func (g *sqlGenerator) alias(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

var sqlKinds = []string{"int", "dec", "dbl", "str", "date", "moment", "bool"}

var smallColumns = []sqlColumn{{"id", "int"}, {"k", "int"}, {"v", "int"}, {"u", "int"}, {"s", "str"}, {"d", "dec"}, {"x", "dec"}, {"f", "dbl"}, {"t", "date"}, {"m", "moment"}}

func (g *sqlGenerator) kind() string { return sqlKinds[g.rng.IntN(len(sqlKinds))] }

func (g *sqlGenerator) statement() *sqlNode {
	kinds := make([]string, 1+g.rng.IntN(3))
	for i := range kinds {
		kinds[i] = sqlKinds[g.rng.IntN(len(sqlKinds)-1)]
	}
	var with *sqlNode
	if g.one(6) {
		name := g.alias("w")
		with = node("", "with "+name+" as ($) $", g.query([]string{"int", "str", "dec"}, []string{"c1", "c2", "c3"}, 1))
		g.common = append(g.common, name)
	}
	q := g.body(kinds)
	if g.one(2) {
		var keys []string
		for i := range kinds {
			keys = append(keys, fmt.Sprint(i+1)+g.pick("", " desc"))
		}
		limit := optional("")
		if g.one(2) {
			limit = optional(fmt.Sprintf(" limit %d", g.rng.IntN(8)))
			if g.one(2) {
				limit = optional(fmt.Sprintf(" limit %d offset %d", g.rng.IntN(8), g.rng.IntN(8)))
			}
		}
		q = node("", "$ order by "+strings.Join(keys, ", ")+"$", q, limit)
	}
	if with != nil {
		with.kids = append(with.kids, q)
		return with
	}
	return q
}

// body is a query or a set operation of two.
func (g *sqlGenerator) body(kinds []string) *sqlNode {
	if !g.one(6) {
		return g.query(kinds, nil, 2)
	}
	other := slices.Clone(kinds)
	for i, k := range other {
		if g.one(3) && (k == "int" || k == "dec" || k == "dbl") {
			other[i] = g.pick("int", "dec", "dbl")
		}
	}
	return node("", "$ "+g.pick("union", "union all", "intersect", "except")+" $", g.query(kinds, nil, 1), g.query(other, nil, 1))
}

// query is a SELECT whose columns have the kinds, and the names if given.
func (g *sqlGenerator) query(kinds, names []string, depth int) *sqlNode {
	outer, outerInner := len(g.scope), g.inner
	defer func() { g.scope, g.inner = g.scope[:outer], outerInner }()
	g.inner = outer
	from := g.from(depth)
	where := optional("")
	if g.one(2) {
		where = optional(" where $", g.expr("bool", depth))
	}
	var keys []*sqlNode
	grouping, having := optional(""), optional("")
	aggregated := g.one(3)
	if aggregated {
		var list []string
		for range g.rng.IntN(3) {
			k := g.plain(g.kind())
			if len(k.kids) == 0 && !strings.Contains(k.text, ".") {
				continue // a constant would be a position
			}
			keys, list = append(keys, k), append(list, "$")
		}
		if len(keys) > 0 {
			grouping = node("", " group by "+strings.Join(list, ", "), keys...)
		}
		if g.one(3) {
			having = optional(" having $", node("bool", "($ "+g.pick("=", "<>", "<", ">=")+" $)", g.aggregate("int", keys), node("int", fmt.Sprint(g.rng.IntN(6)))))
		}
	}
	items := make([]*sqlNode, len(kinds))
	for i, k := range kinds {
		if aggregated {
			items[i] = g.aggregate(k, keys)
		} else {
			items[i] = g.expr(k, depth)
		}
		if names != nil {
			items[i] = node("", "$ as "+names[i], items[i])
		}
	}
	distinct := optional("")
	if !aggregated && g.one(6) { // MariaDB 10.11 answers DISTINCT over aggregates wrongly
		distinct = optional("distinct ")
	}
	list := strings.TrimSuffix(strings.Repeat("$, ", len(items)), ", ")
	return node("", "select $"+list+" from $$$$", append(append([]*sqlNode{distinct}, items...), from, where, grouping, having)...)
}

// table is a FROM item; its columns are put in scope.
func (g *sqlGenerator) table(depth int) *sqlNode {
	alias := g.alias("t")
	if len(g.common) > 0 && g.one(2) {
		g.scope = append(g.scope, sqlColumn{alias + ".c1", "int"}, sqlColumn{alias + ".c2", "str"}, sqlColumn{alias + ".c3", "dec"})
		return node("", g.common[0]+" as "+alias)
	}
	if depth > 1 && g.one(5) {
		kinds := []string{"int", g.kind(), g.kind()}
		outer, outerInner := g.scope, g.inner
		g.scope, g.inner = nil, 0
		q := g.query(kinds, []string{"c1", "c2", "c3"}, depth-1)
		g.scope, g.inner = outer, outerInner
		for i, k := range kinds {
			g.scope = append(g.scope, sqlColumn{fmt.Sprintf("%s.c%d", alias, i+1), k})
		}
		return node("", "($) as "+alias, q)
	}
	for _, c := range smallColumns {
		g.scope = append(g.scope, sqlColumn{alias + "." + c.text, c.kind})
	}
	return node("", g.pick("a", "b", "c", "a", "b", "c", "e")+" as "+alias)
}

func (g *sqlGenerator) from(depth int) *sqlNode {
	n := g.table(depth)
	for g.one(2) && depth > 0 {
		before := len(g.scope)
		right := g.table(depth - 1)
		switch g.rng.IntN(6) {
		case 0:
			n = node("", "$ cross join $", n, right)
		case 1, 2:
			n = node("", "$ left join $ on $", n, right, g.joinCondition(before, depth))
		case 3:
			n = node("", "$ right join $ on $", n, right, g.joinCondition(before, depth))
		default:
			n = node("", "$ join $ on $", n, right, g.joinCondition(before, depth))
		}
		if g.one(2) {
			break
		}
	}
	return n
}

func (g *sqlGenerator) joinCondition(before, depth int) *sqlNode {
	l := g.scope[g.rng.IntN(before)]
	var same []sqlColumn
	for _, c := range g.scope[before:] {
		if c.kind == l.kind {
			same = append(same, c)
		}
	}
	if len(same) == 0 {
		return g.expr("bool", min(depth, 1))
	}
	r := same[g.rng.IntN(len(same))]
	eq := node("bool", l.text+" = "+r.text)
	if g.one(3) {
		return node("bool", "($ and $)", eq, g.expr("bool", min(depth, 1)))
	}
	return eq
}

// aggregate is an expression of a kind over groups.
func (g *sqlGenerator) aggregate(kind string, keys []*sqlNode) *sqlNode {
	if g.one(3) {
		for _, k := range keys {
			if k.kind == kind {
				return k
			}
		}
	}
	over := func(f string, kinds ...string) *sqlNode {
		return node(kind, f+"($)", g.plain(g.pick(kinds...)))
	}
	distinct := g.pick("", "", "distinct ")
	switch kind {
	case "int":
		switch g.rng.IntN(4) {
		case 0:
			return node("int", "count(*)")
		case 1:
			return node("int", "count("+distinct+"$)", g.plain(g.kind()))
		case 2:
			return over(g.pick("min", "max"), "int")
		}
		return node("int", "(count(*) + $)", over("count", "str", "date", "int"))
	case "dec":
		if g.one(3) {
			return over(g.pick("min", "max"), "dec")
		}
		return node("dec", g.pick("sum", "avg")+"("+distinct+"$)", g.plain(g.pick("int", "dec")))
	case "dbl":
		if g.one(3) {
			return over(g.pick("min", "max"), "dbl")
		}
		return over(g.pick("sum", "avg"), "dbl")
	case "bool":
		return node("bool", "(count(*) > $)", node("int", fmt.Sprint(g.rng.IntN(4))))
	case "str":
		if g.one(3) {
			arg := g.plain("str")
			return node("str", "group_concat("+distinct+"$ order by $)", arg, arg)
		}
	}
	return over(g.pick("min", "max"), kind)
}

// plain is an expression of the innermost query's columns without subqueries:
// what a group or an aggregate is of.
func (g *sqlGenerator) plain(kind string) *sqlNode {
	scope, inner, flat := g.scope, g.inner, g.flat
	defer func() { g.scope, g.inner, g.flat = scope, inner, flat }()
	g.scope, g.inner, g.flat = slices.Clone(scope[inner:]), 0, true
	return g.expr(kind, 1)
}

// leaf is a column in scope or a constant.
func (g *sqlGenerator) leaf(kind string) *sqlNode {
	var list []sqlColumn
	for _, c := range g.scope {
		if c.kind == kind {
			list = append(list, c)
		}
	}
	if len(list) > 0 && !g.one(4) {
		return node(kind, list[g.rng.IntN(len(list))].text)
	}
	switch kind {
	case "int":
		return node(kind, g.pick("0", "1", "2", "3", "-1", "10", "cast(null as signed)"))
	case "dec":
		return node(kind, g.pick("0.0", "1.5", "-2.50", "0.001", "19.99", "2.00"))
	case "dbl":
		return node(kind, g.pick("0e0", "1.5e0", "-2.5e0", "2e0"))
	case "str":
		return node(kind, g.pick("''", "'a'", "'A'", "'b'", "'a '", "'é'", "'2'"))
	case "date":
		return node(kind, g.pick("date '2020-01-01'", "date '2020-02-29'", "date '2024-02-29'"))
	case "moment":
		return node(kind, g.pick("timestamp '2020-01-01 00:00:00'", "timestamp '2020-02-28 23:59:59'"))
	}
	return node("bool", g.pick("true", "false"))
}

// expr is an expression of a kind.
func (g *sqlGenerator) expr(kind string, depth int) *sqlNode {
	if depth <= 0 || g.one(3) {
		if kind == "bool" {
			return g.comparison(0)
		}
		return g.leaf(kind)
	}
	e := func(k string) *sqlNode { return g.expr(k, depth-1) }
	if g.one(4) {
		switch g.rng.IntN(5) {
		case 0:
			return node(kind, "coalesce($, $)", e(kind), e(kind))
		case 1:
			return node(kind, "if($, $, $)", e("bool"), e(kind), e(kind))
		case 2:
			return node(kind, "case when $ then $ else $ end", e("bool"), e(kind), e(kind))
		case 3:
			return node(kind, "case $ when $ then $ when $ then $ end", e("int"), e("int"), e(kind), e("int"), e(kind))
		default:
			return node(kind, "nullif($, $)", e(kind), e(kind))
		}
	}
	if kind != "bool" && !g.flat && g.one(8) {
		return g.scalarSubquery(kind, depth)
	}
	switch kind {
	case "int":
		return g.intExpr(e)
	case "dec":
		return g.decExpr(e)
	case "dbl":
		switch g.rng.IntN(4) {
		case 0:
			return node(kind, "cast($ as double)", e(g.pick("int", "dec", "str")))
		case 1:
			return node(kind, "($ / $)", e("dbl"), e(g.pick("int", "dec", "dbl")))
		case 2:
			return node(kind, g.pick("abs", "floor", "ceil", "round")+"($)", e("dbl"))
		}
		return node(kind, "($ "+g.pick("+", "-", "*")+" $)", e("dbl"), e(g.pick("int", "dec", "dbl")))
	case "str":
		return g.strExpr(e)
	case "date":
		switch g.rng.IntN(4) {
		case 0:
			return node(kind, "date($)", e("moment"))
		case 1:
			return node(kind, "last_day($)", e(g.pick("date", "moment")))
		}
		return node(kind, g.pick("date_add", "date_sub")+"($, interval $ "+g.pick("day", "month", "year", "week", "quarter")+")", e("date"), e("int"))
	case "moment":
		switch g.rng.IntN(3) {
		case 0:
			return node(kind, "cast($ as datetime)", e("date"))
		}
		return node(kind, g.pick("date_add", "date_sub")+"($, interval $ "+g.pick("hour", "minute", "second", "day", "month")+")", e("moment"), e("int"))
	}
	return g.boolExpr(e, depth)
}

func (g *sqlGenerator) intExpr(e func(string) *sqlNode) *sqlNode {
	switch g.rng.IntN(9) {
	case 0:
		return node("int", g.pick("length", "char_length", "ascii")+"($)", e("str"))
	case 1:
		return node("int", g.pick("year", "month", "dayofmonth", "weekday", "to_days", "dayofyear", "quarter", "week")+"($)", e(g.pick("date", "moment")))
	case 2:
		return node("int", "datediff($, $)", e("date"), e("moment"))
	case 3:
		return node("int", "($ "+g.pick("div", "%")+" $)", e("int"), e("int"))
	case 4:
		return node("int", "cast($ as signed)", e(g.pick("int", "dec", "dbl", "date", "bool", "str")))
	case 5:
		return node("int", g.pick("abs", "sign", "floor", "round")+"($)", e("int"))
	case 6:
		return node("int", "timestampdiff("+g.pick("day", "month", "hour", "year")+", $, $)", e("date"), e("moment"))
	}
	return node("int", "(cast($ as signed) "+g.pick("+", "-", "*")+" cast($ as signed))", e("int"), e(g.pick("int", "bool")))
}

func (g *sqlGenerator) decExpr(e func(string) *sqlNode) *sqlNode {
	n := 7
	if g.flat {
		n = 6 // MariaDB rounds quotients to their type where it stores sums
	}
	switch g.rng.IntN(n) {
	case 6:
		return node("dec", "($ / $)", e(g.pick("int", "dec")), e(g.pick("int", "dec")))
	case 1:
		return node("dec", "cast($ as decimal("+g.pick("12,3", "8,1", "10,0", "20,6")+"))", e(g.pick("int", "dec", "dbl", "str")))
	case 2:
		return node("dec", g.pick("round", "truncate")+"($, "+g.pick("0", "1", "-1")+")", node("dec", "cast($ as decimal(12,3))", e("dec")))
	case 3:
		return node("dec", "abs($)", e("dec"))
	case 4:
		return node("dec", "($ % $)", e("dec"), e(g.pick("int", "dec")))
	}
	return node("dec", "($ "+g.pick("+", "-", "*")+" $)", e("dec"), e(g.pick("int", "dec")))
}

func (g *sqlGenerator) strExpr(e func(string) *sqlNode) *sqlNode {
	switch g.rng.IntN(8) {
	case 0:
		return node("str", "concat($, $)", e("str"), e(g.pick("str", "int", "dec", "date")))
	case 1:
		return node("str", g.pick("upper", "lower", "reverse", "trim", "rtrim", "hex")+"($)", e("str"))
	case 2:
		return node("str", "substr($, $, $)", e("str"), e("int"), e("int"))
	case 3:
		return node("str", "cast($ as char)", e(g.pick("int", "dec", "date", "moment", "bool")))
	case 4:
		return node("str", "replace($, $, 'x')", e("str"), e("str"))
	case 5:
		return node("str", "concat_ws('-', $, $)", e("str"), e("str"))
	case 6:
		return node("str", g.pick("left", "right")+"($, $)", e("str"), e("int"))
	}
	return node("str", g.pick("lpad", "rpad")+"($, 4, concat('-', $))", e("str"), e("str"))
}

func (g *sqlGenerator) boolExpr(e func(string) *sqlNode, depth int) *sqlNode {
	n := 13
	if g.flat {
		n = 8
	}
	switch g.rng.IntN(n) {
	case 0, 1:
		return node("bool", "($ "+g.pick("and", "or", "xor")+" $)", e("bool"), e("bool"))
	case 2:
		return node("bool", "(not $)", e("bool"))
	case 3:
		return node("bool", "($ is "+g.pick("null", "not null")+")", e(g.kind()))
	case 4:
		return node("bool", "($ is "+g.pick("true", "false", "not true", "unknown")+")", e("bool"))
	case 5:
		k := g.kind()
		return node("bool", "($ "+g.pick("in", "not in")+" ($, $))", e(k), e(k), e(k))
	case 6:
		k := g.kind()
		return node("bool", "($ "+g.pick("between", "not between")+" $ and $)", e(k), e(k), e(k))
	case 7:
		return node("bool", "($ "+g.pick("like", "not like")+" "+g.pick("'a%'", "'%a'", "'_'", "'%é%'", "''")+")", e("str"))
	case 8:
		return node("bool", g.pick("exists", "not exists")+" ($)", g.query([]string{"int"}, nil, depth-1))
	case 9:
		k := sqlKinds[g.rng.IntN(6)]
		return node("bool", "($ "+g.pick("in", "not in", "in", "= any", "> all", "<= any", "<> all")+" ($))", e(k), g.query([]string{k}, nil, depth-1))
	case 10:
		return node("bool", "(($, $) "+g.pick("in", "not in")+" ($))", e("int"), e("str"), g.query([]string{"int", "str"}, nil, depth-1))
	}
	return g.comparison(depth - 1)
}

func (g *sqlGenerator) comparison(depth int) *sqlNode {
	l := g.kind()
	if l == "bool" && depth <= 0 {
		l = "int"
	}
	r := l
	switch l {
	case "int", "dec", "dbl":
		r = g.pick("int", "dec", "dbl", l, l)
	case "date", "moment":
		r = g.pick("date", "moment")
	}
	return node("bool", "($ "+g.pick("=", "<>", "<", "<=", ">", ">=", "<=>")+" $)", g.expr(l, depth), g.expr(r, depth))
}

// scalarSubquery gives one row at most.
func (g *sqlGenerator) scalarSubquery(kind string, depth int) *sqlNode {
	outer, outerInner := len(g.scope), g.inner
	defer func() { g.scope, g.inner = g.scope[:outer], outerInner }()
	g.inner = outer
	from := g.table(0)
	where := optional("")
	if g.one(2) || outer > 0 {
		where = optional(" where $", g.joinedTo(outer, depth))
	}
	return node(kind, "(select $ from $$)", g.aggregate(kind, nil), from, where)
}

func (g *sqlGenerator) joinedTo(outer, depth int) *sqlNode {
	if outer == 0 {
		return g.expr("bool", depth-1)
	}
	return g.joinCondition(outer, depth-1)
}
