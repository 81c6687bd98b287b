package bind

import (
	"strconv"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// build puts the bound parts of a SELECT together: filter, aggregate, having,
// projection, distinct, sort.
func (q *block) build(n plan.Node, distinct bool) (plan.Node, error) {
	if q.where != nil {
		n = &plan.Filter{Input: n, Cond: q.where}
	}
	aggregated := len(q.groups) > 0 || len(q.aggs) > 0
	if err := q.checkMinGroup(aggregated); err != nil {
		return nil, err
	}
	if aggregated {
		agg := &plan.Aggregate{Input: n, GroupBy: q.groups, Aggs: q.aggs}
		for _, g := range q.groups {
			agg.Cols = append(agg.Cols, q.b.newColumn(groupName(g), g))
		}
		agg.Cols = append(agg.Cols, q.aggCols...)
		agg.MinGroup = q.minGroup()
		if err := q.regroup(agg.Cols); err != nil {
			return nil, err
		}
		n = agg
	}
	if q.having != nil {
		n = &plan.Filter{Input: n, Cond: q.having}
	}
	return q.project(n, distinct)
}

func groupName(e plan.Expr) string {
	if r, ok := e.(*plan.ColumnRef); ok {
		return r.Name
	}
	return plan.FormatExpr(e, plan.FormatOptions{})
}

// project computes the select list, and for ORDER BY what is not in it.
func (q *block) project(n plan.Node, distinct bool) (plan.Node, error) {
	p := &plan.Project{Input: n}
	add := func(name string, e plan.Expr) int {
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, q.b.newColumn(name, e))
		return len(p.Cols) - 1
	}
	for _, it := range q.items {
		i := add(it.name, it.expr)
		p.Cols[i] = q.origin(p.Cols[i], it.expr)
	}
	width := len(p.Cols)
	type sortKey struct {
		column int
		desc   bool
	}
	var keys []sortKey
	for i, k := range q.keys {
		at := k.item
		for j := 0; at < 0 && j < len(p.Exprs); j++ {
			if plan.Equal(p.Exprs[j], k.expr) {
				at = j
			}
		}
		if at < 0 {
			if distinct {
				return nil, mysqlerr.OrderNotSelected(i + 1)
			}
			at = add(groupName(k.expr), k.expr)
		}
		keys = append(keys, sortKey{at, k.desc})
	}
	n = p
	if distinct {
		n = q.b.distinct(p)
	}
	cols := n.Columns()
	if len(keys) > 0 {
		s := &plan.Sort{Input: n}
		for _, k := range keys {
			s.Keys = append(s.Keys, plan.SortKey{Expr: cols[k.column].Ref(), Desc: k.desc})
		}
		n = s
	}
	if len(cols) > width {
		n = q.b.keep(n, cols[:width])
	}
	return n, nil
}

// origin notes for result metadata where a column of the select list is from.
func (q *block) origin(c plan.Column, e plan.Expr) plan.Column {
	ref, ok := e.(*plan.ColumnRef)
	if !ok {
		return c
	}
	for i := range q.frame.columns {
		if f := &q.frame.columns[i]; f.ID == ref.ID {
			c.Domain, c.Product, c.Alias = f.Domain, f.Product, f.Alias
			break
		}
	}
	return c
}

// distinct groups by all columns.
func (b *binder) distinct(n plan.Node) plan.Node {
	a := &plan.Aggregate{Input: n}
	for _, c := range n.Columns() {
		ref := c.Ref()
		out := b.newColumn(c.Name, ref)
		out.Domain, out.Product, out.Alias = c.Domain, c.Product, c.Alias
		a.GroupBy, a.Cols = append(a.GroupBy, ref), append(a.Cols, out)
	}
	return a
}

// keep drops all columns but some.
func (b *binder) keep(n plan.Node, cols []plan.Column) plan.Node {
	p := &plan.Project{Input: n}
	for _, c := range cols {
		out := b.newColumn(c.Name, c.Ref())
		out.Domain, out.Product, out.Alias = c.Domain, c.Product, c.Alias
		p.Exprs, p.Cols = append(p.Exprs, c.Ref()), append(p.Cols, out)
	}
	return p
}

// limit binds LIMIT over n. An argument that is NULL counts as 0, as in MySQL.
func (b *binder) limit(n plan.Node, l *ast.Limit) (plan.Node, error) {
	if l == nil {
		return n, nil
	}
	out := &plan.Limit{Input: n, Count: -1}
	var err error
	if l.Count != nil {
		if out.Count, err = b.limitValue(l.Count); err != nil {
			return nil, err
		}
	}
	if l.Offset != nil {
		if out.Offset, err = b.limitValue(l.Offset); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// manyRows stands for every larger LIMIT and OFFSET: no relation has as many
// rows, and rules may add such numbers.
const manyRows = 1 << 56

func (b *binder) limitValue(n ast.ExprNode) (int64, error) {
	switch n.(type) {
	case *test_driver.ValueExpr, *test_driver.ParamMarkerExpr:
	default:
		return 0, mysqlerr.IncorrectLimit()
	}
	e, err := b.expr.With(nil).Bind(n)
	if err != nil {
		return 0, err
	}
	c, ok := e.(*plan.Const)
	if !ok {
		return 0, mysqlerr.IncorrectLimit()
	}
	switch v := c.Value.(type) {
	case int64:
		if v >= 0 {
			return min(v, manyRows), nil
		}
	case uint64:
		return int64(min(v, manyRows)), nil
	case nil: // an argument: none is known while a statement is prepared
		return 0, nil
	case string: // drivers send arguments as text
		if k, err := strconv.ParseUint(v, 10, 64); err == nil {
			return int64(min(k, manyRows)), nil
		}
	}
	return 0, mysqlerr.IncorrectLimit()
}
