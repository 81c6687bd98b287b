package governance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/meshql/meshql/planner/plan"
)

// Decide says what p may see of r at the given time. It evaluates every policy,
// so that reasons are complete. What Compile did not bind does not exist.
func (ps *Policies) Decide(p *Principal, r *Relation, now time.Time) *Decision {
	d := &Decision{Owner: p.owns(r), Columns: make([]ColumnDecision, len(r.Columns))}
	g := ps.relations[r]
	if g == nil || g.denied {
		return d.seal(r)
	}
	var in force
	for _, b := range g.policies {
		if ps.binds(b, p, now) {
			in.add(b, func(e plan.Expr) plan.Expr { return ps.attributes.bind(e, p) })
		}
	}
	if len(in.grants) > 0 && in.compose(d, r) {
		d.Access = Select
	} else {
		d = &Decision{Owner: d.Owner, Columns: make([]ColumnDecision, len(r.Columns))}
		if in.discover {
			d.Access = Discover
		}
	}
	if d.Access != NoAccess {
		in.explain(d)
	}
	return d.seal(r)
}

// binds reports whether b binds p now. A restriction is in force unless it is
// certain that it is not; a grant is not in force unless it is certain that it
// is.
func (ps *Policies) binds(b *bound, p *Principal, now time.Time) bool {
	if len(b.To) > 0 && !slices.ContainsFunc(b.To, p.holds) {
		return false
	}
	if e := b.Except; e != nil && e.lifts(p) {
		return false
	}
	grant := b.kind == selectGrant || b.kind == discoverGrant
	if grant && (len(b.Purposes) > 0 && !slices.Contains(b.Purposes, p.Purpose) || b.ended(now)) {
		return false
	}
	if b.when == nil {
		return true
	}
	if truth, known := ps.truth(ps.attributes.bind(b.when, p)); known {
		return truth
	}
	return !grant
}

// truth evaluates a condition without columns; NULL and failure are not known.
func (ps *Policies) truth(e plan.Expr) (truth, known bool) {
	if ps.fold == nil {
		return false, false
	}
	c, err := ps.fold(e)
	if err != nil || c == nil {
		return false, false
	}
	truth, known = c.Value.(bool)
	return truth, known
}

func (e *Exception) lifts(p *Principal) bool {
	if len(e.All) > 0 {
		return !slices.ContainsFunc(e.All, func(s Subject) bool { return !p.holds(s) })
	}
	return slices.ContainsFunc(e.Any, p.holds)
}

// end is the first moment at which a grant no longer holds; zero: never.
func (p *Policy) end() time.Time {
	if p.Until.IsZero() {
		return time.Time{}
	}
	return p.Until.AddDate(0, 0, 1)
}

func (p *Policy) ended(now time.Time) bool {
	end := p.end()
	return !end.IsZero() && !now.Before(end)
}

// seal computes the fingerprint of the effect. It names no policy: equal rights
// are equal whatever gives them.
func (d *Decision) seal(r *Relation) *Decision {
	b := fmt.Appendf(nil, "%q.%q access %d owner %t\n", r.Domain, r.Product, d.Access, d.Owner)
	for i, c := range d.Columns {
		if c.Visible {
			b = strconv.AppendQuote(strconv.AppendInt(b, int64(i), 10), r.Columns[i].Name)
			b = append(appendCanonical(appendType(b, r.Columns[i].Type), c.Mask), '\n')
		}
	}
	b = append(appendCanonical(append(b, "rows "...), d.Rows), '\n')
	if d.MinGroup != nil {
		b = fmt.Appendf(b, "min_group %d %d\n", d.MinGroup.Size, d.MinGroup.Entity)
	}
	d.Fingerprint = sha256.Sum256(b)
	return d
}
