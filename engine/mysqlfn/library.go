package mysqlfn

import (
	"strings"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
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
	f, ok := lookup(name)
	if !ok {
		return mysqltype.Type{}, mysqlerr.UnknownFunction(name)
	}
	if len(args) < f.Min || len(args) > f.Max {
		return mysqltype.Type{}, mysqlerr.WrongArguments(name)
	}
	return f.result(args), nil
}

// Refine returns a call's result type where constant arguments say more than
// Resolve could know, who gave t: the digits of ROUND and TRUNCATE, the format
// of STR_TO_DATE.
func (l *Library) Refine(name string, args []plan.Expr, t mysqltype.Type) mysqltype.Type {
	if len(args) != 2 {
		return t
	}
	c, ok := args[1].(*plan.Const)
	if !ok {
		return t
	}
	switch v := c.Value.(type) {
	case int64:
		if name == "round" || name == "truncate" {
			return roundedTo(sameNumber([]mysqltype.Type{args[0].Type()}), v)
		}
	case string:
		if name == "str_to_date" {
			return formatType(v)
		}
	}
	return t
}

// Deterministic reports whether function name gives equal results for equal
// arguments within a statement. Calls of the others are not folded, shared,
// moved or evaluated on dictionaries.
func (l *Library) Deterministic(name string) bool {
	f, ok := lookup(name)
	return !ok || !f.Volatile
}

// formatType is the type of STR_TO_DATE by its format.
func formatType(format string) mysqltype.Type {
	has := func(specifiers string) bool {
		for i := 0; i+1 < len(format); i++ {
			if format[i] == '%' {
				if i++; strings.IndexByte(specifiers, format[i]) >= 0 {
					return true
				}
			}
		}
		return false
	}
	day, clock := has("abcDdejMmUuVvWwXxYy"), has("fHhIiklprSsT")
	var t mysqltype.Type
	switch {
	case clock && !day:
		t.ID = mysqltype.Time
	case clock:
		t.ID = mysqltype.DateTime
	default:
		t.ID = mysqltype.Date
	}
	if has("f") {
		t.Scale = 6
	}
	return t
}
