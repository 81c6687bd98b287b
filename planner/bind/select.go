package bind

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// block is one SELECT being bound.
type block struct {
	b      *binder
	in     surroundings
	frame  *frame // of its FROM
	tables []table
	items  []item
	keys   []key

	where  plan.Expr
	having plan.Expr
	groups []plan.Expr
	// groupItems are the select items that GROUP BY names, by index into items;
	// the value is the group's.
	groupItems map[int]int
	aggs       []plan.Agg
	aggCols    []plan.Column
	inAgg      bool
}

// item is one column of the select list.
type item struct {
	name  string
	alias bool         // name was given with AS
	node  ast.ExprNode // nil for a column of *
	expr  plan.Expr
}

// key is one expression of ORDER BY: an item by index, or an expression of its
// own.
type key struct {
	item int // -1: expr
	expr plan.Expr
	desc bool
}

func (b *binder) selectStmt(s *ast.SelectStmt, in surroundings) (plan.Node, error) {
	if err := b.checkSelect(s); err != nil {
		return nil, err
	}
	sight, err := b.define(s.With, in)
	if err != nil {
		return nil, err
	}
	before := in.ctes
	in.ctes = sight
	var n plan.Node
	if s.Kind == ast.SelectStmtKindValues {
		n, err = b.values(s, in)
	} else {
		n, err = b.block(s, in)
	}
	if err != nil {
		return nil, err
	}
	return n, b.bindUnused(sight, before)
}

// block binds a SELECT or TABLE without its WITH.
func (b *binder) block(s *ast.SelectStmt, in surroundings) (plan.Node, error) {
	src, err := b.from(s.From, in)
	if err != nil {
		return nil, err
	}
	q := &block{b: b, in: in, frame: &frame{columns: src.columns, in: in}, tables: src.tables, groupItems: map[int]int{}}
	if s.Where != nil {
		if q.where, err = b.condition(s.Where, q.frame, inWhere); err != nil {
			return nil, err
		}
	}
	if err := q.expand(s.Fields); err != nil {
		return nil, err
	}
	if err := q.bindGroups(s.GroupBy); err != nil {
		return nil, err
	}
	if err := q.bindItems(); err != nil {
		return nil, err
	}
	if s.Having != nil {
		if q.having, err = q.binder(aliased{q, inHaving}).Condition(s.Having.Expr); err != nil {
			return nil, err
		}
	}
	if err := q.bindOrder(s.OrderBy); err != nil {
		return nil, err
	}
	n, err := q.build(src.node, s.Distinct)
	if err != nil {
		return nil, err
	}
	return b.limit(n, s.Limit)
}

// condition binds a condition that holds no aggregate.
func (b *binder) condition(n ast.ExprNode, f *frame, clause string) (plan.Expr, error) {
	e := b.expr.With(names{f, clause})
	e.Subquery = b.subqueries(f)
	return e.Condition(n)
}

// binder returns an expression binder of this block that takes aggregates, in
// whose arguments names mean what they mean around them.
func (q *block) binder(s expr.Scope) *expr.Binder {
	e := q.b.expr.With(s)
	e.Subquery = q.b.subqueries(q.frame)
	e.Aggregate = func(call *ast.AggregateFuncExpr) (plan.Expr, error) { return q.aggregate(call, s) }
	return e
}

// expand makes the select list's items; * becomes columns.
func (q *block) expand(fields *ast.FieldList) error {
	for _, f := range fields.Fields {
		if f.WildCard != nil {
			if err := q.star(f.WildCard); err != nil {
				return err
			}
		} else {
			it := item{name: f.AsName.O, alias: f.AsName.O != "", node: f.Expr}
			if !it.alias {
				it.name = fieldName(f)
			}
			q.items = append(q.items, it)
		}
		if len(q.items) > maxColumns {
			return mysqlerr.TooComplex(fmt.Sprintf("a select list has more than %d columns", maxColumns))
		}
	}
	return nil
}

