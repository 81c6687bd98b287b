package governance

import (
	"slices"
	"time"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// force is what binds one principal on one relation, with its values bound.
type force struct {
	grants    []grant
	discover  bool
	until     time.Time // when the first grant ends; zero: never
	filters   []plan.Expr
	masks     []columnMask
	minGroups []*plan.MinGroup
	policies  []*bound
}

// grant shows columns of the rows for which rows holds (nil: all).
type grant struct {
	columns []int
	rows    plan.Expr
	reason  Reason
}

// columnMask replaces a column; a nil expression removes it.
type columnMask struct {
	column int
	expr   plan.Expr
	reason Reason
}

func (f *force) add(b *bound, bind func(plan.Expr) plan.Expr) {
	f.policies = append(f.policies, b)
	if end := b.end(); !end.IsZero() && (f.until.IsZero() || end.Before(f.until)) {
		f.until = end
	}
	switch b.kind {
	case selectGrant:
		g := grant{columns: b.columns, reason: b.reason()}
		if b.rows != nil {
			g.rows = bind(b.rows)
		}
		f.grants = append(f.grants, g)
	case discoverGrant:
		f.discover = true
	case rowFilter:
		f.filters = append(f.filters, bind(b.rows))
	case columnMasks:
		for _, m := range b.masks {
			if m.expr != nil {
				m.expr = bind(m.expr)
			}
			m.reason = b.reason()
			f.masks = append(f.masks, m)
		}
	case minGroup:
		f.minGroups = append(f.minGroups, &plan.MinGroup{
			Size: b.MinGroup.Size, Entity: plan.ColumnID(b.entity + 1), Policy: b.ID,
		})
	}
}

// compose decides rows and columns from what is in force; false says that
// nothing is left to read.
//
//	rows    = (OR of the grants' rows) AND every filter, of guild and domain alike
//	columns = those that a grant shows and no mask denies
//	mask    = the one mask, or NULL where two differ
//
// A cell is visible only if one grant shows both its row and its column: where
// grants of some rows show columns that grants of other rows do not, the column
// is NULL in the latter (its guard).
func (f *force) compose(d *Decision, r *Relation) bool {
	all := f.granted(func(grant) bool { return true })
	rows := slices.Clone(f.filters)
	if all != nil {
		rows = append(rows, all)
	}
	d.Rows = combine(plan.OpAnd, rows)

	guards := make([]plan.Expr, len(d.Columns))
	open := make([]bool, len(d.Columns)) // shown raw, wherever its row is
	for i := range d.Columns {
		shows := func(g grant) bool { return slices.Contains(g.columns, i) }
		hides := func(g grant) bool { return !shows(g) }
		c := &d.Columns[i]
		c.Visible = slices.ContainsFunc(f.grants, shows)
		if c.Visible && slices.ContainsFunc(f.grants, hides) {
			if guard := f.granted(shows); !plan.Equal(guard, all) {
				guards[i] = guard
			}
		}
		f.mask(c, i, r.Columns[i].Type)
		open[i] = c.Visible && c.Mask == nil && guards[i] == nil
	}
	readable := false
	for i := range d.Columns {
		c := &d.Columns[i]
		c.conceal(open, i, r.Columns[i].Type)
		if c.Visible && guards[i] != nil {
			f.guard(c, guards[i], i, r.Columns[i])
		}
		readable = readable || c.Visible
	}
	return f.group(d) && readable
}

// granted is the condition under which one of the grants that count shows a
// row; nil is every row.
func (f *force) granted(counts func(grant) bool) plan.Expr {
	var rows []plan.Expr
	for _, g := range f.grants {
		if !counts(g) {
			continue
		}
		if g.rows == nil {
			return nil
		}
		rows = append(rows, g.rows)
	}
	return combine(plan.OpOr, rows)
}

// mask composes the masks of one column.
func (f *force) mask(c *ColumnDecision, column int, t mysqltype.Type) {
	for _, m := range f.masks {
		if m.column != column {
			continue
		}
		switch {
		case m.expr == nil:
			c.Visible = false
		case c.Mask == nil:
			c.Mask = m.expr
		case !plan.Equal(c.Mask, m.expr):
			c.Mask = plan.Null(t)
		}
		c.Reasons = append(c.Reasons, m.reason)
	}
}

// conceal makes NULL a mask that reads a column which the principal does not
// see as it is, but for the masked column itself, and clears what is invisible.
func (c *ColumnDecision) conceal(open []bool, column int, t mysqltype.Type) {
	if !c.Visible {
		c.Mask, c.Reasons = nil, nil
	}
	if c.Mask == nil {
		return
	}
	for _, id := range plan.Refs(c.Mask).IDs() {
		if read := int(id) - 1; read != column && !open[read] {
			c.Mask = plan.Null(t)
			return
		}
	}
}

// guard shows the column only in rows that one of its grants shows.
func (f *force) guard(c *ColumnDecision, guard plan.Expr, column int, rc RelationColumn) {
	shown := c.Mask
	if shown == nil {
		shown = &plan.ColumnRef{ID: plan.ColumnID(column + 1), Name: rc.Name, T: rc.Type}
	}
	c.Mask = &plan.Case{Whens: []plan.When{{Cond: guard, Then: shown}}, T: shown.Type()}
	for _, g := range f.grants {
		if slices.Contains(g.columns, column) {
			c.Reasons = append(c.Reasons, g.reason)
		}
	}
}

// group composes minimal group sizes: the largest on one entity. Those on
// different entities cannot be satisfied by one aggregate: nothing is readable.
func (f *force) group(d *Decision) bool {
	for _, m := range f.minGroups {
		if d.MinGroup != nil && d.MinGroup.Entity != m.Entity {
			return false
		}
		if d.MinGroup == nil || m.Size > d.MinGroup.Size {
			d.MinGroup = m
		}
	}
	return true
}

// explain names the policies behind what a decision shows. A mask of columns
// that are not visible is not among them.
func (f *force) explain(d *Decision) {
	d.Until = f.until
	for _, b := range f.policies {
		d.InForce = append(d.InForce, b.reason())
		if b.kind != columnMasks && (d.Access == Select || b.kind == discoverGrant) {
			d.Reasons = append(d.Reasons, b.reason())
			d.Policies = append(d.Policies, b.ID)
		}
	}
	for i := range d.Columns {
		for _, reason := range d.Columns[i].Reasons {
			d.Policies = append(d.Policies, reason.Policy)
		}
	}
	slices.Sort(d.Policies)
	d.Policies = slices.Compact(d.Policies)
}
