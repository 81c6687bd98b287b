package bind_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func TestBind(t *testing.T) {
	datadriven.Walk(t, "testdata/queries", func(t *testing.T, path string) {
		m := newMesh()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "product":
				m.define(t, d)
				return ""
			case "decide":
				m.decide(t, d)
				return ""
			case "bind":
				return m.bind(t, d)
			}
			t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			return ""
		})
	})
}

// mesh is the small catalogue of a test file.
type mesh struct {
	catalog   *catalog.Mesh
	decisions map[string]*governance.Decision // by domain.product; all else is readable as it is
}

func newMesh() *mesh {
	return &mesh{
		catalog:   &catalog.Mesh{Domains: map[string]*catalog.Domain{}},
		decisions: map[string]*governance.Decision{},
	}
}

// define reads "product domain.name [status=…] [state=…]" and a line a column.
func (m *mesh) define(t testing.TB, d *datadriven.TestData) {
	name := d.CmdArgs[0].Key
	var status, state string
	d.MaybeScanArgs(t, "status", &status)
	d.MaybeScanArgs(t, "state", &state)
	p := m.product(t, name, d.Input)
	p.Status = status
	if state == "denied" {
		m.catalog.Domains[p.Domain].State = catalog.Denied
	}
}

func (m *mesh) product(t testing.TB, name, columns string) *catalog.Product {
	domain, table, _ := strings.Cut(name, ".")
	p := &catalog.Product{Domain: domain, Name: table, Relation: &governance.Relation{Domain: domain, Product: table}}
	var cols []connectors.Column
	for _, line := range strings.Split(strings.TrimSpace(columns), "\n") {
		n, typ, _ := strings.Cut(line, " ")
		c := connectors.Column{Name: n, Type: parseType(t, typ)}
		cols = append(cols, c)
		p.Columns = append(p.Columns, catalog.Column{Column: c})
		p.Relation.Columns = append(p.Relation.Columns, governance.RelationColumn{Name: n, Type: c.Type})
	}
	src, err := connectors.NewMemory(cols, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Source = src
	dom := m.catalog.Domains[domain]
	if dom == nil {
		dom = &catalog.Domain{Name: domain, Products: map[string]*catalog.Product{}}
		m.catalog.Domains[domain] = dom
	}
	dom.Products[table] = p
	return p
}

var typeNames = map[string]mysqltype.ID{
	"bool": mysqltype.Bool, "tinyint": mysqltype.TinyInt, "smallint": mysqltype.SmallInt, "int": mysqltype.Int,
	"bigint": mysqltype.BigInt, "year": mysqltype.Year, "float": mysqltype.Float, "double": mysqltype.Double,
	"decimal": mysqltype.Decimal, "date": mysqltype.Date, "time": mysqltype.Time, "datetime": mysqltype.DateTime,
	"timestamp": mysqltype.Timestamp, "char": mysqltype.Char, "varchar": mysqltype.VarChar, "text": mysqltype.Text,
	"varbinary": mysqltype.VarBinary, "json": mysqltype.JSON,
}

func parseType(t testing.TB, s string) mysqltype.Type {
	s, notNull := strings.CutSuffix(s, " not null")
	s, unsigned := strings.CutSuffix(s, " unsigned")
	s, collate, _ := strings.Cut(s, " collate ")
	base, rest, _ := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	id, ok := typeNames[base]
	if !ok {
		t.Fatalf("unknown type %q", s)
	}
	out := mysqltype.Type{ID: id, Unsigned: unsigned, NotNull: notNull}
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
	case out.IsTemporal():
		out.Scale = uint8(n[0])
	case out.IsString():
		out.Length = uint32(n[0])
	}
	return out
}

// decide reads "decide domain.product [access=none|discover|select]" and lines
// of "rows EXPR", "mask COLUMN EXPR", "hash COLUMN", "deny COLUMN" and
// "min_group SIZE COLUMN".
func (m *mesh) decide(t testing.TB, d *datadriven.TestData) {
	name := d.CmdArgs[0].Key
	access := "select"
	d.MaybeScanArgs(t, "access", &access)
	domain, table, _ := strings.Cut(name, ".")
	p := m.catalog.Domains[domain].Products[table]
	out := open(p.Relation)
	out.Access = map[string]governance.Access{"none": governance.NoAccess, "discover": governance.Discover, "select": governance.Select}[access]
	b := &expr.Binder{Scope: ordinals{p}, Functions: functions{}, Strict: true}
	bound := func(s string, bind func(*expr.Binder) (plan.Expr, error)) plan.Expr {
		e, err := bind(b)
		if err != nil {
			t.Fatalf("%s: %s: %v", d.Pos, s, err)
		}
		return e
	}
	for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		column, value, _ := strings.Cut(rest, " ")
		switch word {
		case "rows":
			out.Rows = bound(rest, func(b *expr.Binder) (plan.Expr, error) { return condition(b, rest) })
			out.Policies = append(out.Policies, "test.rows")
		case "mask":
			c := &out.Columns[ordinal(p, column)]
			c.Mask = bound(value, func(b *expr.Binder) (plan.Expr, error) { return parseAndBind(b, value) })
			out.Policies = append(out.Policies, "test.mask")
		case "hash":
			o := ordinal(p, column)
			out.Columns[o].Mask = &plan.HashMask{Arg: &plan.ColumnRef{ID: plan.ColumnID(o + 1), Name: column, T: p.Columns[o].Type}, Key: &plan.MaskKey{Name: column}}
			out.Columns[o].Reasons = []governance.Reason{{Policy: "test.hash", Effect: "mask hash"}}
			out.Policies = append(out.Policies, "test.hash")
		case "deny":
			out.Columns[ordinal(p, column)].Visible = false
		case "min_group":
			size, _ := strconv.Atoi(column)
			out.MinGroup = &plan.MinGroup{Size: size, Entity: plan.ColumnID(ordinal(p, value) + 1), Policy: "test.small"}
		}
	}
	m.decisions[name] = out
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

