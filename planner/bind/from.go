package bind

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// source is a bound part of a FROM clause: its plan and the names it offers.
type source struct {
	node    plan.Node
	columns []column
	tables  []table
}

// table is one entry of a FROM clause.
type table struct {
	domain, alias string
	governed      *plan.Governed // nil if it is no product
}

// from binds a FROM clause.
func (b *binder) from(f *ast.TableRefsClause, in surroundings) (*source, error) {
	if f == nil || f.TableRefs == nil {
		return &source{node: &plan.Values{Rows: [][]plan.Expr{{}}}}, nil
	}
	return b.source(f.TableRefs, in)
}

func (b *binder) source(n ast.ResultSetNode, in surroundings) (*source, error) {
	switch n := n.(type) {
	case *ast.Join:
		if n.Right == nil {
			return b.source(n.Left, in)
		}
		return b.join(n, in)
	case *ast.TableSource:
		return b.tableSource(n, in)
	}
	return nil, mysqlerr.Unsupported("this table reference")
}

func (b *binder) tableSource(n *ast.TableSource, in surroundings) (*source, error) {
	if b.tables++; b.tables > maxTables {
		return nil, mysqlerr.TooComplex(fmt.Sprintf("it reads more than %d tables", maxTables))
	}
	if n.Lateral {
		return nil, mysqlerr.Unsupported("LATERAL")
	}
	switch t := n.Source.(type) {
	case *ast.TableName:
		return b.tableName(t, n, in)
	case *ast.SelectStmt, *ast.SetOprStmt:
		return b.derived(n.Source, n, in)
	case *ast.Join:
		return b.source(t, in)
	}
	return nil, mysqlerr.Unsupported("this table reference")
}

func (b *binder) tableName(t *ast.TableName, n *ast.TableSource, in surroundings) (*source, error) {
	if err := checkTable(t); err != nil {
		return nil, err
	}
	if len(n.ColumnNames) > 0 {
		return nil, mysqlerr.Unsupported("a column list after a table's alias")
	}
	var rel *relation
	var err error
	if c := in.ctes.find(t.Name.O); c != nil && t.Schema.O == "" {
		rel, err = b.useCTE(c)
	} else {
		rel, err = b.resolveTable(t.Schema.O, t.Name.O)
	}
	if err != nil {
		return nil, err
	}
	alias := rel.name
	if n.AsName.O != "" {
		alias, rel.domain = n.AsName.O, ""
	}
	src := named(rel.node, rel.columns, rel.domain, alias)
	src.tables[0].governed, _ = rel.node.(*plan.Governed)
	return src, nil
}

// derived binds a query in FROM. It sees the enclosing queries, not its
// neighbours.
func (b *binder) derived(q ast.ResultSetNode, n *ast.TableSource, in surroundings) (*source, error) {
	if n.AsName.O == "" {
		return nil, mysqlerr.DerivedWithoutAlias()
	}
	node, err := b.query(q, in)
	if err != nil {
		return nil, err
	}
	colNames, err := columnNames(node, n.ColumnNames)
	if err != nil {
		return nil, err
	}
	cols := append([]plan.Column(nil), node.Columns()...)
	for i := range cols {
		cols[i].Name = colNames[i]
	}
	return named(node, cols, "", n.AsName.O), nil
}

func named(n plan.Node, cols []plan.Column, domain, alias string) *source {
	s := &source{node: n, tables: []table{{domain: domain, alias: alias}}}
	for i, c := range cols {
		c.Domain, c.Alias = domain, alias
		s.columns = append(s.columns, column{Column: c, ordinal: i})
	}
	return s
}

