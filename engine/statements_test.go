package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine/twoworld"
)

// attackStatements are the statements of the attacks' goldens.
func attackStatements(t *testing.T, folder string) []twoworld.Statement {
	t.Helper()
	var out []twoworld.Statement
	datadriven.Walk(t, folder, func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(_ *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "query" {
				out = append(out, twoworld.Statement{SQL: d.Input, File: filepath.Base(path)})
			}
			return d.Expected
		})
	})
	return out
}

func edit(tb testing.TB, mesh, file, from, to string) {
	tb.Helper()
	path := filepath.Join(filepath.Dir(mesh), file)
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.ReplaceAll(string(data), from, to)), 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// randomCount is how many random statements are asked.
func randomCount(discover bool) int {
	n := 200
	if os.Getenv("MESHQL_SOAK") != "" {
		n = 3000
	}
	if !discover {
		n /= 4
	}
	return n
}

// randomStatements are statements of a small grammar over the demo's schema, the
// same every time.
func randomStatements(user string, n int) []twoworld.Statement {
	g := &grammar{rand: rand.New(rand.NewPCG(uint64(len(user)), uint64(n)))}
	out := make([]twoworld.Statement, n)
	for i := range out {
		out[i] = twoworld.Statement{SQL: g.query(2), File: "random"}
	}
	return out
}

type grammar struct {
	rand  *rand.Rand
	alias int
}

type grammarTable struct {
	name                string
	numbers, texts, all []string
}

var grammarTables = []grammarTable{
	{"checkout.orders", []string{"order_id", "customer_id", "total"}, []string{"country", "channel", "status"},
		[]string{"order_id", "customer_id", "country", "channel", "status", "total", "ordered_at"}},
	{"checkout.payments", []string{"payment_id", "order_id", "amount"}, []string{"country", "method"},
		[]string{"payment_id", "order_id", "country", "method", "amount", "paid_at"}},
	{"customers.profiles", []string{"customer_id", "marketing_consent", "credit_limit", "name", "email"}, []string{"name", "email", "phone", "country", "segment"},
		[]string{"customer_id", "name", "email", "phone", "birth_date", "country", "segment", "marketing_consent", "customer_id", "country"}},
	{"logistics.shipments", []string{"shipment_id", "order_id", "weight_kg"}, []string{"carrier", "mode"},
		[]string{"shipment_id", "order_id", "carrier", "mode", "weight_kg", "shipped_at", "delivered_on"}},
}

func (g *grammar) pick(words ...string) string { return words[g.rand.IntN(len(words))] }

// source is a table in scope.
type source struct {
	alias string
	t     grammarTable
}

func (g *grammar) query(depth int) string {
	from, sources := g.from(depth)
	where := ""
	if g.rand.IntN(4) > 0 {
		where = " WHERE " + g.condition(sources, depth)
	}
	switch g.rand.IntN(5) {
	case 0:
		return "SELECT COUNT(*), " + g.aggregate(sources) + ", " + g.aggregate(sources) + " FROM " + from + where
	case 1, 2:
		key := g.column(sources)
		having := ""
		if g.rand.IntN(3) == 0 {
			having = " HAVING " + g.aggregate(sources) + " " + g.pick("<", ">", "=", "IS NOT NULL OR 1 =") + " " + g.constant()
		}
		return "SELECT " + key + ", COUNT(*), " + g.aggregate(sources) + " FROM " + from + where + " GROUP BY " + key + having
	case 3:
		return "SELECT DISTINCT " + g.scalar(sources, 2) + " FROM " + from + where
	}
	return "SELECT " + g.column(sources) + ", " + g.scalar(sources, 2) + " FROM " + from + where
}

func (g *grammar) from(depth int) (string, []source) {
	next := func() source {
		g.alias++
		return source{fmt.Sprintf("t%d", g.alias), grammarTables[g.rand.IntN(len(grammarTables))]}
	}
	a := next()
	text, sources := a.t.name+" "+a.alias, []source{a}
	if depth > 1 && g.rand.IntN(3) == 0 {
		b := next()
		on := a.alias + "." + a.t.numbers[g.rand.IntN(2)] + " = " + b.alias + "." + b.t.numbers[g.rand.IntN(2)]
		if g.rand.IntN(3) == 0 {
			on += " AND " + g.condition([]source{a, b}, 0)
		}
		text += g.pick(" JOIN ", " LEFT JOIN ", " RIGHT JOIN ") + b.t.name + " " + b.alias + " ON " + on
		if sources = append(sources, b); g.rand.IntN(3) > 0 {
			return text, sources
		}
		c := next()
		on = a.alias + "." + a.t.numbers[0] + " = " + c.alias + "." + c.t.numbers[0] + " AND " + g.condition([]source{a, b, c}, 0)
		return text + g.pick(" JOIN ", " LEFT JOIN ") + c.t.name + " " + c.alias + " ON " + on, append(sources, c)
	}
	return text, sources
}

func (g *grammar) column(sources []source) string {
	s := sources[g.rand.IntN(len(sources))]
	return s.alias + "." + g.pick(s.t.all...)
}

func (g *grammar) number(sources []source) string {
	s := sources[g.rand.IntN(len(sources))]
	return s.alias + "." + s.t.numbers[g.rand.IntN(min(len(s.t.numbers), 3))]
}

func (g *grammar) text(sources []source) string {
	s := sources[g.rand.IntN(len(sources))]
	return s.alias + "." + g.pick(s.t.texts...)
}

