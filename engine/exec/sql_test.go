package exec

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/naive"
	"github.com/meshql/meshql/planner/optimize"
	"github.com/meshql/meshql/planner/plan"
)

// shop is a domain of small products: e is empty, i compares without case, g
// has a row filter and a mask.
func shop() map[string]*table {
	out := map[string]*table{}
	for i, name := range []string{"a", "b", "c", "e", "i", "g"} {
		text := typeText
		if name == "i" {
			text = typeCI
		}
		t := newTable(1, typeInt, typeInt, text, typeCents, typeWide, typeDate, typeDouble)
		for j, n := range []string{"k", "v", "s", "d", "w", "t", "f"} {
			t.cols[j].Name = n
		}
		rows := 60
		if name == "e" {
			rows = 0
		}
		rng := newRand(uint64(i))
		for range rows {
			x := func(v any) any {
				if rng.IntN(6) == 0 {
					return nil
				}
				return v
			}
			s := fmt.Sprint("x", rng.IntN(4))
			if name == "i" && rng.IntN(2) == 0 {
				s = strings.ToUpper(s)
			}
			t.rows = append(t.rows, []any{x(int64(rng.IntN(5))), x(int64(rng.IntN(5))), x(s), x(int64(rng.IntN(500))),
				x(randomValue(rng, typeWide, 9)), x(int32(17800 + rng.IntN(400))), x(float64(rng.IntN(6)) / 2)})
		}
		out[name] = t
	}
	return out
}

// world binds and optimizes queries over a shop whose sources have a shape.
type world struct {
	mesh *catalog.Mesh
	s    shape
}

func newWorld(tables map[string]*table, s shape) *world {
	d := &catalog.Domain{Name: "shop", Products: map[string]*catalog.Product{}}
	for name, t := range tables {
		p := &catalog.Product{Domain: "shop", Name: name, Source: t.scan(s).Source, Relation: &governance.Relation{Domain: "shop", Product: name}}
		for _, c := range t.cols {
			p.Columns = append(p.Columns, catalog.Column{Column: connectors.Column{Name: c.Name, Type: c.Type}})
			p.Relation.Columns = append(p.Relation.Columns, governance.RelationColumn{Name: c.Name, Type: c.Type})
		}
		d.Products[name] = p
	}
	return &world{&catalog.Mesh{Domains: map[string]*catalog.Domain{"shop": d}}, s}
}

func (w *world) bind(sql string) (plan.Node, error) {
	stmt, _, err := expr.ParseStatement(sql, expr.DefaultLimits)
	if err != nil {
		return nil, err
	}
	b, err := bind.Select(context.Background(), stmt, nil, &bind.Env{
		Mesh: w.mesh, Domain: "shop", Principal: &governance.Principal{User: "ana"}, Functions: mysqlfn.New(),
		Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Decide: decide,
	})
	if err != nil {
		return nil, err
	}
	return b.Plan, nil
}

func decide(_ *governance.Principal, r *governance.Relation, _ time.Time) *governance.Decision {
	d := &governance.Decision{Access: governance.Select, Columns: make([]governance.ColumnDecision, len(r.Columns))}
	for i := range d.Columns {
		d.Columns[i].Visible = true
	}
	if r.Product == "g" {
		v := &plan.ColumnRef{ID: 2, Name: "v", T: r.Columns[1].Type}
		d.Rows = call(plan.OpGt, typeBool, v, constant(int64(0), typeInt))
		d.Columns[3].Mask = constant(nil, r.Columns[3].Type)
		d.Policies = []string{"test"}
	}
	return d
}

func (w *world) plan(sql string) (plan.Node, error) {
	root, err := w.bind(sql)
	if err != nil {
		return nil, err
	}
	return optimize.Optimize(context.Background(), root, optimize.Options{
		Fold: func(e plan.Expr) (*plan.Const, error) {
			return eval.Constant(e, &eval.Env{Functions: mysqlfn.New(), Location: time.UTC})
		},
	})
}

func cause(err error) string {
	return fmt.Sprintf("%v (%v)", err, mysqlerr.From(err).Unwrap())
}

// TestQueries wants from each query what the interpreter answers, row by row,
// for the plan before it is optimized.
func TestQueries(t *testing.T) {
	text, err := os.ReadFile("testdata/queries.sql")
	if err != nil {
		t.Fatal(err)
	}
	tables := shop()
	for _, sql := range strings.Split(string(text), ";\n") {
		sql = strings.TrimSpace(sql)
		t.Run(sql, func(t *testing.T) {
			bound, err := newWorld(tables, shapes[2]).bind(sql)
			if err != nil {
				t.Fatal(cause(err))
			}
			want, err := naive.Run(context.Background(), bound)
			if err != nil {
				t.Fatal(cause(err))
			}
			for _, s := range shapes {
				root, err := newWorld(tables, s).plan(sql)
				if err != nil {
					t.Fatal(cause(err))
				}
				got, err := run(t, root, s)
				if err != nil {
					t.Fatalf("%+v: %s\n%s", s, cause(err), plan.Format(root, plan.FormatOptions{IDs: true}))
				}
				x, y := sorted(got), sorted(want)
				if strings.Contains(sql, " order by ") && !strings.Contains(sql, "separator") {
					x, y = texts(got), texts(want)
				}
				if strings.Join(x, "\n") != strings.Join(y, "\n") {
					t.Log(plan.Format(root, plan.FormatOptions{IDs: true}))
				}
				compareRows(t, s, x, y)
			}
		})
	}
}
