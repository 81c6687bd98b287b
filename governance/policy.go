package governance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meshql/meshql/governance/descriptor"
)

// Policy is one policy as its author wrote it: a grant, or one restriction (a
// row filter, a mask or a minimal group size).
type Policy struct {
	descriptor.Position
	File string
	// Broken says that the policy could not be read; what it matches is denied.
	Broken bool

	ID       string          `yaml:"id,required"`
	Match    *Match          `yaml:"match"` // nil: every product of the layer
	Grant    descriptor.Text `yaml:"grant"` // "select", "discover" or "" for a restriction
	To       []Subject       `yaml:"to"`    // empty: every principal
	Purposes []string        `yaml:"purposes"`
	Until    Date            `yaml:"until"`
	Rows     descriptor.Text `yaml:"rows"`
	Columns  []string        `yaml:"columns"`
	Mask     Mask            `yaml:"mask"`
	Except   *Exception      `yaml:"except"`
	When     descriptor.Text `yaml:"when"`
	MinGroup *GroupSize      `yaml:"min_group"`
}

// Match says what a policy is about: keys AND together, the globs of a key OR.
// Tag, Classification, Entity and Column must hold for one and the same column.
type Match struct {
	descriptor.Position
	Domain         Globs `yaml:"domain"`
	Product        Globs `yaml:"product"`
	Column         Globs `yaml:"column"`
	Tag            Globs `yaml:"tag"`
	Classification Globs `yaml:"classification"`
	Entity         Globs `yaml:"entity"`
}

// Globs is one pattern or a list of patterns with * and ?.
type Globs []string

// GroupSize is the value of min_group.
type GroupSize struct {
	descriptor.Position
	Size   int    `yaml:"size,required"`
	Entity string `yaml:"entity,required"` // a column
}

// Exception lifts its policy for principals that hold all, or any, of the
// subjects.
type Exception struct {
	descriptor.Position
	All []Subject `yaml:"all"`
	Any []Subject `yaml:"any"`
}

// Subject is "role:x", "user:x", "purpose:x" or "all".
type Subject struct {
	descriptor.Position
	Kind string // "role", "user", "purpose" or "all"
	Name string
}

// Date is the last day, in UTC, on which something holds.
type Date struct{ time.Time }

// Test is a policy test as it stands beside the policies.
type Test struct {
	descriptor.Position
	File   string
	Name   string          `yaml:"test,required"`
	As     TestPrincipal   `yaml:"as,required"`
	Query  descriptor.Text `yaml:"query,required"`
	Expect *[][]any        `yaml:"expect"`
	// Error is the code that the query must fail with, instead of Expect.
	Error uint16 `yaml:"error"`
}

// TestPrincipal is whom a test asks as.
type TestPrincipal struct {
	descriptor.Position
	User       string          `yaml:"user"`
	Roles      []string        `yaml:"roles"`
	Attributes AttributeValues `yaml:"attributes"`
	Purposes   []string        `yaml:"purposes"`
	Purpose    string          `yaml:"purpose"`
}

// Principal returns whom the test asks as. The purpose in force is held.
func (t TestPrincipal) Principal() *Principal {
	p := &Principal{User: t.User, Roles: t.Roles, Attributes: t.Attributes, Purposes: t.Purposes, Purpose: t.Purpose}
	if p.Purpose != "" && !slices.Contains(p.Purposes, p.Purpose) {
		p.Purposes = append(slices.Clip(p.Purposes), p.Purpose)
	}
	return p
}

// AttributeValues are a principal's attributes as files write them: string,
// bool, int64, float64 or []string.
type AttributeValues map[string]any

// UnmarshalNode takes a mapping of scalars and lists of strings.
func (a *AttributeValues) UnmarshalNode(n *descriptor.Node) error {
	if n.Kind != descriptor.Mapping {
		return n.Errorf("MQ005", "", "attributes must be a mapping, not %s", n.Kind)
	}
	*a = AttributeValues{}
	for _, e := range n.Entries {
		value := e.Value.Value
		if e.Value.Kind == descriptor.Sequence {
			list := make([]string, len(e.Value.Items))
			for i, item := range e.Value.Items {
				text, ok := item.Value.(string)
				if !ok {
					return item.Errorf("MQ005", "put it in quotes", "attribute %q must be a list of strings, not of %s", e.Key, item.Kind)
				}
				list[i] = text
			}
			value = list
		}
		if e.Value.Kind == descriptor.Mapping {
			return e.Value.Errorf("MQ005", "", "attribute %q must be a scalar or a list of strings", e.Key)
		}
		(*a)[e.Key] = value
	}
	return nil
}

