package bind

import (
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// regroup rewrites what stands above the aggregate: expressions that are grouped
// become the group's column, and no other column of the FROM clause is left.
func (q *block) regroup(cols []plan.Column) error {
	g := &grouping{groups: q.groups, cols: cols, columns: map[plan.ColumnID]int{}}
	for _, c := range q.frame.columns {
		g.from.Add(c.ID)
	}
	for i, e := range q.groups {
		if r, ok := e.(*plan.ColumnRef); ok {
			if _, ok := g.columns[r.ID]; !ok {
				g.columns[r.ID] = i
			}
		} else {
			g.computed = append(g.computed, i)
		}
	}
	for i := range q.items {
		if at, ok := q.groupItems[i]; ok {
			q.items[i].expr = cols[at].Ref()
			continue
		}
		q.items[i].expr = g.rewrite(q.items[i].expr)
		if g.missing != nil {
			if len(q.groups) == 0 {
				return mysqlerr.MixedGrouping(i+1, q.fullName(g.missing))
			}
			return mysqlerr.NotGrouped(i+1, "SELECT list", q.fullName(g.missing))
		}
	}
	if q.having != nil {
		q.having = g.rewrite(q.having)
		if g.missing != nil {
			return mysqlerr.NotGroupedInHaving(g.missing.Name)
		}
	}
	for i := range q.keys {
		if q.keys[i].expr == nil {
			continue
		}
		q.keys[i].expr = g.rewrite(q.keys[i].expr)
		if g.missing != nil {
			return mysqlerr.NotGrouped(i+1, "ORDER BY", q.fullName(g.missing))
		}
	}
	return nil
}

// fullName writes a column as domain.table.column, as far as it has them.
func (q *block) fullName(r *plan.ColumnRef) string {
	for i := range q.frame.columns {
		c := &q.frame.columns[i]
		if c.ID != r.ID {
			continue
		}
		var parts []string
		if c.Domain != "" {
			parts = append(parts, c.Domain)
		}
		if c.Alias != "" {
			parts = append(parts, c.Alias)
		}
		return written(parts, c.Name)
	}
	return r.Name
}

// grouping knows what an aggregate leaves visible.
type grouping struct {
	groups   []plan.Expr
	cols     []plan.Column // of the aggregate; the groups' come first
	from     plan.ColumnSet
	columns  map[plan.ColumnID]int // groups that are columns
	computed []int                 // the other groups
	missing  *plan.ColumnRef       // a column that is not grouped
}

func (g *grouping) rewrite(e plan.Expr) plan.Expr {
	for _, i := range g.computed {
		if plan.Equal(g.groups[i], e) {
			return g.cols[i].Ref()
		}
	}
	switch x := e.(type) {
	case *plan.ColumnRef:
		if r := g.column(x); r != nil {
			return r
		}
		return e
	case *plan.Const, *plan.Param:
		return e
	case *plan.Call:
		return &plan.Call{Func: x.Func, Args: g.all(x.Args), T: x.T}
	case *plan.Cast:
		return &plan.Cast{Arg: g.rewrite(x.Arg), T: x.T, Implicit: x.Implicit}
	case *plan.Case:
		out := &plan.Case{T: x.T}
		for _, w := range x.Whens {
			out.Whens = append(out.Whens, plan.When{Cond: g.rewrite(w.Cond), Then: g.rewrite(w.Then)})
		}
		if x.Else != nil {
			out.Else = g.rewrite(x.Else)
		}
		return out
	case *plan.InList:
		return &plan.InList{Arg: g.rewrite(x.Arg), List: x.List, Negate: x.Negate}
	case *plan.HashMask:
		return &plan.HashMask{Arg: g.rewrite(x.Arg), Key: x.Key}
	case *plan.Subquery:
		out := *x
		out.Left = g.all(x.Left)
		out.Plan = plan.SubstituteFree(x.Plan, func(r *plan.ColumnRef) plan.Expr {
			if n := g.column(r); n != nil {
				return n
			}
			return nil
		})
		out.Outer = plan.Free(out.Plan).IDs()
		return &out
	}
	return e
}

func (g *grouping) all(es []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = g.rewrite(e)
	}
	return out
}

// column returns the group's column for a column of the FROM clause, nil for
// any other column, and notes one that is not grouped.
func (g *grouping) column(r *plan.ColumnRef) *plan.ColumnRef {
	if !g.from.Has(r.ID) {
		return nil
	}
	i, ok := g.columns[r.ID]
	if !ok {
		if g.missing == nil {
			g.missing = r
		}
		return nil
	}
	return g.cols[i].Ref()
}

// minGroup returns the property that the aggregate of this block discharges.
func (q *block) minGroup() *plan.MinGroup {
	for _, t := range q.tables {
		if t.governed != nil && t.governed.MinGroup != nil {
			return t.governed.MinGroup
		}
	}
	return nil
}

// checkMinGroup refuses to read a relation under min_group but through one
// aggregate directly over it, without subqueries or columns of other queries.
// What it computes must be about the group: counts, sums, averages and
// deviations of whole columns, for an extreme, a list or a sum of IF(...) would
// be about one of its rows. It is grouped by columns that the policy leaves
// open, and filtered by conditions over them that can neither fail nor warn,
// for that would tell of rows in groups that are dropped.
func (q *block) checkMinGroup(aggregated bool) error {
	m := q.minGroup()
	if m == nil {
		return nil
	}
	var g *plan.Governed
	for _, t := range q.tables {
		if t.governed != nil && t.governed.MinGroup == m {
			g = t.governed
		}
	}
	refuse := mysqlerr.MinGroupOnly(g.Domain, g.Product, m.Policy)
	if !aggregated || len(q.tables) != 1 {
		return refuse
	}
	open := plan.SetOf(g.Open...)
	for _, e := range q.groups {
		if r, ok := e.(*plan.ColumnRef); !ok || !open.Has(r.ID) {
			return refuse
		}
	}
	if q.where != nil && (!plan.Refs(q.where).SubsetOf(open) || !plan.Total(q.where)) {
		return refuse
	}
	made := plan.Outputs(g)
	for _, a := range q.aggs {
		if !groupAggregates[a.Func] {
			return refuse
		}
		for _, x := range a.Args {
			if !plan.Refs(x).SubsetOf(made) || !wholeColumn(x) {
				return refuse
			}
		}
	}
	return nil
}

// groupAggregates are about a group and not about one of its rows.
var groupAggregates = map[string]bool{"count": true, "sum": true, "avg": true, "std": true, "stddev_samp": true,
	"var_pop": true, "var_samp": true}

// wholeColumn reports whether e is a column or a constant, also in a wider type.
func wholeColumn(e plan.Expr) bool {
	if c, ok := e.(*plan.Cast); ok && plan.Total(c) {
		e = c.Arg
	}
	switch e.(type) {
	case *plan.ColumnRef, *plan.Const:
		return true
	default:
	}
	return false
}
