// Package bind turns the syntax tree of a SELECT into a plan: names are
// resolved, types and coercions made explicit, aggregates found, subqueries
// bound with their correlation, common table expressions bound once.
//
// A name becomes a relation in one place, resolveTable, which asks governance
// first: what it returns is Governed over masks over a row filter over a scan,
// or the error that a name gives which never existed.
//
// Every field of the syntax tree is either bound or refused; hints are the only
// thing that changes nothing, and they leave a warning.
package bind
