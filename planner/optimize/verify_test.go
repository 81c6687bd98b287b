package optimize

import (
	"strings"
	"testing"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// TestVerifyBarrier breaks a governed relation in every way that a rule could.
func TestVerifyBarrier(t *testing.T) {
	integer := mysqltype.Type{ID: mysqltype.BigInt}
	col := func(id plan.ColumnID, name string) plan.Column {
		return plan.Column{ID: id, Name: name, Type: integer}
	}
	number := func(v int64) *plan.Const { return &plan.Const{Value: v, T: integer} }
	raw := []plan.Column{col(1, "id"), col(2, "secret")}
	rows := plan.Compare(plan.OpGt, raw[1].Ref(), number(3))
	cols := []plan.Column{col(3, "id"), col(4, "secret")}
	// relation is the relation as the binder builds it, but for what edit does.
	type parts struct {
		scan  *plan.Scan
		masks *plan.Project
		g     *plan.Governed
		above plan.Expr
	}
	relation := func(edit func(*parts)) plan.Node {
		p := &parts{
			scan:  &plan.Scan{Ordinals: []int{0, 1}, Cols: raw, Filters: []plan.Expr{rows}, RowFilter: 1},
			masks: &plan.Project{Exprs: []plan.Expr{raw[0].Ref(), number(0)}, Cols: cols},
			g:     &plan.Governed{Domain: "d", Product: "p", Open: []plan.ColumnID{3}, RowFilter: true, Cols: cols},
			above: plan.Compare(plan.OpEq, cols[0].Ref(), number(1)),
		}
		p.masks.Input, p.g.Input = p.scan, p.masks
		edit(p)
		return filter(p.g, p.above)
	}
	push := func(p *parts, e plan.Expr) { p.scan.Filters = append(p.scan.Filters, e) }
	for _, c := range []struct {
		name, want string
		edit       func(*parts)
	}{
		{"as bound", "", func(p *parts) {}},
		{"a leakproof predicate on an open column", "", func(p *parts) {
			push(p, plan.Compare(plan.OpEq, raw[0].Ref(), number(1)))
		}},
		{"one that did not stay above", "did not stay above", func(p *parts) {
			push(p, plan.Compare(plan.OpEq, raw[0].Ref(), number(2)))
		}},
		{"one that is not leakproof", "not leakproof", func(p *parts) {
			sum := &plan.Call{Func: plan.OpAdd, Args: []plan.Expr{cols[0].Ref(), number(1)}, T: integer}
			p.above = plan.Compare(plan.OpEq, sum, number(1))
			push(p, below(p.above, map[plan.ColumnID]*plan.ColumnRef{3: raw[0].Ref()}))
		}},
		{"a cast of the column", "not leakproof", func(p *parts) {
			p.above = plan.Compare(plan.OpEq, &plan.Cast{Arg: cols[0].Ref(), T: integer}, number(1))
			push(p, below(p.above, map[plan.ColumnID]*plan.ColumnRef{3: raw[0].Ref()}))
		}},
		{"a comparison of two columns", "not leakproof", func(p *parts) {
			push(p, plan.Compare(plan.OpEq, raw[0].Ref(), raw[0].Ref()))
		}},
		{"one on a masked column", "reads a masked column", func(p *parts) {
			push(p, plan.Compare(plan.OpEq, raw[1].Ref(), number(1)))
		}},
		{"one that can fail, without a row filter", "can fail", func(p *parts) {
			p.scan.Filters, p.scan.RowFilter, p.g.RowFilter = nil, 0, false
			sum := &plan.Call{Func: plan.OpAdd, Args: []plan.Expr{raw[0].Ref(), number(1)}, T: integer}
			push(p, plan.Compare(plan.OpEq, sum, number(1)))
		}},
		{"one that cannot, without a row filter", "", func(p *parts) {
			p.scan.Filters, p.scan.RowFilter, p.g.RowFilter = nil, 0, false
			push(p, plan.Compare(plan.OpEq, raw[0].Ref(), raw[0].Ref()))
		}},
		{"a strict product", "strict", func(p *parts) {
			p.g.Strict = true
			push(p, plan.Compare(plan.OpEq, raw[0].Ref(), number(1)))
		}},
		{"the row filter lost", "lost its row filter", func(p *parts) {
			p.scan.Filters, p.scan.RowFilter = nil, 0
		}},
		{"a row filter not declared", "does not declare", func(p *parts) { p.g.RowFilter = false }},
		{"a masked column opened", "which is masked", func(p *parts) { p.g.Open = append(p.g.Open, 4) }},
		{"the masks dropped", "not its masks", func(p *parts) {
			p.g.Input, p.g.Cols, p.g.Open, p.above = p.scan, raw, nil, nil
		}},
		{"something below the masks", "not a scan", func(p *parts) {
			p.masks.Input = &plan.Limit{Input: p.scan, Count: 1}
		}},
		{"min_group not discharged", "not discharged", func(p *parts) {
			p.g.MinGroup = &plan.MinGroup{Size: 5, Entity: 3, Policy: "small"}
		}},
		{"a column from below the barrier", "not in its input", func(p *parts) {
			p.above = plan.Compare(plan.OpEq, raw[1].Ref(), number(1))
		}},
	} {
		n := relation(c.edit)
		err := Verify(n, n)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

// TestVerifyPlan breaks a plan in the ways that have nothing to do with policies.
func TestVerifyPlan(t *testing.T) {
	integer, text := mysqltype.Type{ID: mysqltype.BigInt}, mysqltype.Type{ID: mysqltype.VarChar}
	a := plan.Column{ID: 1, Name: "a", Type: integer}
	b := plan.Column{ID: 2, Name: "b", Type: text}
	in := &plan.Values{Cols: []plan.Column{a, b}}
	for _, c := range []struct {
		name, want string
		n          plan.Node
	}{
		{"another column", "want a#1", &plan.Project{Input: in, Exprs: []plan.Expr{b.Ref(), b.Ref()}, Cols: []plan.Column{b, {ID: 3, Name: "b", Type: text}}}},
		{"fewer columns", "has 1 columns", only(in, []plan.Column{a})},
		{"types mixed", "bigint = varchar", filter(in, plan.Compare(plan.OpEq, a.Ref(), b.Ref()))},
		{"a condition that is none", "a condition of type bigint", filter(in, a.Ref())},
		{"a condition over numbers", "not over bigint", filter(in, plan.Not(a.Ref()))},
		{"one column made twice", "made by", &plan.Join{Kind: plan.SemiJoin, Left: in, Right: &plan.Values{Cols: []plan.Column{a}}}},
	} {
		if err := Verify(in, c.n); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}
