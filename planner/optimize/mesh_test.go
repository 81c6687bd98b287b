package optimize_test

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/naive"
	"github.com/meshql/meshql/planner/optimize"
	"github.com/meshql/meshql/planner/plan"
)

// mesh is a small catalogue of products in memory.
type mesh struct {
	catalog   *catalog.Mesh
	decisions map[string]*governance.Decision // by domain.product; all else is open
	domain    string
	stats     map[connectors.Source]connectors.Stats
}

func newMesh() *mesh {
	return &mesh{
		domain:    "shop",
		catalog:   &catalog.Mesh{Domains: map[string]*catalog.Domain{}},
		decisions: map[string]*governance.Decision{},
		stats:     map[connectors.Source]connectors.Stats{},
	}
}

// product defines domain.name by a line a column, with random rows: few
// different values, many NULLs. claimed is what statistics say of their number.
func (m *mesh) product(t testing.TB, name, columns string, rows int, claimed int64, seed int64) *catalog.Product {
	domain, table, _ := strings.Cut(name, ".")
	p := &catalog.Product{Domain: domain, Name: table, Relation: &governance.Relation{Domain: domain, Product: table}}
	var cols []connectors.Column
	stats := connectors.Stats{Rows: claimed, Bytes: -1}
	for _, line := range strings.Split(strings.TrimSpace(columns), "\n") {
		line, distinct, _ := strings.Cut(line, " distinct ")
		n, typ, _ := strings.Cut(line, " ")
		c := connectors.Column{Name: n, Type: parseType(t, typ)}
		cols = append(cols, c)
		values, err := strconv.ParseInt(distinct, 10, 64)
		if err != nil {
			values = -1
		}
		stats.Columns = append(stats.Columns, connectors.ColumnStats{Distinct: values})
		p.Columns = append(p.Columns, catalog.Column{Column: c})
		p.Relation.Columns = append(p.Relation.Columns, governance.RelationColumn{Name: n, Type: c.Type})
	}
	rnd := rand.New(rand.NewSource(seed))
	data := make([][]any, rows)
	for i := range data {
		for _, c := range cols {
			data[i] = append(data[i], randomValue(rnd, c.Type))
		}
	}
	src, err := connectors.NewMemory(cols, data)
	if err != nil {
		t.Fatal(err)
	}
	p.Source, m.domain = src, domain
	m.stats[src] = stats
	dom := m.catalog.Domains[domain]
	if dom == nil {
		dom = &catalog.Domain{Name: domain, Products: map[string]*catalog.Product{}}
		m.catalog.Domains[domain] = dom
	}
	dom.Products[table] = p
	return p
}

func randomValue(rnd *rand.Rand, t mysqltype.Type) any {
	if rnd.Intn(5) == 0 {
		return nil
	}
	x := int64(rnd.Intn(5))
	switch t.Kind() {
	case vec.Bool:
		return x > 2
	case vec.I32:
		return int32(18000 + x)
	case vec.I64:
		return x
	case vec.U64:
		return uint64(x)
	case vec.F64:
		return float64(x) / 2
	case vec.I128:
		return vec.Int128From(x)
	default:
	}
	return string("aAbBc"[x])
}

var typeNames = map[string]mysqltype.ID{
	"bool": mysqltype.Bool, "char": mysqltype.Char, "int": mysqltype.Int, "bigint": mysqltype.BigInt, "double": mysqltype.Double,
	"decimal": mysqltype.Decimal, "date": mysqltype.Date, "datetime": mysqltype.DateTime, "varchar": mysqltype.VarChar,
}

