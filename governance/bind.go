package governance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/plan"
)

// bind binds all of a policy against r; false says that it does not fit, and
// the diagnostics say why. missing are columns that its match names in vain.
func (c *compiler) bind(b *bound, r *Relation, missing []string) bool {
	ok := true
	fail := func(at descriptor.Position, rule, hint, format string, args ...any) {
		ok = false
		c.report(descriptor.Error, b.File, at, rule, hint, "policy %q does not fit %s.%s: %s", b.ID, r.Domain, r.Product, fmt.Sprintf(format, args...))
	}
	column := func(at descriptor.Position, name string) int {
		i := r.ordinal(name)
		if i < 0 {
			fail(at, "MQ120", descriptor.DidYouMean(name, r.columnNames()), "it has no column %q", name)
		}
		return i
	}
	for _, name := range missing {
		column(b.Match.Position, name)
	}
	if b.Rows.Text != "" {
		b.rows = c.condition(b.Rows, scope{r: r, attributes: c.attributes}, fail)
	}
	if b.When.Text != "" {
		b.when = c.condition(b.When, scope{attributes: c.attributes}, fail)
	}
	switch {
	case b.Grant.Text == "select":
		b.kind = selectGrant
		if b.Columns != nil {
			var named []int
			for _, name := range b.Columns {
				named = append(named, column(b.Position, name))
			}
			b.columns = slices.DeleteFunc(b.columns, func(i int) bool { return !slices.Contains(named, i) })
		}
	case b.Grant.Text == "discover":
		b.kind = discoverGrant
	case b.MinGroup != nil:
		b.kind = minGroup
		b.entity = column(b.MinGroup.Position, b.MinGroup.Entity)
	case b.Rows.Text != "":
		b.kind = rowFilter
	default:
		b.kind = columnMasks
		for _, i := range b.columns {
			e, err := c.mask(b.Mask, r, i)
			if err != nil {
				fail(b.Mask.Position, "MQ121", "", "column %q: %s", r.Columns[i].Name, err)
				continue
			}
			b.masks = append(b.masks, columnMask{column: i, expr: e})
			c.lowEntropy(b, r, i)
		}
	}
	return ok
}

type failFunc func(at descriptor.Position, rule, hint, format string, args ...any)

// condition binds a truth value.
func (c *compiler) condition(text descriptor.Text, s scope, fail failFunc) plan.Expr {
	e, err := c.expression(text.Text, s, true)
	if err != nil {
		fail(text.Position, "MQ122", hintOf(err), "%s", err)
		return nil
	}
	return e
}

// scope resolves the names in a policy: columns of its relation, and the
// principal's values.
type scope struct {
	r          *Relation // nil: no columns
	attributes attributes
}

// nameError is an unknown name with a hint.
type nameError struct{ text, hint string }

func (e *nameError) Error() string { return e.text }

func hintOf(err error) string {
	var n *nameError
	if errors.As(err, &n) {
		return n.hint
	}
	return ""
}

// Column implements expr.Scope.
func (s scope) Column(qualifier []string, name string) (plan.Expr, error) {
	if len(qualifier) == 0 && s.r != nil {
		if i := s.r.ordinal(name); i >= 0 {
			return s.r.column(i), nil
		}
		return nil, &nameError{fmt.Sprintf("there is no column %q", name), descriptor.DidYouMean(name, s.r.columnNames())}
	}
	full := strings.ToLower(strings.Join(append(qualifier, name), "."))
	t, ok := s.attributes[full]
	if !ok {
		var known []string
		for name := range s.attributes {
			known = append(known, name)
		}
		return nil, &nameError{fmt.Sprintf("there is no value %q", full), descriptor.DidYouMean(full, known)}
	}
	return &plan.Param{Name: full, T: t.Type}, nil
}

// column reads the column at an ordinal of r.
func (r *Relation) column(i int) *plan.ColumnRef {
	return &plan.ColumnRef{ID: plan.ColumnID(i + 1), Name: r.Columns[i].Name, T: r.Columns[i].Type}
}

func (r *Relation) columnNames() []string {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	return names
}
