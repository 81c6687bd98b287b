// Package optimize rewrites a bound plan into one that is fast to run and means
// the same. It is one flat list of rules (rules.go); [Verify] checks the plan
// after each of them, and a rule or a check that fails, fails the query.
//
// The first part of the list is logical: its result depends on the query and
// the policies only, so EXPLAIN may show it to anyone who may run the query. The
// second part looks at statistics.
//
// # The barrier
//
// A governed relation is Governed(Project[masks](Filter[row filter](Scan))).
// Rules cross it in these ways only:
//
//   - MergeRowFilters moves the row filter into the scan, as its first filters.
//   - PushFilters copies a predicate into the scan. With a row filter it must be
//     leakproof (see leakproof), read open columns only, and stay above too;
//     not at all where the product is strict. Without a row filter it must be
//     total (it cannot fail) and read open columns.
//   - PruneColumns takes away columns, masks and scan columns nobody reads.
//
// Nothing is inferred above the barrier from what stands below it.
package optimize
