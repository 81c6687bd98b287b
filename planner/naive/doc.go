// Package naive interprets plans one row at a time, as their doc comments say
// and as slowly as that is. It is the oracle of tests: it runs a plan before
// optimization, subqueries evaluated for each row, and after. Nothing else may
// import it.
package naive
