package governance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// mask binds m for the column at an ordinal of r. A nil expression removes the
// column.
func (c *compiler) mask(m Mask, r *Relation, ordinal int) (plan.Expr, error) {
	column := r.column(ordinal)
	t := column.T
	if want := m.takes(t); want != "" {
		return nil, fmt.Errorf("mask %s is for %s, this is %s", m.Name(), want, t)
	}
	switch m.Kind {
	case DenyMask:
		return nil, nil
	case ConstantMask:
		return c.constant(m.Text)
	case HashMask:
		return c.hash(r, ordinal), nil
	case PartialMask:
		return c.template(fmt.Sprintf("CASE WHEN char_length(x) < %d THEN '***' ELSE concat(left(x, %d), '***', right(x, %d)) END",
			2*(m.First+m.Last)+1, m.First, m.Last), column)
	case EmailMask:
		return c.template("concat(left(x, 1), '***@***')", column)
	case BucketMask:
		return c.template(fmt.Sprintf(bucketTemplate(t), m.Text), column)
	case TruncateMask:
		return c.template(truncateTemplate(t, m.Text), column)
	case ExpressionMask:
		return c.expression(m.Text, scope{r: r, attributes: c.attributes}, false)
	case NoMask, NullMask:
	}
	return plan.Null(t), nil
}

// takes returns what columns m is for, "" if it is for columns of type t.
func (m Mask) takes(t mysqltype.Type) string {
	switch m.Kind {
	case PartialMask, EmailMask:
		if !slices.Contains([]mysqltype.ID{mysqltype.Char, mysqltype.VarChar, mysqltype.Text, mysqltype.Enum}, t.ID) {
			return "texts"
		}
	case BucketMask:
		if !t.IsNumeric() || t.ID == mysqltype.Bool {
			return "numbers"
		}
	case TruncateMask:
		if !t.IsTemporal() || t.ID == mysqltype.Time {
			return "dates and timestamps"
		}
	case HashMask:
		if t.ID == mysqltype.JSON {
			return "all but nested values"
		}
	case NoMask, DenyMask, NullMask, ConstantMask, ExpressionMask:
	}
	return ""
}

// template binds an expression over x, which stands for the column.
func (c *compiler) template(text string, column plan.Expr) (plan.Expr, error) {
	return c.expression(text, templateScope{column}, false)
}

// templateScope knows one column, by any name.
type templateScope struct{ column plan.Expr }

// Column implements expr.Scope.
func (s templateScope) Column([]string, string) (plan.Expr, error) { return s.column, nil }

// bucketTemplate is FLOOR(x/n)*n, computed without rounding: x less its
// remainder. BIGINT goes through DECIMAL, because the lowest bucket begins below
// the type's range, and so do unsigned integers.
func bucketTemplate(t mysqltype.Type) string {
	switch {
	case t.ID == mysqltype.Float || t.ID == mysqltype.Double:
		return "floor(x / %[1]s) * %[1]s"
	case t.Unsigned || t.ID == mysqltype.BigInt:
		return "cast(x as decimal(20,0)) - (cast(x as decimal(20,0)) %% %[1]s + %[1]s) %% %[1]s"
	}
	return "x - (x %% %[1]s + %[1]s) %% %[1]s"
}

// truncateTemplate is the start of the unit in which x lies: a DATE for dates,
// else a DATETIME. Weeks begin on Monday.
func truncateTemplate(t mysqltype.Type, unit string) string {
	day := "cast(x as date)"
	start := map[string]string{
		"day":     day,
		"week":    "date_sub(" + day + ", interval weekday(x) day)",
		"month":   "date_sub(" + day + ", interval dayofmonth(x) - 1 day)",
		"quarter": "date_sub(date_sub(" + day + ", interval dayofmonth(x) - 1 day), interval (month(x) - 1) % 3 month)",
		"year":    "date_sub(" + day + ", interval dayofyear(x) - 1 day)",
	}[unit]
	if t.ID == mysqltype.Date {
		if start == "" {
			return day
		}
		return start
	}
	if start != "" {
		return "cast(" + start + " as datetime)"
	}
	start = "cast(" + day + " as datetime)"
	return map[string]string{
		"hour":   "date_add(" + start + ", interval hour(x) hour)",
		"minute": "date_add(" + start + ", interval hour(x) * 60 + minute(x) minute)",
		"second": "date_add(" + start + ", interval hour(x) * 3600 + minute(x) * 60 + second(x) second)",
	}[unit]
}

// constant binds the argument of constant(x).
func (c *compiler) constant(text string) (plan.Expr, error) {
	e, err := c.expression(text, scope{}, false)
	if err != nil {
		return nil, err
	}
	k, ok := e.(*plan.Const)
	if !ok && c.in.Fold != nil {
		k, err = c.in.Fold(e)
		ok = err == nil && k != nil
	}
	if !ok {
		return nil, errors.New("constant takes a number, a text, a date or NULL")
	}
	return k, nil
}

// hash is the hash mask of a column: under the key of its entity, if the guild
// lists it, else under a key of its own; NULL without keys.
func (c *compiler) hash(r *Relation, ordinal int) plan.Expr {
	name := r.Domain + "." + r.Product + "." + r.Columns[ordinal].Name
	for _, entity := range entitiesOf(r.Columns[ordinal]) {
		if slices.Contains(c.in.Entities, entity) {
			name = "entity:" + entity
			break
		}
	}
	var key []byte
	if c.in.HashKey != nil {
		key = c.in.HashKey(name)
	}
	mask := &plan.HashMask{Arg: r.column(ordinal), Key: &plan.MaskKey{Name: name, Key: key}}
	if len(key) == 0 {
		return plan.Null(mask.Type())
	}
	return mask
}

// guessable are tags of columns with so few values that their hashes can be
// found by trying.
var guessable = Globs{"low_entropy", "low-entropy", "phone", "postcode", "zip", "birth_date", "date_of_birth", "gender"}

// lowEntropy warns of hashes that can be guessed.
func (c *compiler) lowEntropy(b *bound, r *Relation, ordinal int) {
	col := r.Columns[ordinal]
	if b.Mask.Kind == HashMask && slices.ContainsFunc(col.Tags, guessable.match) {
		c.report(descriptor.Warning, b.File, b.Mask.Position, "MQ123", "use null or constant",
			"column %q of %s.%s has few values: their hashes can be guessed", col.Name, r.Domain, r.Product)
	}
}