// fieldName is the name of an item without alias: a column's, a string's
// content, else the text as it was written.
func fieldName(f *ast.SelectField) string {
	n := f.Expr
	for {
		p, ok := n.(*ast.ParenthesesExpr)
		if !ok {
			break
		}
		n = p.Expr
	}
	switch n := n.(type) {
	case *ast.ColumnNameExpr:
		return n.Name.Name.O
	case *test_driver.ValueExpr:
		if n.Kind() == test_driver.KindString {
			return strings.TrimSpace(n.GetString())
		}
	}
	return strings.TrimSpace(f.Text())
}

func (q *block) star(w *ast.WildCardField) error {
	if len(q.tables) == 0 {
		return mysqlerr.NoTablesUsed()
	}
	var cols []column
	if w.Table.O == "" {
		for _, c := range q.frame.columns {
			if !c.merged {
				cols = append(cols, c)
			}
		}
	} else {
		known := false
		for _, t := range q.tables {
			known = known || strings.EqualFold(t.alias, w.Table.O) && (w.Schema.O == "" || strings.EqualFold(t.domain, w.Schema.O))
		}
		if !known {
			return mysqlerr.UnknownTable(w.Table.O)
		}
		for _, c := range q.frame.columns {
			if strings.EqualFold(c.Alias, w.Table.O) && (w.Schema.O == "" || strings.EqualFold(c.Domain, w.Schema.O)) {
				cols = append(cols, c)
			}
		}
		slices.SortStableFunc(cols, func(a, b column) int { return cmp.Compare(a.ordinal, b.ordinal) })
	}
	for _, c := range cols {
		q.items = append(q.items, item{name: c.Name, expr: c.Ref()})
	}
	return nil
}

func (q *block) bindItems() error {
	e := q.binder(names{q.frame, inFields})
	for i := range q.items {
		it := &q.items[i]
		if it.node == nil {
			continue
		}
		var err error
		if it.expr, err = e.Bind(it.node); err != nil {
			return err
		}
	}
	return nil
}

