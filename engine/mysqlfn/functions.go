package mysqlfn

import (
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
)

// Function is one function that exists.
type Function struct {
	Name     string
	Min, Max int // arguments
	// Kernel says that engine/eval has a kernel; the others are evaluated row by
	// row through go-mysql-server.
	Kernel bool
	// Volatile functions give other results for equal arguments.
	Volatile bool
	result   rule
}

const many = 255

const (
	kernel  = true
	rowwise = false
)

// functions is the allow-list, sorted by name. Operators and what the binder
// makes of special syntax (CASE, CAST, IF, NULLIF, NOW …) are not in it. Left
// out on purpose, because they reach outside the query, block, or show the
// server: load_file, sleep, benchmark, get_lock and its family,
// master_pos_wait, uuid_short, extractvalue, updatexml, validate_password_*,
// gtid_*, and everything spatial.
var functions = []Function{
	{Name: "abs", Min: 1, Max: 1, Kernel: kernel, result: sameNumber},
	{Name: "acos", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "addtime", Min: 2, Max: 2, Kernel: kernel, result: shiftedTime},
	{Name: "ascii", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "asin", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "atan", Min: 1, Max: 2, Kernel: kernel, result: double},
	{Name: "atan2", Min: 1, Max: 2, Kernel: kernel, result: double},
	{Name: "bin", Min: 1, Max: 1, Kernel: kernel, result: text(64)},
	{Name: "bin_to_uuid", Min: 1, Max: 2, Kernel: rowwise, result: text(36)},
	{Name: "bit_count", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "bit_length", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "ceil", Min: 1, Max: 1, Kernel: kernel, result: wholeNumber},
	{Name: "ceiling", Min: 1, Max: 1, Kernel: kernel, result: wholeNumber},
	{Name: "char", Min: 1, Max: many, Kernel: kernel, result: binary},
	{Name: "char_length", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "character_length", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "coalesce", Min: 1, Max: many, Kernel: kernel, result: merged},
	{Name: "concat", Min: 1, Max: many, Kernel: kernel, result: concatenated},
	{Name: "concat_ws", Min: 2, Max: many, Kernel: kernel, result: concatenated},
	{Name: "conv", Min: 3, Max: 3, Kernel: kernel, result: text(64)},
	{Name: "convert_tz", Min: 3, Max: 3, Kernel: kernel, result: moment},
	{Name: "cos", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "cot", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "crc32", Min: 1, Max: 1, Kernel: kernel, result: unsigned},
	{Name: "date", Min: 1, Max: 1, Kernel: kernel, result: date},
	{Name: "date_format", Min: 2, Max: 2, Kernel: kernel, result: text(0)},
	{Name: "datediff", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "day", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "dayname", Min: 1, Max: 1, Kernel: kernel, result: text(9)},
	{Name: "dayofmonth", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "dayofweek", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "dayofyear", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "degrees", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "elt", Min: 2, Max: many, Kernel: kernel, result: mergedText(1)},
	{Name: "exp", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "export_set", Min: 3, Max: 5, Kernel: rowwise, result: text(0)},
	{Name: "field", Min: 2, Max: many, Kernel: kernel, result: bigint},
	{Name: "find_in_set", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "floor", Min: 1, Max: 1, Kernel: kernel, result: wholeNumber},
	{Name: "format", Min: 2, Max: 2, Kernel: kernel, result: text(0)},
	{Name: "from_base64", Min: 1, Max: 1, Kernel: kernel, result: binary},
	{Name: "from_days", Min: 1, Max: 1, Kernel: kernel, result: date},
	{Name: "from_unixtime", Min: 1, Max: 2, Kernel: kernel, result: fromUnix},
	{Name: "greatest", Min: 2, Max: many, Kernel: kernel, result: merged},
	{Name: "hex", Min: 1, Max: 1, Kernel: kernel, result: text(0)},
	{Name: "hour", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "inet6_aton", Min: 1, Max: 1, Kernel: rowwise, result: binary},
	{Name: "inet6_ntoa", Min: 1, Max: 1, Kernel: rowwise, result: text(39)},
	{Name: "inet_aton", Min: 1, Max: 1, Kernel: rowwise, result: unsigned},
	{Name: "inet_ntoa", Min: 1, Max: 1, Kernel: rowwise, result: text(15)},
	{Name: "insert", Min: 4, Max: 4, Kernel: kernel, result: mergedText(0)},
	{Name: "instr", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "is_ipv4", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "is_ipv4_compat", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "is_ipv4_mapped", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "is_ipv6", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "is_uuid", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "isnull", Min: 1, Max: 1, Kernel: kernel, result: truth},
	{Name: "json_array", Min: 0, Max: many, Kernel: rowwise, result: document},
	{Name: "json_array_append", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_array_insert", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_contains", Min: 2, Max: 3, Kernel: rowwise, result: bigint},
	{Name: "json_contains_path", Min: 3, Max: many, Kernel: rowwise, result: bigint},
	{Name: "json_depth", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "json_extract", Min: 2, Max: many, Kernel: rowwise, result: document},
	{Name: "json_insert", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_keys", Min: 1, Max: 2, Kernel: rowwise, result: document},
	{Name: "json_length", Min: 1, Max: 2, Kernel: rowwise, result: bigint},
	{Name: "json_merge_patch", Min: 2, Max: many, Kernel: rowwise, result: document},
	{Name: "json_merge_preserve", Min: 2, Max: many, Kernel: rowwise, result: document},
	{Name: "json_object", Min: 0, Max: many, Kernel: rowwise, result: document},
	{Name: "json_overlaps", Min: 2, Max: 2, Kernel: rowwise, result: bigint},
	{Name: "json_pretty", Min: 1, Max: 1, Kernel: rowwise, result: text(0)},
	{Name: "json_quote", Min: 1, Max: 1, Kernel: rowwise, result: text(0)},
	{Name: "json_remove", Min: 2, Max: many, Kernel: rowwise, result: document},
	{Name: "json_replace", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_search", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_set", Min: 3, Max: many, Kernel: rowwise, result: document},
	{Name: "json_type", Min: 1, Max: 1, Kernel: rowwise, result: text(64)},
	{Name: "json_unquote", Min: 1, Max: 1, Kernel: rowwise, result: text(0)},
	{Name: "json_valid", Min: 1, Max: 1, Kernel: rowwise, result: bigint},
	{Name: "json_value", Min: 2, Max: 2, Kernel: rowwise, result: text(512)},
	{Name: "last_day", Min: 1, Max: 1, Kernel: kernel, result: date},
	{Name: "lcase", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "least", Min: 2, Max: many, Kernel: kernel, result: merged},
	{Name: "left", Min: 2, Max: 2, Kernel: kernel, result: sameText},
	{Name: "length", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "ln", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "locate", Min: 2, Max: 3, Kernel: kernel, result: bigint},
	{Name: "log", Min: 1, Max: 2, Kernel: kernel, result: double},
	{Name: "log10", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "log2", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "lower", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "lpad", Min: 3, Max: 3, Kernel: kernel, result: longText},
	{Name: "ltrim", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "make_set", Min: 2, Max: many, Kernel: rowwise, result: text(0)},
	{Name: "makedate", Min: 2, Max: 2, Kernel: kernel, result: date},
	{Name: "maketime", Min: 3, Max: 3, Kernel: kernel, result: seconds(2)},
	{Name: "md5", Min: 1, Max: 1, Kernel: kernel, result: text(32)},
	{Name: "microsecond", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "minute", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "mod", Min: 2, Max: 2, Kernel: kernel, result: remainder},
	{Name: "month", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "monthname", Min: 1, Max: 1, Kernel: kernel, result: text(9)},
	{Name: "oct", Min: 1, Max: 1, Kernel: kernel, result: text(64)},
	{Name: "octet_length", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "ord", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "period_add", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "period_diff", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "pi", Min: 0, Max: 0, Kernel: kernel, result: double},
	{Name: "pow", Min: 2, Max: 2, Kernel: kernel, result: double},
	{Name: "power", Min: 2, Max: 2, Kernel: kernel, result: double},
	{Name: "quarter", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "quote", Min: 1, Max: 1, Kernel: kernel, result: text(0)},
	{Name: "radians", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "rand", Min: 0, Max: 1, Kernel: kernel, Volatile: true, result: double},
	{Name: "regexp_instr", Min: 2, Max: 6, Kernel: kernel, result: bigint},
	{Name: "regexp_like", Min: 2, Max: 3, Kernel: kernel, result: truth},
	{Name: "regexp_replace", Min: 3, Max: 6, Kernel: kernel, result: text(0)},
	{Name: "regexp_substr", Min: 2, Max: 5, Kernel: kernel, result: text(0)},
	{Name: "repeat", Min: 2, Max: 2, Kernel: kernel, result: longText},
	{Name: "replace", Min: 3, Max: 3, Kernel: kernel, result: longText},
	{Name: "reverse", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "right", Min: 2, Max: 2, Kernel: kernel, result: sameText},
	{Name: "round", Min: 1, Max: 2, Kernel: kernel, result: rounded},
	{Name: "rpad", Min: 3, Max: 3, Kernel: kernel, result: longText},
	{Name: "rtrim", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "sec_to_time", Min: 1, Max: 1, Kernel: kernel, result: seconds(0)},
	{Name: "second", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "sha", Min: 1, Max: 1, Kernel: kernel, result: text(40)},
	{Name: "sha1", Min: 1, Max: 1, Kernel: kernel, result: text(40)},
	{Name: "sha2", Min: 2, Max: 2, Kernel: kernel, result: text(128)},
	{Name: "sign", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "sin", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "soundex", Min: 1, Max: 1, Kernel: rowwise, result: text(0)},
	{Name: "space", Min: 1, Max: 1, Kernel: kernel, result: text(0)},
	{Name: "sqrt", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "str_to_date", Min: 2, Max: 2, Kernel: kernel, result: parsedMoment},
	{Name: "strcmp", Min: 2, Max: 2, Kernel: kernel, result: bigint},
	{Name: "substr", Min: 2, Max: 3, Kernel: kernel, result: sameText},
	{Name: "substring", Min: 2, Max: 3, Kernel: kernel, result: sameText},
	{Name: "substring_index", Min: 3, Max: 3, Kernel: kernel, result: sameText},
	{Name: "subtime", Min: 2, Max: 2, Kernel: kernel, result: shiftedTime},
	{Name: "tan", Min: 1, Max: 1, Kernel: kernel, result: double},
	{Name: "time", Min: 1, Max: 1, Kernel: kernel, result: timeOfDay},
	{Name: "time_format", Min: 2, Max: 2, Kernel: kernel, result: text(0)},
	{Name: "time_to_sec", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "timediff", Min: 2, Max: 2, Kernel: kernel, result: timeOfDay},
	{Name: "timestamp", Min: 1, Max: 2, Kernel: kernel, result: moment},
	{Name: "timestampdiff", Min: 3, Max: 3, Kernel: kernel, result: bigint},
	{Name: "to_base64", Min: 1, Max: 1, Kernel: kernel, result: text(0)},
	{Name: "to_days", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "to_seconds", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "trim", Min: 1, Max: 3, Kernel: kernel, result: sameText},
	{Name: "truncate", Min: 2, Max: 2, Kernel: kernel, result: rounded},
	{Name: "truncate_date", Min: 2, Max: 2, Kernel: kernel, result: sameMoment},
	{Name: "ucase", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "unhex", Min: 1, Max: 1, Kernel: kernel, result: binary},
	{Name: "unix_timestamp", Min: 1, Max: 1, Kernel: kernel, result: unixTime},
	{Name: "upper", Min: 1, Max: 1, Kernel: kernel, result: sameText},
	{Name: "uuid", Min: 0, Max: 0, Kernel: kernel, Volatile: true, result: text(36)},
	{Name: "uuid_to_bin", Min: 1, Max: 2, Kernel: rowwise, result: binary},
	{Name: "week", Min: 1, Max: 2, Kernel: kernel, result: bigint},
	{Name: "weekday", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "weekofyear", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "year", Min: 1, Max: 1, Kernel: kernel, result: bigint},
	{Name: "yearweek", Min: 1, Max: 2, Kernel: kernel, result: bigint},
}

// Functions returns the allow-list, sorted by name.
func Functions() []Function { return slices.Clone(functions) }

// lookup returns a function by its name in lower case.
func lookup(name string) (Function, bool) {
	i, ok := slices.BinarySearchFunc(functions, name, func(f Function, name string) int {
		return strings.Compare(f.Name, name)
	})
	if !ok {
		return Function{}, false
	}
	return functions[i], true
}

// rule gives a function's result type for its arguments' types.
type rule func(args []mysqltype.Type) mysqltype.Type