func (o ordinals) Column(qualifier []string, name string) (plan.Expr, error) {
	for i, c := range o.p.Columns {
		if c.Name == name {
			return &plan.ColumnRef{ID: plan.ColumnID(i + 1), Name: c.Name, T: c.Type}, nil
		}
	}
	return nil, mysqlerr.UnknownColumn(name, "policy")
}

func (m *mesh) env(domain string) *bind.Env {
	return &bind.Env{
		Mesh:      m.catalog,
		Principal: &governance.Principal{User: "ana"},
		Domain:    domain,
		Now:       time.Date(2026, 3, 1, 12, 30, 15, 123456000, time.UTC),
		Functions: functions{},
		System: func(domain, table string) (connectors.Source, bool) {
			if domain != "mesh" || table != "products" {
				return nil, false
			}
			src, err := connectors.NewMemory([]connectors.Column{{Name: "domain", Type: mysqltype.Type{ID: mysqltype.VarChar, Length: 64}}}, nil)
			return src, err == nil
		},
		Variables: func(name string, user bool) (*plan.Const, bool) {
			if user && name == "x" || !user && name == "max_execution_time" {
				return &plan.Const{Value: int64(7), T: mysqltype.Type{ID: mysqltype.BigInt}}, true
			}
			return nil, false
		},
		Session: func(f string) (*plan.Const, bool) {
			return &plan.Const{Value: "ana@host", T: mysqltype.Type{ID: mysqltype.VarChar, Length: 32}}, f == "user"
		},
		Decide: func(_ *governance.Principal, r *governance.Relation, _ time.Time) *governance.Decision {
			if d := m.decisions[r.Domain+"."+r.Product]; d != nil {
				return d
			}
			return open(r)
		},
	}
}

// bind binds a statement and prints its columns, its plan and its warnings, or
// the error.
func (m *mesh) bind(t testing.TB, d *datadriven.TestData) string {
	domain := "shop"
	if d.HasArg("domain") {
		domain = ""
		d.MaybeScanArgs(t, "domain", &domain)
	}
	var args []any
	for _, a := range d.CmdArgs {
		if a.Key == "args" {
			for _, v := range a.Vals {
				args = append(args, argument(v))
			}
		}
	}
	stmt, _, err := expr.ParseStatement(d.Input, expr.DefaultLimits)
	if err != nil {
		return errorText(err)
	}
	bound, err := bind.Select(context.Background(), stmt, args, m.env(domain))
	if err != nil {
		return errorText(err)
	}
	if err := contract(bound.Plan); err != nil {
		t.Errorf("%s: %v", d.Pos, err)
	}
	var out strings.Builder
	if !d.HasArg("plan-only") {
		for _, c := range bound.Columns {
			null := ""
			if c.Type.NotNull {
				null = " not null"
			}
			fmt.Fprintf(&out, "%s: %s%s\n", c.Name, c.Type, null)
		}
	}
	if !d.HasArg("columns-only") {
		out.WriteString(plan.Format(bound.Plan, plan.FormatOptions{Types: d.HasArg("types"), IDs: d.HasArg("ids")}))
	}
	for _, w := range bound.Warnings {
		fmt.Fprintf(&out, "warning %d: %s\n", w.Code, w.Message)
	}
	return out.String()
}

func argument(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if s == "null" {
		return nil
	}
	if n, ok := strings.CutPrefix(s, "d:"); ok {
		return expr.Decimal(n)
	}
	return s
}

func errorText(err error) string {
	e := mysqlerr.From(err)
	return fmt.Sprintf("ERROR %d (%s): %s\n", e.Code, e.State, e.Message)
}

// functions is a small library.
type functions struct{}

func (functions) Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error) {
	switch name {
	case "concat", "lower", "upper", "substring", "trim", "left", "json_extract", "json_unquote", "char":
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 255}, nil
	case "year", "month", "char_length", "locate", "timestampdiff":
		return mysqltype.Type{ID: mysqltype.BigInt}, nil
	case "round", "abs":
		return args[0], nil
	case "rand":
		return mysqltype.Type{ID: mysqltype.Double}, nil
	}
	return mysqltype.Type{}, mysqlerr.UnknownFunction(name)
}

func (functions) Deterministic(name string) bool { return name != "rand" }

func ordinal(p *catalog.Product, name string) int {
	for i, c := range p.Columns {
		if c.Name == name {
			return i
		}
	}
	panic("no column " + name)
}
