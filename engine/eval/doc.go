// Package eval compiles scalar expressions of the plan into evaluators that run
// over batches, by the kernel contract: the binder has made every coercion
// explicit, so an argument of a kind that a kernel does not take is an internal
// error at Compile, never a silent conversion.
//
// Expressions are evaluated on the rows that need them only: a branch of CASE,
// IF, COALESCE, AND and OR runs on the rows that reach it, a conjunct on the
// survivors of those before it, so what a guard excludes neither warns nor
// fails. An expression over one dictionary column is evaluated once for the
// dictionary, unless that warns or fails: then row by row on the rows that are
// alive, because the dictionary may hold values that no visible row has.
package eval
