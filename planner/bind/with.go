package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// with is a chain of common table expressions in sight, the nearest first.
type with struct {
	next *with
	cte  *cte
}

// cte is a common table expression. It is bound once, at its first use.
type cte struct {
	name      string
	columns   []ast.CIStr
	query     *ast.SubqueryExpr
	in        surroundings // where it is defined
	recursive bool
	binding   bool
	node      plan.Node
	names     []string
	uses      []*plan.Project // to stand over the definition, or a Shared of it
}

func (w *with) find(name string) *cte {
	for ; w != nil; w = w.next {
		if strings.EqualFold(w.cte.name, name) {
			return w.cte
		}
	}
	return nil
}

// define brings the expressions of a WITH clause into sight. Each sees those
// before it.
func (b *binder) define(w *ast.WithClause, in surroundings) (*with, error) {
	sight := in.ctes
	if w == nil {
		return sight, nil
	}
	seen := map[string]bool{}
	for _, c := range w.CTEs {
		if seen[c.Name.L] {
			return nil, mysqlerr.DuplicateAlias(c.Name.O)
		}
		seen[c.Name.L] = true
		def := &cte{name: c.Name.O, columns: c.ColNameList, query: c.Query, recursive: w.IsRecursive || c.IsRecursive}
		def.in = surroundings{parent: in.parent, ctes: sight}
		sight = &with{next: sight, cte: def}
		if def.recursive {
			def.in.ctes = sight
		}
		b.ctes = append(b.ctes, def)
	}
	return sight, nil
}

// bindUnused binds the expressions of a WITH clause that nothing uses, for the
// errors in them.
func (b *binder) bindUnused(sight, until *with) error {
	for w := sight; w != until; w = w.next {
		if err := b.bindCTE(w.cte); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) bindCTE(c *cte) error {
	if c.binding {
		return mysqlerr.Unsupported("recursive common table expressions")
	}
	if c.node != nil {
		return nil
	}
	c.binding = true
	defer func() { c.binding = false }()
	var outer plan.ColumnSet
	c.in.outer = &outer
	node, err := b.query(c.query, c.in)
	if err != nil {
		return err
	}
	if !outer.Empty() {
		return mysqlerr.Unsupported("a common table expression that reads an enclosing query")
	}
	c.names, err = columnNames(node, c.columns)
	if err != nil {
		return err
	}
	c.node = node
	return nil
}

// useCTE returns a relation over a common table expression.
func (b *binder) useCTE(c *cte) (*relation, error) {
	if err := b.bindCTE(c); err != nil {
		return nil, err
	}
	use := &plan.Project{}
	for i, col := range c.node.Columns() {
		use.Cols = append(use.Cols, b.newColumn(c.names[i], col.Ref()))
	}
	c.uses = append(c.uses, use)
	return &relation{node: use, columns: use.Cols, name: c.name}, nil
}

// finishShared puts definitions under their uses: in line under a single one,
// as one SharedDef under several.
func (b *binder) finishShared() {
	for _, c := range b.ctes {
		if len(c.uses) == 1 {
			b.finishUse(c.uses[0], c.node)
			continue
		}
		def := &plan.SharedDef{Name: c.name, Plan: c.node}
		for _, u := range c.uses {
			s := &plan.Shared{Def: def}
			for _, col := range c.node.Columns() {
				s.Cols = append(s.Cols, b.newColumn(col.Name, col.Ref()))
			}
			b.finishUse(u, s)
		}
	}
}

func (b *binder) finishUse(u *plan.Project, input plan.Node) {
	u.Input = input
	for _, col := range input.Columns() {
		u.Exprs = append(u.Exprs, col.Ref())
	}
}

// columnNames returns the names of a derived table's columns: those listed, or
// the query's own. They must be unique.
func columnNames(n plan.Node, listed []ast.CIStr) ([]string, error) {
	cols := n.Columns()
	if len(listed) > 0 && len(listed) != len(cols) {
		return nil, mysqlerr.WrongColumnList()
	}
	names := make([]string, len(cols))
	seen := map[string]bool{}
	for i, c := range cols {
		names[i] = c.Name
		if len(listed) > 0 {
			names[i] = listed[i].O
		}
		key := strings.ToLower(names[i])
		if seen[key] {
			return nil, mysqlerr.DuplicateColumn(names[i])
		}
		seen[key] = true
	}
	return names, nil
}