func parseType(t testing.TB, s string) mysqltype.Type {
	s, collate, _ := strings.Cut(s, " collate ")
	base, rest, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	id, ok := typeNames[base]
	if !ok {
		t.Fatalf("unknown type %q", s)
	}
	out := mysqltype.Type{ID: id}
	if collate != "" {
		if out.Collation, ok = mysqltype.ParseCollation(collate); !ok {
			t.Fatalf("unknown collation %q", collate)
		}
	}
	var n [2]int
	for i, x := range strings.Split(rest, ",") {
		n[i], _ = strconv.Atoi(x)
	}
	switch {
	case id == mysqltype.Decimal:
		out.Precision, out.Scale = uint8(n[0]), uint8(n[1])
	case out.IsString():
		out.Length = uint32(n[0])
	}
	return out
}

// decide sets what the reader of a product may see, by lines of "rows EXPR",
// "mask COLUMN EXPR", "strict" and "min_group SIZE COLUMN".
func (m *mesh) decide(t testing.TB, name, lines string) {
	domain, table, _ := strings.Cut(name, ".")
	p := m.catalog.Domains[domain].Products[table]
	out := open(p.Relation)
	b := &expr.Binder{Scope: ordinals{p}, Functions: functions{}, Strict: true}
	bound := func(s string, bind func(*expr.Binder, string) (plan.Expr, error)) plan.Expr {
		e, err := bind(b, s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return e
	}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		column, value, _ := strings.Cut(rest, " ")
		switch word {
		case "rows":
			out.Rows = bound(rest, condition)
			out.Policies = append(out.Policies, "test.rows")
		case "mask":
			out.Columns[ordinal(p, column)].Mask = bound(value, parseAndBind)
			out.Policies = append(out.Policies, "test.mask")
		case "strict":
			p.Strict = true
		case "min_group":
			size, _ := strconv.Atoi(column)
			out.MinGroup = &plan.MinGroup{Size: size, Entity: plan.ColumnID(ordinal(p, value) + 1), Policy: "test.small"}
			out.Policies = append(out.Policies, "test.small")
		default:
			t.Fatalf("unknown decision %q", line)
		}
	}
	m.decisions[name] = out
}

func ordinal(p *catalog.Product, name string) int {
	return slices.IndexFunc(p.Columns, func(c catalog.Column) bool { return c.Name == name })
}

func open(r *governance.Relation) *governance.Decision {
	out := &governance.Decision{Access: governance.Select, Columns: make([]governance.ColumnDecision, len(r.Columns))}
	for i := range out.Columns {
		out.Columns[i].Visible = true
	}
	return out
}

func condition(b *expr.Binder, sql string) (plan.Expr, error) {
	n, err := expr.Parse(sql)
	if err != nil {
		return nil, err
	}
	return b.Condition(n)
}

func parseAndBind(b *expr.Binder, sql string) (plan.Expr, error) {
	n, err := expr.Parse(sql)
	if err != nil {
		return nil, err
	}
	return b.Bind(n)
}

// ordinals is the scope of a policy's expression.
type ordinals struct{ p *catalog.Product }

func (o ordinals) Column(_ []string, name string) (plan.Expr, error) {
	i := ordinal(o.p, name)
	if i < 0 {
		return nil, mysqlerr.UnknownColumn(name, "policy")
	}
	return &plan.ColumnRef{ID: plan.ColumnID(i + 1), Name: name, T: o.p.Columns[i].Type}, nil
}

// functions is a small library.
type functions struct{}

func (functions) Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error) {
	switch name {
	case "concat":
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 255}, nil
	case "rand":
		return mysqltype.Type{ID: mysqltype.Double}, nil
	}
	return mysqltype.Type{}, mysqlerr.UnknownFunction(name)
}

func (functions) Deterministic(name string) bool { return name != "rand" }

func (m *mesh) bind(sql string) (plan.Node, error) {
	stmt, _, err := expr.ParseStatement(sql, expr.DefaultLimits)
	if err != nil {
		return nil, err
	}
	bound, err := bind.Select(context.Background(), stmt, nil, &bind.Env{
		Mesh:      m.catalog,
		Principal: &governance.Principal{User: "ana"},
		Domain:    m.domain,
		Now:       time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC),
		Functions: functions{},
		Decide: func(_ *governance.Principal, r *governance.Relation, _ time.Time) *governance.Decision {
			if d := m.decisions[r.Domain+"."+r.Product]; d != nil {
				return d
			}
			return open(r)
		},
	})
	if err != nil {
		return nil, err
	}
	return bound.Plan, nil
}

