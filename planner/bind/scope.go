package bind

import (
	"strings"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Clauses as errors name them.
const (
	inFields = "field list"
	inWhere  = "where clause"
	inOn     = "on clause"
	inGroup  = "group statement"
	inHaving = "having clause"
	inOrder  = "order clause"
	inFrom   = "from clause"
)

// column is a column that names can refer to.
type column struct {
	plan.Column
	ordinal int  // in its table
	merged  bool // by USING or NATURAL: reached with its table's name only
}

// frame is one level of name resolution: the columns of a FROM clause, or of a
// part of it below ON.
type frame struct {
	columns []column
	in      surroundings
}

// matches reports whether a name means c.
func (c *column) matches(qualifier []string, name string) bool {
	if !strings.EqualFold(c.Name, name) {
		return false
	}
	switch len(qualifier) {
	case 0:
		return !c.merged
	case 1:
		return strings.EqualFold(c.Alias, qualifier[0])
	}
	return strings.EqualFold(c.Domain, qualifier[0]) && strings.EqualFold(c.Alias, qualifier[1])
}

// find returns the column that a name means in this frame, nil if none.
func (f *frame) find(qualifier []string, name, clause string) (*column, error) {
	var found *column
	for i := range f.columns {
		c := &f.columns[i]
		if !c.matches(qualifier, name) {
			continue
		}
		if found != nil && found.ID != c.ID {
			return nil, mysqlerr.AmbiguousColumn(written(qualifier, name), clause)
		}
		found = c
	}
	return found, nil
}

// findOuter looks in the enclosing queries, the nearest first, and notes that
// each query in between reads the column it finds.
func (f *frame) findOuter(qualifier []string, name, clause string) (plan.Expr, error) {
	var crossed []*plan.ColumnSet
	for g := f; g.in.parent != nil; g = g.in.parent {
		if g.in.outer != nil {
			crossed = append(crossed, g.in.outer)
		}
		c, err := g.in.parent.find(qualifier, name, clause)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		for _, s := range crossed {
			s.Add(c.ID)
		}
		return &plan.ColumnRef{ID: c.ID, Name: c.Name, T: c.Type, Outer: true}, nil
	}
	return nil, nil
}

// names resolves the names of one clause in a frame.
type names struct {
	frame  *frame
	clause string
}

// Column implements expr.Scope.
func (n names) Column(qualifier []string, name string) (plan.Expr, error) {
	c, err := n.frame.find(qualifier, name, n.clause)
	if err != nil {
		return nil, err
	}
	if c != nil {
		return c.Ref(), nil
	}
	e, err := n.frame.findOuter(qualifier, name, n.clause)
	if e == nil && err == nil {
		err = mysqlerr.UnknownColumn(written(qualifier, name), n.clause)
	}
	return e, err
}

func written(qualifier []string, name string) string {
	return strings.Join(append(qualifier[:len(qualifier):len(qualifier)], name), ".")
}
