// Package governance decides what a principal may see of a relation. It holds
// policies as data, composes the guild's and the domain's, and answers
// [Policies.Decide]. It is pure: no I/O, no clock but the one it is given.
//
// Deny by default: without a grant a product does not exist for a principal; a
// policy that fails to load, to bind or to type-check denies what it matches.
package governance
