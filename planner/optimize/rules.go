package optimize

import "slices"

// logicalRules are the rules whose result depends on the query and the policies only.
var logicalRules = []rule{
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
	// Outer joins whose extra rows are dropped above become inner ones, so that
	// more conditions can sink.
	{Name: "SimplifyOuterJoins", Apply: simplifyOuterJoins},
	{Name: "PushFilters", Apply: pushFilters},
	// What must hold of one input of a join holds of the other's equal column.
	{Name: "InferFilters", Apply: inferFilters},
	// What can have no rows goes.
	{Name: "PruneEmpty", Apply: pruneEmpty},
	// Projections over projections become one.
	{Name: "MergeProjects", Apply: mergeProjects},
	// Nobody sees the order of rows that are grouped, joined or sorted again.
	{Name: "DropSorts", Apply: dropSorts},
	// Sort and limit become top-N; limits sink, never below Governed.
	{Name: "PushLimits", Apply: pushLimits},
	// What nobody reads is not computed.
	{Name: "PruneColumns", Apply: pruneColumns},
}

// costBasedRules are the rules that look at statistics.
var costBasedRules = []rule{
	// Few rows on the way, small tables built.
	{Name: "OrderJoins", Apply: orderJoins},
	// The new order needs other columns in between.
	{Name: "MergeProjects", Apply: mergeProjects},
	{Name: "PruneColumns", Apply: pruneColumns},
}

// Rules returns the names of the rules that can be left out.
func Rules() []string {
	var out []string
	for _, r := range slices.Concat(logicalRules, costBasedRules) {
		if !r.Required && !slices.Contains(out, r.Name) {
			out = append(out, r.Name)
		}
	}
	return out
}
