// Package descriptor reads the YAML files that describe a mesh: mesh.yaml,
// identities, domain descriptors, contracts and policies. It is strict, because
// these files decide who sees what, and hardened, because domains write them:
//
//   - at most 1 MiB and 32 levels, UTF-8 without control characters, one document;
//   - no anchors, aliases, merge keys, tags or directives;
//   - unknown keys, duplicate keys and values of another type are errors.
//
// [Parse] gives a tree of positioned nodes, [Decode] fills Go values from it.
// Both report everything they find as [Diagnostics], each with a position and,
// where one can be guessed, a hint. Diagnostics are the one shape in which
// meshql tells authors what is wrong with their files. Rule ids are grouped:
// MQ0xx YAML, MQ1xx policies, MQ2xx mesh and domains, MQ3xx contracts.
package descriptor
