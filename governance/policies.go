package governance

import (
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/plan"
)

// Policies is a compiled, immutable set of policies of the guild and the
// domains, bound against the relations they match.
type Policies struct {
	// Version changes whenever any policy does.
	Version uint64

	relations  map[*Relation]*governed
	rules      []Rule
	attributes attributes
	fold       func(plan.Expr) (*plan.Const, error)
}

// Rule is one policy as mesh.policies lists it.
type Rule struct {
	ID      string
	Layer   string // "guild" or the domain's name
	Kind    string // "grant", "rows", "mask", "min_group" or "broken"
	Effect  string // "grant select", "mask hash", …
	File    string
	Line    int
	Matched []string // domain.product, sorted
	Broken  bool     // what it matches is denied
}

// Rules lists all policies: the guild's, then the domains' in the order of
// their names, each by id.
func (ps *Policies) Rules() []Rule { return slices.Clone(ps.rules) }

// Denied reports whether r is denied to everyone because its domain, or a policy
// that matches it, is broken.
func (ps *Policies) Denied(r *Relation) bool {
	g := ps.relations[r]
	return g == nil || g.denied
}

// EffectivePolicy is a row of mesh.effective_policies.
type EffectivePolicy struct {
	Column string // empty: the relation as a whole
	Reason
}

// Effective lists what binds the principal of d on r and why. Of columns that it
// does not see there is nothing to list.
func (d *Decision) Effective(r *Relation) []EffectivePolicy {
	var rows []EffectivePolicy
	for _, reason := range d.Reasons {
		rows = append(rows, EffectivePolicy{Reason: reason})
	}
	for i, c := range d.Columns {
		for _, reason := range c.Reasons {
			rows = append(rows, EffectivePolicy{Column: r.Columns[i].Name, Reason: reason})
		}
	}
	return rows
}

// effect is what a policy does, in a few words that quote no expression.
func (p *Policy) effect() string {
	switch {
	case p.Grant.Text != "" && p.Rows.Text != "":
		return "grant " + p.Grant.Text + " rows"
	case p.Grant.Text != "":
		return "grant " + p.Grant.Text
	case p.Rows.Text != "":
		return "rows"
	case p.MinGroup != nil:
		return "min_group"
	}
	return "mask " + p.Mask.Name()
}

func (l *layer) rules() []Rule {
	rules := make([]Rule, len(l.policies))
	for i, p := range l.policies {
		effect := p.effect()
		kind, _, _ := strings.Cut(effect, " ")
		if p.Broken {
			kind, effect = "broken", "deny"
		}
		matched := slices.Clone(l.matched[p])
		slices.Sort(matched)
		rules[i] = Rule{
			ID: p.ID, Layer: l.name(), Kind: kind, Effect: effect, File: p.File, Line: p.Line,
			Matched: slices.Compact(matched), Broken: p.Broken,
		}
	}
	return rules
}