func (b *binder) join(n *ast.Join, in surroundings) (*source, error) {
	l, err := b.source(n.Left, in)
	if err != nil {
		return nil, err
	}
	r, err := b.source(n.Right, in)
	if err != nil {
		return nil, err
	}
	out := &source{tables: append(l.tables[:len(l.tables):len(l.tables)], r.tables...)}
	if len(out.tables) > maxJoined {
		return nil, mysqlerr.TooComplex(fmt.Sprintf("a FROM clause joins more than %d tables", maxJoined))
	}
	if err := unique(l.tables, r.tables); err != nil {
		return nil, err
	}
	out.columns = append(l.columns[:len(l.columns):len(l.columns)], r.columns...)
	j := &plan.Join{Kind: plan.InnerJoin, Left: l.node, Right: r.node}
	switch n.Tp {
	case ast.LeftJoin:
		j.Kind = plan.LeftJoin
		nullable(out.columns[len(l.columns):])
	case ast.RightJoin:
		j.Kind, j.Left, j.Right = plan.LeftJoin, r.node, l.node
		nullable(out.columns[:len(l.columns)])
	case ast.CrossJoin:
	case 0:
		// STRAIGHT_JOIN is an inner join that advises an optimizer.
		if !n.StraightJoin && !n.NaturalJoin {
			return nil, mysqlerr.Unsupported("this kind of join")
		}
	default:
		return nil, mysqlerr.Unsupported("this kind of join")
	}
	switch {
	case n.NaturalJoin:
		err = b.merge(j, out, l, r, commonNames(l, r), n.Tp == ast.RightJoin)
	case len(n.Using) > 0:
		err = b.merge(j, out, l, r, usingNames(n.Using), n.Tp == ast.RightJoin)
	case n.On != nil:
		j.On, err = b.condition(n.On.Expr, &frame{columns: out.columns, in: in}, inOn)
	case j.Kind != plan.InnerJoin:
		err = mysqlerr.Syntax("", 1)
	}
	out.node = j
	return out, err
}

// unique refuses two tables of one name.
func unique(l, r []table) error {
	for _, x := range l {
		for _, y := range r {
			if strings.EqualFold(x.alias, y.alias) && x.domain == y.domain {
				return mysqlerr.DuplicateAlias(y.alias)
			}
		}
	}
	return nil
}

// nullable notes that an outer join may give NULL in columns.
func nullable(cols []column) {
	for i := range cols {
		cols[i].Type.NotNull = false
	}
}

func usingNames(cols []*ast.ColumnName) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name.O
	}
	return out
}

// commonNames are the columns of a NATURAL join, in the left side's order.
func commonNames(l, r *source) []string {
	var out []string
	seen := map[string]bool{}
	right := map[string]bool{}
	for _, c := range r.columns {
		if !c.merged {
			right[strings.ToLower(c.Name)] = true
		}
	}
	for _, c := range l.columns {
		key := strings.ToLower(c.Name)
		if !c.merged && right[key] && !seen[key] {
			seen[key] = true
			out = append(out, c.Name)
		}
	}
	return out
}

// merge joins on equality of the named columns and shows each once: that of the
// outer side of the join, before all others. For a RIGHT join the right side
// comes first.
func (b *binder) merge(j *plan.Join, out, l, r *source, using []string, right bool) error {
	first, second := out.columns[:len(l.columns)], out.columns[len(l.columns):]
	if right {
		first, second = second, first
	}
	fs, ss := &frame{columns: first}, &frame{columns: second}
	var conds []plan.Expr
	common := map[plan.ColumnID]bool{}
	for _, name := range using {
		x, err := fs.find(nil, name, inFrom)
		if err != nil {
			return err
		}
		y, err := ss.find(nil, name, inFrom)
		if err != nil {
			return err
		}
		if x == nil || y == nil {
			return mysqlerr.UnknownColumn(name, inFrom)
		}
		sides := [2][]plan.Expr{{x.Ref()}, {y.Ref()}}
		if err := b.expr.Coerce(sides[0], sides[1]); err != nil {
			return err
		}
		conds = append(conds, plan.Compare(plan.OpEq, sides[0][0], sides[1][0]))
		common[x.ID], common[y.ID] = true, true
	}
	j.On = plan.And(conds...)
	var front, rest []column
	for _, c := range first {
		if common[c.ID] && !c.merged {
			front = append(front, c)
		} else {
			rest = append(rest, c)
		}
	}
	for _, c := range second {
		c.merged = c.merged || common[c.ID]
		rest = append(rest, c)
	}
	out.columns = append(front, rest...)
	return nil
}
