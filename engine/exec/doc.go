// Package exec runs a plan over batches of columns. [Run] turns the one plan
// tree into operators in one switch (compile); there is no second plan.
//
// A node compiles to a stream: lanes, which are readers that give the node's
// rows between them and can be pulled by different goroutines. Scans deal their
// splits to lanes from a shared counter; filters, projections, the probe side
// of joins and partial aggregation stay within a lane. An operator that needs
// all of its input (a join's build side, an aggregate, a sort) drains the lanes
// in parallel when it is first pulled, and its other lanes wait for it. An
// exchange merges lanes into one where order or a count matters.
//
// Goroutines are owned: whoever starts some awaits them, in the same call or in
// Close. A panic in one becomes an internal error of the query. Contexts are
// checked at every batch and within long loops. The lanes of a stream are
// closed together, when nothing pulls any of them.
//
// Everything kept beyond a batch is charged to the query's budget before it is
// allocated, and given back by Close at the latest.
package exec
