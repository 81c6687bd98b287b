package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// TestPolicy binds expressions as policies do: strictly, over a relation's
// columns and the principal's attributes.
func TestPolicy(t *testing.T) {
	datadriven.RunTest(t, "testdata/policy", func(t *testing.T, d *datadriven.TestData) string {
		n, err := expr.Parse(d.Input)
		if err == nil {
			var e plan.Expr
			b := &expr.Binder{Scope: policyScope{}, Functions: library{}, Strict: true}
			switch d.Cmd {
			case "rows":
				e, err = b.Condition(n)
			case "mask":
				e, err = b.Bind(n)
			default:
				t.Fatalf("unknown command %s", d.Cmd)
			}
			if err == nil {
				return fmt.Sprintf("%s: %s\n", plan.FormatExpr(e, plan.FormatOptions{Types: true}), e.Type())
			}
		}
		x := mysqlerr.From(err)
		return fmt.Sprintf("ERROR %d (%s): %s\n", x.Code, x.State, x.Message)
	})
}

type policyScope struct{}

func (policyScope) Column(qualifier []string, name string) (plan.Expr, error) {
	text := mysqltype.Type{ID: mysqltype.VarChar, Length: 255}
	switch q := strings.Join(qualifier, "."); q + "." + name {
	case "user.country", "session.purpose":
		return &plan.Param{Name: q + "." + name, T: text}, nil
	case "user.level":
		return &plan.Param{Name: "user.level", T: mysqltype.Type{ID: mysqltype.BigInt}}, nil
	case ".country", ".note":
		return &plan.ColumnRef{ID: 1, Name: name, T: text}, nil
	case ".id":
		return &plan.ColumnRef{ID: 2, Name: name, T: mysqltype.Type{ID: mysqltype.Int}}, nil
	case ".total":
		return &plan.ColumnRef{ID: 3, Name: name, T: mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}}, nil
	case ".day":
		return &plan.ColumnRef{ID: 4, Name: name, T: mysqltype.Type{ID: mysqltype.Date}}, nil
	case ".consent":
		return &plan.ColumnRef{ID: 5, Name: name, T: mysqltype.Type{ID: mysqltype.Bool}}, nil
	}
	return nil, mysqlerr.UnknownColumn(name, "policy")
}

type library struct{}

func (library) Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error) {
	switch name {
	case "concat", "left", "lower":
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 255}, nil
	case "rand":
		return mysqltype.Type{ID: mysqltype.Double}, nil
	}
	return mysqltype.Type{}, mysqlerr.UnknownFunction(name)
}

func (library) Deterministic(name string) bool { return name != "rand" }

// TestParseOne: a text that is not one expression is no expression, whatever
// it closes, hides or goes on with.
func TestParseOne(t *testing.T) {
	for _, sql := range []string{
		"", "1, 2", "1) FROM t WHERE (1", "1) AS x, (2", "1); SELECT (2", "1 FROM t", "1) UNION SELECT (1", "1) LIMIT (1",
		"1 -- x\n) x", "1 /*", "SELECT 1", "*", "(1", "1))", "1) INTO OUTFILE ('x'", "1) INTO @x -- ", "1) WINDOW w AS (ORDER BY 1",
	} {
		if n, err := expr.Parse(sql); err == nil {
			t.Errorf("%q parsed as %T", sql, n)
		}
	}
	for _, sql := range []string{"1", "(1)", "a = 1 -- why", "a /* b */ = 'x)'", "`a b` # c"} {
		if _, err := expr.Parse(sql); err != nil {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestCheckText(t *testing.T) {
	l := expr.Limits{Bytes: 200, Tokens: 20, Depth: 3}
	for _, c := range []struct {
		sql string
		ok  bool
	}{
		{"SELECT 1", true},
		{strings.Repeat("x", 201), false},
		{strings.Repeat("x ", 20), true},
		{strings.Repeat("x ", 21), false},
		{strings.Repeat("+", 21), false},
		{"(((1)))", true},
		{"((((1))))", false},
		{"(1)(1)(1)(1)", true},
		{"'(((((' \"(((((\" `(((((`", true},
		{"'\\'((((' ", true},
		{"'''((((' ", true},
		{"-- ((((\n# ((((\n/* (((( */ 1", true},
		{"/*! (((( */", false},
		{"/*+ (((( */", false},
		{"/*M! (((( */", false},
		{"1--((((", false},
		{"'((((", true},
		{"/* ((((", true},
		{"`\\`((((", false},
	} {
		err := l.Check(c.sql)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, mysqlerr.TooComplex("")) {
			t.Errorf("%q: %v, want ok %v", c.sql, err, c.ok)
		}
	}
}

// TestConstant: arguments of statements become typed constants.
func TestConstant(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "null: null"}, {true, "true: tinyint(1)"}, {int8(-3), "-3: bigint"}, {uint64(1 << 63), "9223372036854775808: bigint unsigned"},
		{1.5, "1.5: double"}, {"äb", "'äb': varchar(2)"}, {[]byte("x"), "'x': varchar(1)"}, {expr.Decimal("-12.50"), "-12.50: decimal(4,2)"},
		{time.Date(2020, 1, 2, 3, 4, 5, 678000, time.UTC), "timestamp '2020-01-02 04:04:05.000678': datetime(6)"},
	} {
		k, err := expr.Constant(c.in, zone)
		if err != nil {
			t.Errorf("%v: %v", c.in, err)
			continue
		}
		if got := fmt.Sprintf("%s: %s", plan.FormatExpr(k, plan.FormatOptions{}), k.T); got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
	for _, bad := range []any{struct{}{}, expr.Decimal("x"), expr.Decimal(strings.Repeat("9", 39))} {
		if _, err := expr.Constant(bad, zone); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
