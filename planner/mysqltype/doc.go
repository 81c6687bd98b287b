// Package mysqltype knows MySQL's types: their names and physical
// representation, the type of every operator's result, what two values are
// compared as, and what the columns of a set operation or CASE merge to. It
// follows MySQL 8.0's manual; it computes no values.
package mysqltype
