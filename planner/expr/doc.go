// Package expr parses SQL and binds scalar expressions: names become columns,
// MySQL's coercions become casts, constants take the type of what they are
// compared with, so that a plan holds nothing implicit.
//
// The parser is TiDB's. No text reaches it before [Limits.Check] has bounded its
// size, its tokens and its nesting; [Binder.Bind] bounds the depth and the size
// of what it builds, so no statement can exhaust a stack.
//
// Some constructs have no form of their own in a plan:
//
//   - x BETWEEN a AND b is x >= a AND x <= b;
//   - IF and NULLIF are a [plan.Case]; IFNULL and COALESCE are the call
//     coalesce(…), whose arguments all have its type;
//   - a simple CASE compares in each branch;
//   - row constructors are compared element by element;
//   - a list of IN that is not of constants is an OR of comparisons;
//   - NOW() and its like are constants, taken from [Binder.Now].
//
// Operands that such a rewrite repeats are bound once for each use if they hold
// a subquery, and refused if they are not deterministic.
package expr
