// Package engine is meshql as a Go library: [Open] a mesh, make a [Session] for
// an identity, and Query it. Identity and purpose are required arguments, never
// defaults. The wire server, the prompt and the commands use nothing else.
//
// # From the wire to a mask
//
// Whatever a client sends goes one way:
//
//	engine/wire/handler.go         a packet is a statement of a connection's session
//	engine/session.go              Session.Query: who the principal is now; which class of statement
//	planner/statement.go           Parse: classified; what writes is refused here
//	engine/run.go                  Session.run, Result.start: deadline, audit record, budget
//	planner/planner.go             Plan: bind, then optimize
//	planner/bind/resolve.go        resolveTable: the one place where a name becomes a relation
//	governance/decide.go           Policies.Decide: what the principal may see of it
//	planner/bind/resolve.go        governed: Governed(masks(row filter(scan))), the line where a mask enters
//	planner/optimize/optimize.go   Both: rules, and after each of them Verify (verify.go, barrier.go)
//	engine/pin.go                  pinAll: which files, in which versions
//	engine/exec/exec.go            Run: operators; a scan reads what the plan names and no more
//
// SHOW, DESCRIBE, EXPLAIN and the tables of information_schema and mesh take the
// same way: their rows are made from a view of what the principal may see
// (newView in systemtable.go) and become the source of an ordinary query.
//
// # Withdrawal
//
// A session asks for its principal before every statement, and a result before
// every batch whether the decision that it was planned with still holds
// (Result.revoked), so what a policy withdraws ends on open connections too.
//
// # Audit
//
// The begin record of a query that reads a product is on stable storage before
// its first row can leave (audit.go). Without the audit log no query is answered.
package engine
