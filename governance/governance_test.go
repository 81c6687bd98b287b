package governance

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func TestReadTests(t *testing.T) {
	_, tests, diagnostics, err := ReadFile(File{Name: "t.yaml", Data: []byte(`
- test: counts
  as: {user: ana, roles: [analyst], purposes: [fulfilment], purpose: analytics, attributes: {country: DE, level: 3, ratio: 0.5, vip: true, regions: [DE, FR], gone: null}}
  query: "SELECT 1"
  expect: [[1, x], [null, 2.5]]
- test: refused
  as: {}
  query: "SELECT 2"
  error: 1146
`)})
	if err != nil || diagnostics != nil {
		t.Fatal(err, diagnostics)
	}
	want := &Principal{
		User: "ana", Roles: []string{"analyst"}, Purposes: []string{"fulfilment", "analytics"}, Purpose: "analytics",
		Attributes: map[string]any{"country": "DE", "level": int64(3), "ratio": 0.5, "vip": true, "regions": []string{"DE", "FR"}, "gone": nil},
	}
	if got := tests[0].As.Principal(); !reflect.DeepEqual(got, want) {
		t.Errorf("principal %+v", got)
	}
	if got := *tests[0].Expect; !reflect.DeepEqual(got, [][]any{{int64(1), "x"}, {nil, 2.5}}) {
		t.Errorf("expect %v", got)
	}
	if tests[1].Expect != nil || tests[1].Error != 1146 || tests[1].As.Principal().Purposes != nil {
		t.Errorf("second test %+v", tests[1])
	}
}

