// Package mysqlerr is the one table of conditions that a user can meet: each
// has MySQL's code, its SQLSTATE and a text that says what was wrong and what
// to do. Texts hold names and positions that the user wrote or may see, never
// data values, object keys, endpoints, policy texts or secrets.
package mysqlerr

import (
	"errors"
	"fmt"
)

// Error is an error as a MySQL client sees it. The cause, if any, is for the
// operator's log and is never shown.
type Error struct {
	Code    uint16
	State   string // five characters
	Message string
	cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// With returns a copy of e with a cause for the operator's log.
func (e *Error) With(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func newf(code uint16, state, format string, args ...any) *Error {
	return &Error{Code: code, State: state, Message: fmt.Sprintf(format, args...)}
}

// From returns the Error in err's chain, or an internal error (1105) whose text
// is constant and whose cause is err.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Internal(err)
}

// The conditions.

func UnknownDomain(domain string) *Error { return newf(1049, "42000", "Unknown database '%s'", domain) }
func NoDomainSelected() *Error           { return newf(1046, "3D000", "No database selected") }
func UnknownProduct(domain, product string) *Error {
	return newf(1146, "42S02", "Table '%s.%s' doesn't exist", domain, product)
}
func UnknownColumn(column, clause string) *Error {
	return newf(1054, "42S22", "Unknown column '%s' in '%s'", column, clause)
}
func AmbiguousColumn(column, clause string) *Error {
	return newf(1052, "23000", "Column '%s' in %s is ambiguous", column, clause)
}
func UnknownFunction(name string) *Error {
	return newf(1305, "42000", "FUNCTION %s does not exist", name)
}
func Syntax(near string, line int) *Error {
	return newf(1064, "42000", "You have an error in your SQL syntax near '%s' at line %d", near, line)
}
func EmptyQuery() *Error { return newf(1065, "42000", "Query was empty") }
func UnknownVariable(name string) *Error {
	return newf(1193, "HY000", "Unknown system variable '%s'", name)
}
func ReadOnlyVariable(name string) *Error {
	return newf(1238, "HY000", "Variable '%s' is a read only variable", name)
}
func WrongValueForVariable(name string) *Error {
	return newf(1231, "42000", "Variable '%s' can't be set to that value", name)
}
func SetGlobal() *Error {
	return newf(1227, "42000", "Access denied: global variables belong to the mesh's operator; use SET SESSION")
}
func UnknownPrepared(name string) *Error {
	return newf(1243, "HY000", "Unknown prepared statement handler (%s) given to EXECUTE", name)
}
func TooManyPrepared(limit int) *Error {
	return newf(1461, "42000", "Can't create more than %d prepared statements in a session; deallocate some", limit)
}
func TooManyVariables(limit int) *Error {
	return newf(3170, "HY000", "Can't set more than %d user variables in a session; use some again", limit)
}
func UnknownThread(id uint64) *Error { return newf(1094, "HY000", "Unknown thread id: %d", id) }
func Unsupported(what string) *Error {
	return newf(1235, "42000", "This version of meshql doesn't yet support '%s'", what)
}
func Refused(what string) *Error {
	return newf(1290, "HY000", "meshql products are read-only: %s is refused", what)
}
func WrongArguments(function string) *Error {
	return newf(1582, "42000", "Incorrect parameter count in the call to native function '%s'", function)
}
func OutOfRange(typ, what string) *Error {
	return newf(1690, "22003", "%s value is out of range in '%s'", typ, what)
}
func AccessDenied(user string) *Error {
	return newf(1045, "28000", "Access denied for user '%s'", user)
}
func TLSRequired() *Error {
	return newf(3159, "HY000", "Connections using insecure transport are prohibited; connect with TLS")
}
func GrantGone(domain, product string) *Error {
	return newf(1142, "42000", "SELECT command denied: access to '%s.%s' was withdrawn while the query ran", domain, product)
}
func Deadline() *Error {
	return newf(3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded; raise max_execution_time or read less")
}
func Killed() *Error   { return newf(1317, "70100", "Query execution was interrupted") }
func Shutdown() *Error { return newf(1053, "08S01", "Server shutdown in progress") }
func UnknownCommand() *Error {
	return newf(1047, "08S01", "Unknown command; this server answers queries and prepared statements")
}
func UnknownStatement(command string) *Error {
	return newf(1243, "HY000", "Unknown prepared statement handler given to %s", command)
}
func ExecuteArguments() *Error {
	return newf(1210, "HY000", "Incorrect arguments to EXECUTE; give one value for each ?")
}
func MalformedPacket() *Error { return newf(1835, "HY000", "Malformed communication packet") }
func PacketTooLarge() *Error {
	return newf(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes")
}
func TooComplex(what string) *Error {
	return newf(3170, "HY000", "Statement is too complex: %s; split it", what)
}
func MemoryBudget() *Error {
	return newf(3170, "HY000", "Memory capacity exceeded: the query needs more than its memory budget; read fewer rows or columns, or group on fewer values")
}
func StorageUnavailable(domain, product, class, ref string) *Error {
	return newf(1296, "HY000", "Storage of product %s.%s: %s; try again, or ask its owner with reference %s", domain, product, class, ref)
}
func FileUnreadable(domain, product, ref string) *Error {
	return newf(1194, "HY000", "Product %s.%s: a data file is unreadable; ask its owner with reference %s", domain, product, ref)
}
func WrongRegexp() *Error {
	return newf(3685, "HY000", "Illegal argument to a regular expression; check the pattern, the match type and the replacement")
}
func RegexpPosition() *Error {
	return newf(3686, "HY000", "Index out of bounds in regular expression search")
}
func InvalidJSON() *Error {
	return newf(3140, "22032", "Invalid JSON text in an argument; test it with JSON_VALID() first")
}
func WrongFunctionValue(function string) *Error {
	return newf(1411, "HY000", "Incorrect value for function %s; check its arguments", function)
}
func SubqueryRows() *Error { return newf(1242, "21000", "Subquery returns more than 1 row") }
func OperandColumns(n int) *Error {
	return newf(1241, "21000", "Operand should contain %d column(s)", n)
}
func WrongSetOperation() *Error {
	return newf(1222, "21000", "The used SELECT statements have a different number of columns")
}
func DuplicateAlias(name string) *Error {
	return newf(1066, "42000", "Not unique table/alias: '%s'", name)
}
func NotGrouped(n int, clause, column string) *Error {
	return newf(1055, "42000", "Expression #%d of %s is not in GROUP BY clause and contains nonaggregated column '%s' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by", n, clause, column)
}
func InvalidGroupFunction() *Error { return newf(1111, "HY000", "Invalid use of group function") }
func InvalidUseOfAlias(name, why string) *Error {
	return newf(1247, "42S22", "Reference '%s' not supported (%s)", name, why)
}
func CantGroupOn(name string) *Error { return newf(1056, "42000", "Can't group on '%s'", name) }
func NotGroupedInHaving(column string) *Error {
	return newf(1463, "42000", "Non-grouping field '%s' is used in HAVING clause", column)
}
func MixedGrouping(n int, column string) *Error {
	return newf(1140, "42000", "In aggregated query without GROUP BY, expression #%d of SELECT list contains nonaggregated column '%s'; this is incompatible with sql_mode=only_full_group_by", n, column)
}
func OrderNotSelected(n int) *Error {
	return newf(3065, "HY000", "Expression #%d of ORDER BY clause is not in SELECT list; this is incompatible with DISTINCT", n)
}
func DerivedWithoutAlias() *Error {
	return newf(1248, "42000", "Every derived table must have its own alias")
}
func DuplicateColumn(name string) *Error {
	return newf(1060, "42S21", "Duplicate column name '%s'", name)
}
func WrongColumnList() *Error {
	return newf(1353, "HY000", "In definition of view, derived table or common table expression, SELECT list and column names list have different column counts")
}
func UnknownTable(name string) *Error { return newf(1051, "42S02", "Unknown table '%s'", name) }
func ColumnCount(row int) *Error {
	return newf(1136, "21S01", "Column count doesn't match value count at row %d", row)
}
func NoTablesUsed() *Error { return newf(1096, "HY000", "No tables used") }
func IncorrectLimit() *Error {
	return newf(1210, "HY000", "Incorrect arguments to LIMIT: it takes whole numbers that are not negative")
}
func IncorrectValue(typ string) *Error {
	return newf(1525, "HY000", "Incorrect %s value in a literal", typ)
}
func MixedCollations(a, b string) *Error {
	return newf(1267, "HY000", "Illegal mix of collations (%s) and (%s); say which with COLLATE", a, b)
}
func UnknownCollation(name string) *Error {
	return newf(1273, "HY000", "Unknown collation: '%s'", name)
}
func ImplicitConversion(from, to string) *Error {
	return newf(3854, "HY000", "A policy must not convert %s to %s implicitly; write CAST", from, to)
}
func HashComparison(column, policy string) *Error {
	return newf(3854, "HY000", "Column '%s' is masked by policy %s: its hash compares with text only", column, policy)
}
func MinGroupOnly(domain, product, policy string) *Error {
	return newf(1142, "42000", "SELECT command denied: policy %s lets '%s.%s' be read only through counts, sums, averages and deviations of columns, directly over it, compared with constants and grouped by columns that are not masked", policy, domain, product)
}
func AuditUnavailable() *Error {
	return newf(1290, "HY000", "The audit log can't be written, so no query is answered; tell the mesh's operator")
}
func Internal(cause error) *Error {
	e := newf(1105, "HY000", "Internal error; the operator's log says more")
	e.cause = cause
	return e
}
