package governance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/plan"
)

// governed is a relation with the policies that match it: the guild's, then the
// domain's, each by id.
type governed struct {
	denied   bool
	policies []*bound
}

// policyKind is what a policy does.
type policyKind uint8

const (
	selectGrant policyKind = iota
	discoverGrant
	rowFilter
	columnMasks
	minGroup
)

// bound is a policy bound against one relation. Its expressions read the
// relation's columns as ColumnRef{ID: ordinal+1} and the principal as Param.
type bound struct {
	*Policy
	layer   string
	kind    policyKind
	columns []int // grants: what they show
	rows    plan.Expr
	when    plan.Expr
	masks   []columnMask
	entity  int // minGroup: ordinal
}

func (b *bound) reason() Reason {
	return Reason{Policy: b.ID, Layer: b.layer, Effect: b.effect()}
}

// layer is the guild's policies, or one domain's.
type layer struct {
	domain     string // empty: the guild
	policies   []*Policy
	unreadable bool // a file is no list of policies: everything is denied
	matched    map[*Policy][]string
}

func (l *layer) name() string {
	if l.domain == "" {
		return "guild"
	}
	return l.domain
}

// compiler holds what Compile collects.
type compiler struct {
	in          CompileInput
	attributes  attributes
	diagnostics descriptor.Diagnostics
}

// Limits keep one domain's files from costing the others: what is beyond is
// denied.
const (
	maxPolicies    = 2000 // of a layer
	maxExpression  = 8192 // bytes
	maxDiagnostics = 5000 // of Compile; the rest is not reported
)