func (m *mesh) options() optimize.Options {
	return optimize.Options{
		Fold: func(e plan.Expr) (*plan.Const, error) { return eval.Constant(e, &eval.Env{}) },
		Stats: func(s connectors.Source) (connectors.Stats, bool) {
			st, ok := m.stats[s]
			return st, ok
		},
	}
}

// answer interprets a plan. Rows without a total order are sorted as text; the
// error is its code alone, since which row fails first is nobody's business.
func answer(root plan.Node) string {
	rows, err := naive.Run(context.Background(), root)
	if err != nil {
		e := mysqlerr.From(err)
		if e.Code == 1105 {
			return err.Error() + fmt.Sprint(e.Unwrap())
		}
		return fmt.Sprintf("ERROR %d", e.Code)
	}
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprintf("%v", r)
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func errorText(err error) string {
	e := mysqlerr.From(err)
	s := fmt.Sprintf("ERROR %d (%s): %s\n", e.Code, e.State, e.Message)
	if c := e.Unwrap(); c != nil {
		s += fmt.Sprintf("cause: %v\n", c)
	}
	return s
}

func TestRules(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		m := newMesh()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "product": // product domain.name [rows=claimed]
				claimed := 100
				d.MaybeScanArgs(t, "rows", &claimed)
				m.product(t, d.CmdArgs[0].Key, d.Input, 12, int64(claimed), int64(len(m.stats)+1))
				return ""
			case "decide":
				m.decide(t, d.CmdArgs[0].Key, d.Input)
				return ""
			case "plan":
				return m.plan(t, d)
			}
			t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			return ""
		})
	})
}

// plan prints the optimized plan of a query: plan [expect=Rule] [expect-not=Rule]
// [disable=Rule] [logical] [ids] [hide] [bound]. It also runs the plan before and
// after, and after each rule that changed it, and wants one answer.
func (m *mesh) plan(t *testing.T, d *datadriven.TestData) string {
	sql := d.Input
	if d.HasArg("file") {
		var file string
		d.ScanArgs(t, "file", &file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sql = string(text)
	}
	root, err := m.bind(sql)
	if err != nil {
		return errorText(err)
	}
	opts := m.options()
	fired := map[string]bool{}
	want := ""
	if !d.HasArg("file") {
		want = answer(root)
	}
	opts.Trace = func(rule string, _, after plan.Node) {
		fired[rule] = true
		if d.HasArg("file") {
			return
		}
		if got := answer(after); got != want && !strings.Contains(d.Input, "limit") {
			t.Errorf("%s: after %s the answer is\n%s\nwant\n%s\nplan\n%s", d.Pos, rule, got, want, plan.Format(after, plan.FormatOptions{IDs: true}))
		}
	}
	for _, a := range d.CmdArgs {
		if a.Key == "disable" {
			opts.Disable = a.Vals
		}
	}
	logical, final, err := optimize.Both(context.Background(), root, opts)
	if err != nil {
		return errorText(err)
	}
	for _, a := range d.CmdArgs {
		for _, r := range a.Vals {
			if a.Key == "expect" && !fired[r] {
				t.Errorf("%s: %s did not fire", d.Pos, r)
			}
			if a.Key == "expect-not" && fired[r] {
				t.Errorf("%s: %s fired", d.Pos, r)
			}
		}
	}
	shown := final
	switch {
	case d.HasArg("logical"):
		shown = logical
	case d.HasArg("bound"):
		shown = root
	}
	return plan.Format(shown, plan.FormatOptions{IDs: d.HasArg("ids"), Types: d.HasArg("types"), HidePolicy: d.HasArg("hide")})
}
