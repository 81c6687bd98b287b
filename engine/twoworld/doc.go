// Package twoworld writes two meshes that differ only in what one principal may
// not see, for the reference test of the barrier: whatever the principal asks,
// both must answer alike.
//
// Both worlds are made from the demo mesh. The policies' decision about each
// product says what is hidden; of that, each world has its own:
//
//   - rows that the row filter hides are deleted, altered and made up, among
//     them values that overflow, do not convert and repeat visible keys;
//   - columns that are denied have other values, other names and other places;
//   - masked columns have other values with the same masked value;
//   - products without access have other data, other columns and descriptions,
//     or are not there at all, and neither are their domains;
//   - other users, and policies that bind only others, differ;
//   - files, row groups, pages, dictionaries and bloom filters differ.
//
// Hidden values carry a canary, which no answer may contain.
package twoworld