func (c *compiler) report(s descriptor.Severity, file string, at descriptor.Position, rule, hint, format string, args ...any) {
	if len(c.diagnostics) >= maxDiagnostics {
		return
	}
	c.diagnostics = append(c.diagnostics, Diagnostic{
		File: file, Position: at, Rule: rule, Severity: s, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// layer reads the files of one layer and checks what concerns the layer alone.
func (c *compiler) layer(domain string, files []File) *layer {
	l := &layer{domain: domain, matched: map[*Policy][]string{}}
	for _, f := range files {
		policies, _, diagnostics, err := ReadFile(f)
		c.diagnostics = append(c.diagnostics, diagnostics...)
		l.unreadable = l.unreadable || err != nil
		l.policies = append(l.policies, policies...)
	}
	if len(l.policies) > maxPolicies {
		c.report(descriptor.Error, "", descriptor.Position{}, "MQ117", "match more with each", "%s has more than %d policies and is denied", l.name(), maxPolicies)
		l.policies, l.unreadable = nil, true
	}
	slices.SortFunc(l.policies, func(a, b *Policy) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for i, p := range l.policies {
		same := func(j int) bool { return j >= 0 && j < len(l.policies) && l.policies[j].ID == p.ID }
		if p.ID != "" && (same(i-1) || same(i+1)) {
			c.report(descriptor.Error, p.File, p.Position, "MQ110", "give each an id of its own", "policy id %q is used twice", p.ID)
			p.Broken = true
		}
		c.names(l, p)
	}
	return l
}

// namesDomain reports whether p matches by domain, which is the guild's to do.
func (p *Policy) namesDomain() bool {
	return p.Match != nil && (p.Match.Domain != nil ||
		slices.ContainsFunc(p.Match.Product, func(name string) bool { return strings.Contains(name, ".") }))
}

// names checks the names that a policy uses against the mesh.
func (c *compiler) names(l *layer, p *Policy) {
	if l.domain != "" && p.namesDomain() {
		c.report(descriptor.Error, p.File, p.Match.Position, "MQ111", "name products without a domain",
			"a domain's policies are about its own products: policy %q is broken", p.ID)
		p.Broken = true
	}
	purpose := func(at descriptor.Position, name string) {
		if !slices.Contains(c.in.Purposes, name) {
			c.report(descriptor.Warning, p.File, at, "MQ112", descriptor.DidYouMean(name, c.in.Purposes),
				"mesh.yaml lists no purpose %q", name)
		}
	}
	for _, name := range p.Purposes {
		purpose(p.Position, name)
	}
	if p.Except != nil {
		for _, s := range slices.Concat(p.Except.All, p.Except.Any) {
			if s.Kind == "purpose" {
				purpose(s.Position, s.Name)
			}
		}
	}
}

// relation binds every policy that matches r; one that does not bind denies r.
func (c *compiler) relation(r *Relation, layers ...*layer) *governed {
	g := &governed{}
	covered := make([]bool, len(r.Columns))
	for _, l := range layers {
		for _, p := range l.policies {
			ordinals, missing, ok := p.Match.selects(r)
			if !ok {
				continue
			}
			l.matched[p] = append(l.matched[p], r.Domain+"."+r.Product)
			if p.Broken {
				g.denied = true
				continue
			}
			b := &bound{Policy: p, layer: l.name(), columns: ordinals}
			if !c.bind(b, r, missing) {
				g.denied = true
				continue
			}
			g.policies = append(g.policies, b)
			if b.kind == columnMasks || b.kind > discoverGrant && p.Match.byColumn() {
				for _, i := range ordinals {
					covered[i] = true
				}
			}
		}
		if l.domain == "" {
			g.policies = append(g.policies, c.unclassified(r)...)
		}
	}
	if !c.confidential(r, covered) {
		g.denied = true
	}
	c.conflicts(r, g)
	return g
}

// unclassified is the guild's policy for columns without a classification.
func (c *compiler) unclassified(r *Relation) []*bound {
	m := Mask{Kind: c.in.Settings.Unclassified.Mask}
	if m.Kind == NoMask {
		return nil
	}
	b := &bound{Policy: &Policy{ID: "unclassified", Mask: m}, layer: "guild", kind: columnMasks}
	for i, col := range r.Columns {
		if col.Classification != "" {
			continue
		}
		one := columnMask{column: i}
		if m.Kind == NullMask {
			one.expr = plan.Null(col.Type)
		}
		b.masks = append(b.masks, one)
	}
	if len(b.masks) == 0 {
		return nil
	}
	return []*bound{b}
}

// confidential refuses a contract with a confidential column that no policy
// covers.
func (c *compiler) confidential(r *Relation, covered []bool) bool {
	ok := true
	listed := Globs(c.in.Settings.Confidential)
	if listed == nil {
		listed = Globs{"confidential"}
	}
	for i, col := range r.Columns {
		if col.Classification != "" && listed.match(col.Classification) && !covered[i] {
			c.report(descriptor.Error, r.File, descriptor.Position{}, "MQ113", "add a mask for it, or for its classification or tag",
				"%s.%s is refused: no policy covers its column %q, which is %s", r.Domain, r.Product, col.Name, col.Classification)
			ok = false
		}
	}
	return ok
}

// conflicts warns of policies that cost whom both bind more than either means:
// masks that differ, and group sizes of different entities.
func (c *compiler) conflicts(r *Relation, g *governed) {
	type masked struct {
		by   *bound
		expr plan.Expr
	}
	first := make(map[int]masked)
	var group *bound
	for _, b := range g.policies {
		if b.kind == minGroup {
			if group != nil && group.entity != b.entity {
				c.report(descriptor.Warning, b.File, b.MinGroup.Position, "MQ116", "use one entity, or let to, when or except keep them apart",
					"%s.%s has minimal groups of two entities (policies %s and %s): whom both bind sees nothing", r.Domain, r.Product, group.ID, b.ID)
			}
			group = b
		}
		for _, m := range b.masks {
			before, found := first[m.column]
			switch {
			case m.expr == nil:
			case !found:
				first[m.column] = masked{b, m.expr}
			case !plan.Equal(before.expr, m.expr) && !apart(before.by, b) && !apart(b, before.by):
				c.report(descriptor.Warning, b.File, b.Mask.Position, "MQ114", "make them equal, or let to, when or except keep them apart",
					"column %q of %s.%s has two masks, %s (%s, policy %s) and %s (%s, policy %s): whom both bind sees NULL",
					r.Columns[m.column].Name, r.Domain, r.Product,
					before.by.Mask.Name(), before.by.layer, before.by.ID, b.Mask.Name(), b.layer, b.ID)
			}
		}
	}
}

// apart reports whether b binds only those whom a's except frees: then the two
// never bind the same principal.
func apart(a, b *bound) bool {
	if len(b.To) == 0 || a.Except == nil {
		return false
	}
	for _, to := range b.To {
		freed := slices.ContainsFunc(a.Except.Any, func(s Subject) bool { return s.Kind == to.Kind && s.Name == to.Name })
		if len(a.Except.All) == 1 {
			freed = freed || a.Except.All[0].Kind == to.Kind && a.Except.All[0].Name == to.Name
		}
		if !freed {
			return false
		}
	}
	return true
}

// unmatched warns of policies that no relation matches, unless a domain is not
// there to be asked.
func (c *compiler) unmatched(l *layer) {
	if slices.ContainsFunc(c.in.Domains, func(d Domain) bool { return d.Denied }) && l.domain == "" {
		return
	}
	var names []string
	for _, d := range c.in.Domains {
		for _, r := range d.Relations {
			switch l.domain {
			case "":
				names = append(names, r.Product, r.Domain+"."+r.Product)
			case d.Name:
				names = append(names, r.Product)
			}
		}
	}
	for _, p := range l.policies {
		if len(l.matched[p]) > 0 || p.Match == nil || p.Broken {
			continue
		}
		hint := ""
		if len(p.Match.Product) > 0 {
			hint = descriptor.DidYouMean(p.Match.Product[0], names)
		}
		c.report(descriptor.Warning, p.File, p.Match.Position, "MQ115", hint, "policy %q matches nothing", p.ID)
	}
}