func TestAttributeTypes(t *testing.T) {
	var file struct {
		Types  map[string]Attribute `yaml:"types"`
		Values AttributeValues      `yaml:"values"`
	}
	err := descriptor.Decode([]byte(`types: {a: string, b: integer, c: number, d: boolean, e: [string]}`), "mesh.yaml", &file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Attribute{
		"a": {Type: mysqltype.Type{ID: mysqltype.VarChar}}, "b": {Type: mysqltype.Type{ID: mysqltype.BigInt}},
		"c": {Type: mysqltype.Type{ID: mysqltype.Double}}, "d": {Type: mysqltype.Type{ID: mysqltype.Bool}},
		"e": {Type: mysqltype.Type{ID: mysqltype.VarChar}, List: true},
	}
	if !reflect.DeepEqual(file.Types, want) {
		t.Errorf("types %+v", file.Types)
	}
	for _, bad := range []string{"types: {a: text}", "types: {a: [integer]}", "values: x", "values: {a: [1]}", "values: {a: {b: c}}"} {
		if descriptor.Decode([]byte(bad), "mesh.yaml", &file) == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// Every kind of expression has a canonical form that tells it from the others.
func TestCanonical(t *testing.T) {
	text := mysqltype.Type{ID: mysqltype.VarChar, Length: 9}
	column := &plan.ColumnRef{ID: 1, Name: "a", T: text}
	key := &plan.MaskKey{Name: "k", Key: []byte("secret")}
	distinct := []plan.Expr{
		nil, column, &plan.ColumnRef{ID: 2, T: text}, &plan.ColumnRef{ID: 1, T: mysqltype.Type{ID: mysqltype.VarChar, Length: 9, Collation: mysqltype.AI0900}},
		plan.True(), plan.False(), &plan.Const{Value: 1.5, T: text},
		&plan.Const{Value: "1", T: text}, &plan.Const{Value: int64(1), T: mysqltype.Type{ID: mysqltype.BigInt}}, plan.Null(text),
		&plan.Param{Name: "user.a", T: text}, &plan.Param{Name: "user.b", T: text},
		&plan.Call{Func: "lower", Args: []plan.Expr{column}, T: text}, &plan.Call{Func: "upper", Args: []plan.Expr{column}, T: text},
		&plan.Cast{Arg: column, T: mysqltype.Type{ID: mysqltype.Date}}, &plan.Cast{Arg: column, T: mysqltype.Type{ID: mysqltype.Double}},
		&plan.Case{Whens: []plan.When{{Cond: plan.True(), Then: column}}, T: text},
		&plan.Case{Whens: []plan.When{{Cond: plan.True(), Then: column}}, Else: column, T: text},
		&plan.InList{Arg: column, List: []*plan.Const{{Value: "a", T: text}}},
		&plan.InList{Arg: column, List: []*plan.Const{{Value: "a", T: text}}, Negate: true},
		&plan.HashMask{Arg: column, Key: key}, &plan.HashMask{Arg: column, Key: &plan.MaskKey{Name: "k", Key: []byte("other")}},
		&plan.Subquery{T: text}, &plan.Subquery{T: text, Kind: plan.AnySubquery},
	}
	for i, a := range distinct {
		for j, b := range distinct {
			if (canonical(a) == canonical(b)) != (i == j) {
				t.Errorf("%s and %s", canonical(a), canonical(b))
			}
		}
	}
}

// What a mask is called is what its author wrote.
func TestMaskText(t *testing.T) {
	for _, text := range []string{"deny", "null", "hash", "email", "constant('x')", "partial(1, 2)", "bucket(100)", "truncate_date(month)", "left(a, 1)"} {
		var m Mask
		if err := m.UnmarshalNode(&descriptor.Node{Kind: descriptor.String, Value: text}); err != nil {
			t.Fatal(err)
		}
		if m.String() != text {
			t.Errorf("%s became %s", text, m)
		}
	}
	if got := (Mask{}).String(); got != "none" {
		t.Errorf("no mask is %s", got)
	}
}

func TestDenied(t *testing.T) {
	w := newWorld()
	w.relations("a.p: x int\na.q: x int")
	w.domain("a").Files = []File{w.file("- {id: a, grant: select}\n- {id: b, match: {product: q}, rows: 'y = 1'}")}
	ps, _ := Compile(w.in)
	if ps.Denied(w.relation("a.p")) || !ps.Denied(w.relation("a.q")) || !ps.Denied(&Relation{}) {
		t.Error("a.q alone is denied")
	}
}

// The binder refuses subqueries already; so does the check behind it.
func TestTotal(t *testing.T) {
	if newAttributes(nil).total(&plan.Subquery{}) == nil {
		t.Error("a subquery is total")
	}
}

// Const on either side, and what is not compared with a constant of its own scale.
func TestDirectComparison(t *testing.T) {
	at := mysqltype.Type{ID: mysqltype.Timestamp, Scale: 6}
	utc := &plan.Call{Func: plan.OpUTC, Args: []plan.Expr{&plan.ColumnRef{ID: 1, Name: "at", T: at}}, T: mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}}
	moment := &plan.Const{Value: int64(5), T: utc.T}
	for _, c := range []struct {
		e    plan.Expr
		want string
	}{
		{plan.Compare(plan.OpLt, utc, moment), "at < timestamp '1970-01-01 00:00:00.000005'"},
		{plan.Compare(plan.OpLt, moment, utc), "timestamp '1970-01-01 00:00:00.000005' < at"},
		{plan.Compare(plan.OpEq, utc, utc), "utc_datetime(at) = utc_datetime(at)"},
		{plan.Compare(plan.OpEq, utc, &plan.Const{Value: int64(5), T: mysqltype.Type{ID: mysqltype.DateTime}}), "utc_datetime(at) = timestamp '1970-01-01 00:00:00'"},
	} {
		if got := plan.FormatExpr(directComparison(c.e), plan.FormatOptions{}); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	w := newWorld()
	w.relations("a.p: x int\nb.p: x int")
	many := make([]byte, 0, 1<<20)
	for i := range maxPolicies + 1 {
		many = fmt.Appendf(many, "- {id: p%d, grant: select}\n", i)
	}
	w.domain("a").Files = []File{{Name: "a.yaml", Data: many}}
	long := strings.Repeat("x = 1 AND ", maxExpression/10) + "x = 1"
	w.domain("b").Files = []File{w.file("- {id: a, grant: select, rows: '" + long + "'}")}
	ps, diagnostics := Compile(w.in)
	if !ps.Denied(w.relation("a.p")) || !ps.Denied(w.relation("b.p")) || len(diagnostics) != 2 {
		t.Error(diagnostics)
	}

	w = newWorld()
	w.relations("a.p: x int")
	for range maxDiagnostics / 1000 {
		w.domain("a").Files = append(w.domain("a").Files, File{Data: fmt.Appendf(nil, "%s", strings.Repeat("- {id: a, grant: select, purposes: [x, y, z]}\n", 390))})
	}
	if _, diagnostics := Compile(w.in); len(diagnostics) > maxDiagnostics {
		t.Errorf("%d diagnostics", len(diagnostics))
	}
}