// named returns the index of the item that a bare name means, -1 if none.
func (q *block) named(name, clause string, aliasesOnly bool) (int, error) {
	found := -1
	for i, it := range q.items {
		if !strings.EqualFold(it.name, name) || aliasesOnly && !it.alias {
			continue
		}
		if !it.alias && !isColumn(it) {
			continue
		}
		if found >= 0 && !plan.Equal(q.items[found].expr, it.expr) {
			return -1, mysqlerr.AmbiguousColumn(name, clause)
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

func isColumn(it item) bool {
	_, ok := it.node.(*ast.ColumnNameExpr)
	return ok || it.node == nil
}

// bindGroups binds GROUP BY: positions and aliases of the select list, columns
// and expressions.
func (q *block) bindGroups(g *ast.GroupByClause) error {
	if g == nil {
		return nil
	}
	e := q.b.expr.With(names{q.frame, inGroup})
	e.Subquery = q.b.subqueries(q.frame)
	for _, by := range g.Items {
		node, i, err := q.groupNode(by.Expr)
		if err != nil {
			return err
		}
		var x plan.Expr
		switch {
		case node != nil:
			if i >= 0 && holdsAggregate(node) {
				return mysqlerr.CantGroupOn(q.items[i].name)
			}
			if x, err = e.Bind(node); err != nil {
				return err
			}
		default:
			x = q.items[i].expr // a column of *
		}
		if i >= 0 {
			q.groupItems[i] = len(q.groups)
		}
		q.groups = append(q.groups, x)
	}
	return nil
}

// groupNode returns what an item of GROUP BY stands for, and the select item
// that it names or -1.
func (q *block) groupNode(n ast.ExprNode) (ast.ExprNode, int, error) {
	switch n := n.(type) {
	case *ast.PositionExpr:
		if n.P != nil {
			return n.P, -1, nil
		}
		if n.N < 1 || n.N > len(q.items) {
			return nil, -1, mysqlerr.UnknownColumn(fmt.Sprint(n.N), inGroup)
		}
		return q.items[n.N-1].node, n.N - 1, nil
	case *ast.ColumnNameExpr:
		if n.Name.Table.O != "" {
			break
		}
		c, err := q.frame.find(nil, n.Name.Name.O, inGroup)
		if c != nil || err != nil {
			return n, -1, err
		}
		for i, it := range q.items {
			if it.alias && strings.EqualFold(it.name, n.Name.Name.O) {
				return it.node, i, nil
			}
		}
	}
	return n, -1, nil
}

// bindOrder binds ORDER BY: positions, names of the select list, expressions.
func (q *block) bindOrder(o *ast.OrderByClause) error {
	if o == nil {
		return nil
	}
	e := q.binder(aliased{q, inOrder})
	for _, by := range o.Items {
		k := key{item: -1, desc: by.Desc}
		switch n := by.Expr.(type) {
		case *ast.PositionExpr:
			if n.P != nil {
				continue // a parameter is a constant, not a position
			}
			if n.N < 1 || n.N > len(q.items) {
				return mysqlerr.UnknownColumn(fmt.Sprint(n.N), inOrder)
			}
			k.item = n.N - 1
		case *ast.ColumnNameExpr:
			if n.Name.Table.O == "" {
				i, err := q.named(n.Name.Name.O, inOrder, true)
				if err != nil {
					return err
				}
				k.item = i
			}
		}
		if k.item < 0 {
			x, err := e.Bind(by.Expr)
			if err != nil {
				return err
			}
			if _, ok := x.(*plan.Const); ok {
				continue
			}
			k.expr = x
		}
		q.keys = append(q.keys, k)
	}
	return nil
}

// aliased resolves names in HAVING and ORDER BY, where select items have names.
type aliased struct {
	q      *block
	clause string
}

// Column implements expr.Scope. HAVING sees the select list, the grouped
// columns and the enclosing queries; ORDER BY sees the FROM clause, then the
// select list. Within an aggregate both see the FROM clause only.
func (a aliased) Column(qualifier []string, name string) (plan.Expr, error) {
	q := a.q
	c, err := q.frame.find(qualifier, name, a.clause)
	if q.inAgg {
		return a.inAggregate(c, qualifier, name, err)
	}
	if c != nil && (a.clause == inOrder || q.grouped(c.ID)) {
		return c.Ref(), nil
	}
	if err != nil && a.clause == inOrder {
		return nil, err
	}
	if len(qualifier) == 0 {
		i, err := q.named(name, a.clause, false)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			return q.again(i)
		}
	} else if c != nil && q.selected(c.ID) {
		return c.Ref(), nil
	}
	e, err := q.frame.findOuter(qualifier, name, a.clause)
	if e == nil && err == nil {
		err = mysqlerr.UnknownColumn(written(qualifier, name), a.clause)
	}
	return e, err
}

func (a aliased) inAggregate(c *column, qualifier []string, name string, err error) (plan.Expr, error) {
	if c != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return c.Ref(), nil
	}
	if len(qualifier) == 0 {
		i, err := a.q.named(name, a.clause, true)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			if holdsAggregate(a.q.items[i].node) {
				return nil, mysqlerr.InvalidUseOfAlias(name, "reference to group function")
			}
			return a.q.again(i)
		}
	}
	return names{a.q.frame, a.clause}.Column(qualifier, name)
}

// again binds a select item for another place. An item with a subquery gets a
// plan of its own there.
func (q *block) again(i int) (plan.Expr, error) {
	if q.items[i].node == nil {
		return q.items[i].expr, nil
	}
	return q.binder(names{q.frame, inFields}).Bind(q.items[i].node)
}

func (q *block) grouped(id plan.ColumnID) bool {
	for _, g := range q.groups {
		if r, ok := g.(*plan.ColumnRef); ok && r.ID == id {
			return true
		}
	}
	return false
}

func (q *block) selected(id plan.ColumnID) bool {
	for _, it := range q.items {
		if r, ok := it.expr.(*plan.ColumnRef); ok && r.ID == id {
			return true
		}
	}
	return false
}
