// Package planner turns a statement's text into a governed, optimized plan:
// parse, classify, bind with policies applied, optimize, verify.
//
// The line where a mask enters a plan is in planner/bind/resolve.go; every path
// to a relation leads through it.
package planner