// UnmarshalNode takes a pattern or a list of them.
func (g *Globs) UnmarshalNode(n *descriptor.Node) error {
	items := n.Items
	if n.Kind != descriptor.Sequence {
		items = []*descriptor.Node{n}
	}
	for _, item := range items {
		s, ok := item.Value.(string)
		if !ok || s == "" {
			return item.Errorf("MQ005", "put it in quotes", "this must be a name or a glob, or a list of them, not %s", item.Kind)
		}
		*g = append(*g, s)
	}
	if len(*g) == 0 {
		return n.Errorf("MQ100", "leave the key out to match everything", "an empty list matches nothing")
	}
	return nil
}

// UnmarshalNode takes "role:x", "user:x", "purpose:x" or "all".
func (s *Subject) UnmarshalNode(n *descriptor.Node) error {
	text, _ := n.Value.(string)
	kind, name, _ := strings.Cut(text, ":")
	known := kind == "all" && text == "all" || slices.Contains([]string{"role", "user", "purpose"}, kind) && name != ""
	if !known {
		return n.Errorf("MQ101", "write role:NAME, user:NAME, purpose:NAME or all", "this names no role, user or purpose")
	}
	s.Position, s.Kind, s.Name = n.Position, kind, name
	return nil
}

// UnmarshalNode takes a day as 2027-12-31.
func (d *Date) UnmarshalNode(n *descriptor.Node) error {
	text, _ := n.Value.(string)
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return n.Errorf("MQ102", "write it as 2027-12-31", "this is no date")
	}
	d.Time = t
	return nil
}

// check finds contradictions between the keys of a policy.
func (p *Policy) check() error {
	var ds descriptor.Diagnostics
	report := func(at descriptor.Position, rule, hint, format string, args ...any) {
		ds = append(ds, Diagnostic{File: p.File, Position: at, Rule: rule, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if !validID(p.ID) {
		report(p.Position, "MQ103", "use letters, digits and _ . - only, 64 at most", "this is no policy id")
	}
	effects := 0
	for _, given := range []bool{p.Mask.Kind != NoMask, p.Rows.Text != "", p.MinGroup != nil} {
		if given {
			effects++
		}
	}
	switch p.Grant.Text {
	case "select", "discover":
		if p.Mask.Kind != NoMask || p.MinGroup != nil {
			report(p.Position, "MQ104", "write the restriction as a policy of its own", "a grant carries no mask and no min_group")
		}
		if p.Grant.Text == "discover" && (p.Rows.Text != "" || p.Columns != nil) {
			report(p.Position, "MQ104", "grant select, or leave rows and columns out", "grant discover lists a product, it shows no rows or columns")
		}
		if p.Columns != nil && len(p.Columns) == 0 {
			report(p.Position, "MQ100", "leave the key out to grant every column", "an empty list grants no column")
		}
	case "":
		if effects != 1 {
			report(p.Position, "MQ104", "", "policy %q must have exactly one of grant, rows, mask and min_group", p.ID)
		}
		if p.Purposes != nil || !p.Until.IsZero() || p.Columns != nil {
			report(p.Position, "MQ104", "use to, when and except to say whom a restriction binds", "purposes, until and columns belong to grants")
		}
	default:
		report(p.Grant.Position, "MQ104", descriptor.DidYouMean(p.Grant.Text, []string{"select", "discover"}), "grant must be select or discover")
	}
	if p.MinGroup != nil && p.MinGroup.Size < 2 {
		report(p.MinGroup.Position, "MQ104", "", "the size of min_group must be 2 or more")
	}
	if e := p.Except; e != nil && (len(e.All) == 0) == (len(e.Any) == 0) {
		report(e.Position, "MQ104", "", "except must have either all or any, with at least one subject")
	}
	for _, s := range p.To {
		if s.Kind == "purpose" {
			report(s.Position, "MQ101", "use purposes in a grant, when: session.purpose = … in a restriction", "to names roles and users")
		}
	}
	return ds.Err()
}

func validID(id string) bool {
	ok := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_.-", c)
	}
	return id != "" && len(id) <= 64 && strings.IndexFunc(id, func(c rune) bool { return !ok(c) }) < 0
}
