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
// of STR_TO_DATE, the fraction of a time in text.
func (l *Library) Refine(name string, args []plan.Expr, t mysqltype.Type) mysqltype.Type {
	f, ok := lookup(name)
	if !ok {
		return t
	}
	switch name {
	case "round", "truncate":
		if v, ok := constant[int64](args, 1); ok {
			return roundedTo(sameNumber([]mysqltype.Type{args[0].Type()}), v)
		}
	case "str_to_date":
		if v, ok := constant[string](args, 1); ok {
			return formatType(v)
		}
	case "time", "timestamp", "timediff", "unix_timestamp", "maketime", "sec_to_time", "from_unixtime":
		types := make([]mysqltype.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
			if v, ok := constant[string](args, i); ok && types[i].IsString() {
				types[i] = mysqltype.Type{ID: mysqltype.DateTime, Scale: fractionDigits(v)}
			}
		}
		return f.result(types)
	}
	return t
}

// constant returns the value of argument i if it is a constant of that Go type.
func constant[T any](args []plan.Expr, i int) (v T, ok bool) {
	if i >= len(args) {
		return v, false
	}
	c, ok := args[i].(*plan.Const)
	if !ok {
		return v, false
	}
	v, ok = c.Value.(T)
	return v, ok
}

// fractionDigits returns how many digits follow the last point of s.
func fractionDigits(s string) uint8 {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return 0
	}
	return uint8(min(len(strings.TrimRight(s[i+1:], " ")), 6))
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
