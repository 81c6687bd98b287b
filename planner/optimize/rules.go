package optimize

import "slices"

// Logical are the rules whose result depends on the query and the policies only.
var Logical = []Rule{
	// Row filters become the first filters of their scans.
	{Name: "MergeRowFilters", Apply: mergeRowFilters},
	// Constants are evaluated and conditions simplified, first of all so that
	// the later rules see conjunctions.
	{Name: "FoldConstants", Apply: foldConstants},
	// Conditions sink to the scans, across Governed by the barrier's rule;
	// products become joins. Before subqueries become joins, so that these join
	// as few rows as may be.
	{Name: "PushFilters", Apply: pushFilters},
	// Subqueries become joins.
	{Name: "UnnestSubqueries", Apply: unnestSubqueries, Required: true},
	{Name: "FoldConstants", Apply: foldConstants},
	{Name: "PushFilters", Apply: pushFilters},
	// Projections over projections become one.
	{Name: "MergeProjects", Apply: mergeProjects},
	// What nobody reads is not computed.
	{Name: "PruneColumns", Apply: pruneColumns},
}

// CostBased are the rules that look at statistics.
var CostBased = []Rule{}

// Rules returns the names of the rules that can be left out.
func Rules() []string {
	var out []string
	for _, r := range slices.Concat(Logical, CostBased) {
		if !r.Required && !slices.Contains(out, r.Name) {
			out = append(out, r.Name)
		}
	}
	return out
}
