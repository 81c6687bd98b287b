// Package plan is the one plan tree: planner/bind makes it, the rules of
// planner/optimize rewrite it, and one switch in engine/exec turns it into
// operators.
//
// [Node] and [Expr] are sealed sums; switches over them are exhaustive. Every
// column that a node produces has a [ColumnID] that is unique in its plan, and
// expressions refer to columns by that ID only, so a rewrite never has to
// renumber. Trees are not mutated once shared: a rule that changes a node makes
// a new one.
//
// Policies enter the tree in one form, [Governed] over a mask projection over a
// row filter over a scan, built by resolveTable in planner/bind and nowhere
// else. What may cross a Governed node stands in the documentation of
// planner/optimize, whose Verify checks it after every rule.
package plan
