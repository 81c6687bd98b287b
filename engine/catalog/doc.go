// Package catalog holds the mesh: its domains, their products and output
// ports, and the policies over them. It loads each from the domain's own
// storage, keeps the last good version for as long as the rules allow, and
// hands out immutable snapshots.
//
// # Loading
//
// [Open] reads mesh.yaml and the identity file, which must be good, and then
// the guild and every domain at the same time, each of which may fail alone. A
// goroutine each looks again every two seconds. What has changed is checked as a
// whole: a domain is in force with all its descriptors or not at all, and
// governance compiles all policies anew before the next [Mesh] is swapped in.
// What cannot be read, or is read and found wrong, leaves what was good in force
// for 60 seconds ([Stale]); after that, and at a first start, the domain is
// [Denied], and without the guild's policies everything is. The same holds for
// mesh.yaml and the identity file.
//
// A folder is read until two readings agree. On object storage exactly what
// index.json names is read; its version only grows. [Push] keeps each descriptor
// under a name made of its content and moves the index last, by a conditional
// write, so that no reader sees a mixture and of two pushes one is told.
//
// # Names
//
// domain.product is the highest active major, else the highest deprecated one.
// product@1 names a major, and is the only name of a draft; contracts that are
// proposed or retired have none. Further schema objects are product$object and
// product@1$object; their servers' locations contain {model}.
//
// # Types
//
// A column's MySQL type follows from its contract alone: the logical type,
// refined by the physical type where that is known. What a file holds must fit.
package catalog
