// Package mysqlfn is the function library: which functions exist, what types
// they give, and how those without a kernel of ours are evaluated row by row
// through go-mysql-server's implementations.
//
// The allow-list in functions.go is the only list of functions there is: a name
// that is not in it does not exist (1305), whatever go-mysql-server offers.
// Functions that reach outside the query or block are not in it.
package mysqlfn