func (g *grammar) constant() string {
	return g.pick("0", "1", "17", "100.5", "1000", "'DE'", "'FR'", "'web'", "'a'", "NULL", "9223372036854775807", "-1", "'2025-01-01'", "1e10", "'12abc'")
}

func (g *grammar) scalar(s []source, depth int) string {
	if depth == 0 {
		return g.pick(g.column(s), g.constant())
	}
	switch g.rand.IntN(16) {
	case 12: // what fails or warns on what is hidden
		return g.pick(g.number(s)+" * 1000", "10 / LENGTH("+g.text(s)+")", "EXP("+g.number(s)+" / 10000)", "EXP(LENGTH("+g.text(s)+") * 20)",
			"'web' REGEXP "+g.text(s), "CAST("+g.number(s)+" AS DECIMAL(7, 2))", "-"+g.number(s), g.number(s)+" + "+g.number(s))
	case 0:
		return g.number(s) + " " + g.pick("+", "-", "*", "/", "%", "DIV") + " " + g.pick(g.number(s), "0", "7", "1e308", "9223372036854775807")
	case 1:
		return "CAST(" + g.column(s) + " AS " + g.pick("SIGNED", "DECIMAL(4,1)", "CHAR(3)", "DATE", "DOUBLE", "UNSIGNED") + ")"
	case 2:
		return "CASE WHEN " + g.condition(s, 0) + " THEN " + g.scalar(s, depth-1) + " ELSE " + g.scalar(s, depth-1) + " END"
	case 3:
		return "COALESCE(" + g.text(s) + ", 'none')"
	case 4:
		return "CONCAT(" + g.text(s) + ", '-', " + g.column(s) + ")"
	case 5:
		return g.pick("UPPER", "LENGTH", "REVERSE", "MD5", "HEX", "TRIM") + "(" + g.text(s) + ")"
	case 6:
		return "SUBSTRING(" + g.text(s) + ", " + g.pick("1", "2", "-2") + ", " + g.pick("1", "3") + ")"
	case 7:
		return g.pick("ABS", "FLOOR", "SQRT", "LN", "EXP", "SIGN") + "(" + g.number(s) + ")"
	case 8:
		return "IF(" + g.condition(s, 0) + ", " + g.scalar(s, depth-1) + ", NULL)"
	case 9:
		return "REPEAT(" + g.text(s) + ", 3)"
	case 10:
		return "ROUND(" + g.number(s) + ", -2)"
	case 11:
		return g.pick("YEAR", "DAYNAME", "LAST_DAY") + "(" + g.column(s) + ")"
	}
	return g.column(s)
}

func (g *grammar) aggregate(s []source) string {
	switch g.rand.IntN(7) {
	case 0:
		return "COUNT(DISTINCT " + g.column(s) + ")"
	case 1:
		return "SUM(" + g.number(s) + ")"
	case 2:
		return "MIN(" + g.scalar(s, 1) + ")"
	case 3:
		return "MAX(" + g.column(s) + ")"
	case 4:
		return "AVG(" + g.number(s) + ")"
	case 5:
		return "COUNT(" + g.scalar(s, 1) + ")"
	}
	return "LENGTH(GROUP_CONCAT(" + g.text(s) + "))"
}

func (g *grammar) condition(s []source, depth int) string {
	switch g.rand.IntN(13) {
	case 0:
		return g.number(s) + " " + g.pick("<", ">", "=", "<>", "<=>") + " " + g.constant()
	case 1:
		return g.text(s) + " " + g.pick("=", "<>", "<", ">=") + " " + g.constant()
	case 2:
		return g.text(s) + " LIKE " + g.pick("'%a%'", "'D_'", "'we%'", "'%@%'")
	case 3:
		return g.column(s) + g.pick(" IS NULL", " IS NOT NULL")
	case 4:
		return g.number(s) + " BETWEEN " + g.pick("0", "-5", "10") + " AND " + g.pick("100", "500.25", "1e6")
	case 5:
		return "10 / (" + g.number(s) + " - " + g.pick("1", "100", "50000") + ") > 0"
	case 6:
		return "(" + g.condition(s, depth) + " " + g.pick("AND", "OR") + " " + g.condition(s, depth) + ")"
	case 7:
		return "NOT (" + g.condition(s, depth) + ")"
	case 8:
		return g.text(s) + " IN ('DE', 'FR', 'web', 'card', 'air', NULL)"
	case 9:
		return g.scalar(s, 1) + " " + g.pick("=", ">", "<") + " " + g.constant()
	case 10:
		if depth > 0 {
			t := grammarTables[g.rand.IntN(len(grammarTables))]
			g.alias++
			inner := source{fmt.Sprintf("t%d", g.alias), t}
			return g.pick("EXISTS", "NOT EXISTS") + " (SELECT 1 FROM " + t.name + " " + inner.alias + " WHERE " + inner.alias + "." + t.numbers[1] + " = " +
				g.number(s) + " AND " + g.condition([]source{inner}, 0) + ")"
		}
	case 11:
		if depth > 0 {
			t := grammarTables[g.rand.IntN(len(grammarTables))]
			g.alias++
			inner := source{fmt.Sprintf("t%d", g.alias), t}
			return g.number(s) + g.pick(" IN", " NOT IN", " > ANY", " <= ALL") + " (SELECT " + inner.alias + "." + t.numbers[1] + " FROM " + t.name + " " + inner.alias +
				" WHERE " + g.condition([]source{inner}, 0) + ")"
		}
	}
	return g.number(s) + " > " + g.pick("0", "3", "1000")
}
