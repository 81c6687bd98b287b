package mysqlfn

import (
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Library answers which functions exist and what they give. It is safe for
// concurrent use.
type Library struct{}

// New returns the library.
func New() *Library { return &Library{} }

// Resolve returns the result type of function name (lower case) for arguments
// of the given types: 1305 if there is no such function, 1582 if the number of
// arguments is wrong. It implements planner/expr.Functions.
func (l *Library) Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error) {
	return mysqltype.Type{}, mysqlerr.UnknownFunction(name)
}

// Deterministic reports whether function name gives equal results for equal
// arguments within a statement. Calls of the others are not folded, shared,
// moved or evaluated on dictionaries.
func (l *Library) Deterministic(name string) bool { return true }
