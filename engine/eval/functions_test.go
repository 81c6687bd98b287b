package eval

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// TestFunctions evaluates SQL expressions, one a line: the value, what it
// warned, or the error. The values were checked against a MariaDB server.
func TestFunctions(t *testing.T) {
	datadriven.Walk(t, "testdata/functions", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			loc := time.UTC
			var zone string
			if d.MaybeScanArgs(t, "zone", &zone); zone != "" {
				var err error
				if loc, err = time.LoadLocation(zone); err != nil {
					t.Fatal(err)
				}
			}
			var out strings.Builder
			for _, line := range strings.Split(d.Input, "\n") {
				fmt.Fprintf(&out, "%s\n", evalText(line, loc))
			}
			return out.String()
		})
	})
}

func evalText(text string, loc *time.Location) string {
	var warnings []string
	env := &Env{
		Location: loc, Now: time.Date(2024, 2, 29, 12, 30, 45, 123456000, loc), Functions: mysqlfn.New(),
		Warn: func(code uint16, msg string) { warnings = append(warnings, fmt.Sprintf("%d %s", code, msg)) },
	}
	fail := func(err error) string {
		e := mysqlerr.From(err)
		s := fmt.Sprintf("error %d: %s", e.Code, e.Message)
		if e.Code == 1105 {
			s += fmt.Sprint(" ", e.Unwrap())
		}
		return s
	}
	n, err := expr.Parse(text)
	if err != nil {
		return fail(err)
	}
	b := &expr.Binder{Functions: env.Functions, Now: env.Now, Fold: func(e plan.Expr) (*plan.Const, error) { return Constant(e, env) }}
	e, err := b.Bind(n)
	if err != nil {
		return fail(err)
	}
	ev, err := Compile(e, nil, env)
	if err != nil {
		return fail(err)
	}
	v, err := ev.Eval(context.Background(), vec.NewBatch(1))
	if err != nil {
		return fail(err)
	}
	s := "NULL"
	if !v.IsNull(0) {
		s = string(mysqltype.AppendText(nil, e.Type(), v, 0, loc))
	}
	if len(warnings) > 0 {
		s += "  -- " + strings.Join(warnings, "; ")
	}
	return s
}

// TestEveryFunctionCompiles keeps the allow-list and the kernels together.
func TestEveryFunctionCompiles(t *testing.T) {
	env := testEnv(new(int))
	for _, f := range mysqlfn.Functions() {
		compiled := false
		for n := f.Min; n <= min(f.Max, f.Min+3) && !compiled; n++ {
			for _, args := range [][]plan.Expr{
				repeatArg(lit(tInt, int64(2)), n), repeatArg(lit(tText, "day"), n), repeatArg(lit(tDate, int32(0)), n),
				{lit(tText, "day"), lit(tDate, int32(0)), lit(tDate, int32(0))}, {lit(tDate, int32(0)), lit(tText, "day")},
				{lit(tText, "x"), lit(tText, "y"), lit(tText, "both")},
			} {
				types := typesOf(args)
				result, err := env.Functions.Resolve(f.Name, types)
				if err != nil {
					continue
				}
				if _, err := Compile(fn(f.Name, result, args...), nil, env); err == nil {
					compiled = true
				}
			}
		}
		if !compiled {
			t.Errorf("%s does not compile", f.Name)
		}
	}
}

func repeatArg(e plan.Expr, n int) []plan.Expr {
	args := make([]plan.Expr, n)
	for i := range args {
		args[i] = e
	}
	return args
}
