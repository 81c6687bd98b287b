package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// A sysVar is a system variable: what a new session starts with, and how SET
// changes it. Nothing here is ever an identity.
type sysVar struct {
	initial any // int64 or string
	// set checks and applies a value; nil: read only. ignore: accepted, kept,
	// without effect, since clients set it on connecting.
	set func(*Session, any) error
}

// Version is what the server announces.
const Version = "8.0.36-meshql"

func ignore(*Session, any) error { return nil }

// systemVariables are those that clients, drivers and BI tools read or set.
func systemVariables() map[string]sysVar {
	vars := map[string]sysVar{
		"autocommit":               {int64(1), ignore},
		"auto_increment_increment": {int64(1), nil},
		"big_tables":               {int64(0), nil},
		"character_set_client":     {charsetName, ignore},
		"character_set_connection": {charsetName, ignore},
		"character_set_database":   {charsetName, nil},
		"character_set_results":    {charsetName, ignore},
		"character_set_server":     {charsetName, nil},
		"character_set_system":     {"utf8mb3", nil},
		"collation_connection":     {collationName, ignore},
		"collation_database":       {collationName, nil},
		"collation_server":         {collationName, nil},
		"default_storage_engine":   {storageEngine, nil},
		"event_scheduler":          {"OFF", nil},
		"foreign_key_checks":       {int64(1), ignore},
		"group_concat_max_len":     {"18446744073709551615", nil}, // the query's memory is the limit
		"have_profiling":           {"NO", nil},
		"have_ssl":                 {"YES", nil},
		"init_connect":             {"", nil},
		"innodb_read_only":         {int64(1), nil},
		"interactive_timeout":      {int64(28800), ignore},
		"license":                  {"Apache-2.0", nil},
		"local_infile":             {int64(0), nil},
		"lower_case_table_names":   {int64(0), nil},
		"max_allowed_packet":       {int64(16 << 20), nil},
		"max_execution_time":       {int64(0), setMaxExecutionTime},
		"net_buffer_length":        {int64(16384), nil},
		"net_read_timeout":         {int64(30), ignore},
		"net_write_timeout":        {int64(60), ignore},
		"optimizer_switch":         {"", nil},
		"performance_schema":       {int64(0), nil},
		"profiling":                {int64(0), nil},
		"purpose":                  {"", setPurpose},
		"purposes":                 {"", nil}, // those held
		"query_cache_size":         {int64(0), nil},
		"query_cache_type":         {"OFF", nil},
		"read_only":                {int64(1), nil},
		"session_track_schema":     {int64(1), ignore},
		"sql_auto_is_null":         {int64(0), ignore},
		"sql_mode":                 {"ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION", setSQLMode},
		"sql_quote_show_create":    {int64(1), ignore},
		"sql_safe_updates":         {int64(0), ignore},
		"sql_select_limit":         {"18446744073709551615", nil},
		"super_read_only":          {int64(1), nil},
		"system_time_zone":         {"UTC", nil},
		"time_zone":                {"SYSTEM", setTimeZone},
		"transaction_isolation":    {"REPEATABLE-READ", ignore},
		"transaction_read_only":    {int64(1), ignore},
		"tx_isolation":             {"REPEATABLE-READ", ignore},
		"tx_read_only":             {int64(1), ignore},
		"unique_checks":            {int64(1), ignore},
		"version":                  {Version, nil},
		"version_comment":          {"meshql, a data mesh engine", nil},
		"version_compile_machine":  {"x86_64", nil},
		"version_compile_os":       {"Linux", nil},
		"wait_timeout":             {int64(defaultWaitTimeout), setWaitTimeout},
	}
	return vars
}

// setVariable applies one assignment of a SET statement. value is in the
// physical form of a constant; reset says DEFAULT.
func (s *Session) setVariable(name string, value any, reset bool) error {
	v, ok := s.engine.variables[name]
	if !ok {
		return mysqlerr.UnknownVariable(name)
	}
	if v.set == nil {
		return mysqlerr.ReadOnlyVariable(name)
	}
	if reset {
		value = v.initial
		if name == "purpose" {
			value = s.defaultPurpose
		}
	}
	if err := v.set(s, value); err != nil {
		return err
	}
	s.variables[name] = value
	return nil
}

// variable returns a system or user variable as a constant.
func (s *Session) variable(name string, user bool) (*plan.Const, bool) {
	name = strings.ToLower(name)
	if user {
		if c, ok := s.userVariables[name]; ok {
			return c, true
		}
		return &plan.Const{T: mysqltype.Type{ID: mysqltype.Null}}, true
	}
	v, ok := s.engine.variables[name]
	if !ok {
		return nil, false
	}
	value := v.initial
	if x, ok := s.variables[name]; ok {
		value = x
	}
	switch name {
	case "purpose":
		value = s.principal.Purpose
	case "purposes":
		value = strings.Join(s.principal.Purposes, ",")
	}
	return variableConst(value), true
}

func variableConst(value any) *plan.Const {
	if n, ok := value.(int64); ok {
		return &plan.Const{Value: n, T: mysqltype.Type{ID: mysqltype.BigInt}}
	}
	s := fmt.Sprint(value)
	return &plan.Const{Value: s, T: mysqltype.Type{ID: mysqltype.VarChar, Length: uint32(max(len(s), 1))}}
}

// variableRows are SHOW VARIABLES.
func (s *Session) variableRows() [][]any {
	var rows [][]any
	for _, n := range sortedKeys(s.engine.variables) {
		c, _ := s.variable(n, false)
		text := fmt.Sprint(c.Value)
		if s.engine.variables[n].initial == int64(0) || s.engine.variables[n].initial == int64(1) {
			switch text {
			case "0":
				text = "OFF"
			case "1":
				text = "ON"
			}
		}
		rows = append(rows, []any{n, text})
	}
	return rows
}

// defaultWaitTimeout is in seconds.
const defaultWaitTimeout = 8 * 60 * 60

func setWaitTimeout(_ *Session, value any) error {
	if n, ok := value.(int64); !ok || n < 1 || n > 31536000 {
		return mysqlerr.WrongValueForVariable("wait_timeout")
	}
	return nil
}

func setMaxExecutionTime(s *Session, value any) error {
	ms, ok := value.(int64)
	if !ok || ms < 0 {
		return mysqlerr.WrongValueForVariable("max_execution_time")
	}
	s.maxExecution = time.Duration(ms) * time.Millisecond
	return nil
}

// setPurpose chooses among the purposes that the principal holds.
func setPurpose(s *Session, value any) error {
	purpose, ok := value.(string)
	if !ok {
		return mysqlerr.WrongValueForVariable("purpose")
	}
	if purpose != "" && !slices.Contains(s.principal.Purposes, purpose) {
		return mysqlerr.WrongValueForVariable("purpose")
	}
	p := *s.principal
	p.Purpose = purpose
	s.setPrincipal(&p)
	return nil
}

func setTimeZone(s *Session, value any) error {
	name, ok := value.(string)
	if !ok {
		return mysqlerr.WrongValueForVariable("time_zone")
	}
	loc, err := parseTimeZone(name)
	if err != nil {
		return mysqlerr.WrongValueForVariable("time_zone")
	}
	s.location = loc
	return nil
}

var zoneOffset = regexp.MustCompile(`^([+-])([0-9]{1,2}):([0-5][0-9])$`)

// parseTimeZone reads SYSTEM, an offset such as +02:00 or a name such as
// Europe/Berlin.
func parseTimeZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "SYSTEM") || strings.EqualFold(name, "UTC") {
		return time.UTC, nil
	}
	if m := zoneOffset.FindStringSubmatch(name); m != nil {
		h, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		if minutes += 60 * h; minutes > 14*60 {
			return nil, fmt.Errorf("offset beyond 14 hours")
		}
		if m[1] == "-" {
			minutes = -minutes
		}
		return time.FixedZone(name, minutes*60), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("unknown time zone")
	}
	return loc, nil
}

// setSQLMode accepts the modes that do not change what an answer means here.
func setSQLMode(_ *Session, value any) error {
	modes, ok := value.(string)
	if !ok {
		return mysqlerr.WrongValueForVariable("sql_mode")
	}
	for m := range strings.SplitSeq(strings.ToUpper(modes), ",") {
		switch strings.TrimSpace(m) {
		case "ANSI_QUOTES", "PIPES_AS_CONCAT", "NO_BACKSLASH_ESCAPES", "HIGH_NOT_PRECEDENCE", "IGNORE_SPACE",
			"REAL_AS_FLOAT", "ANSI", "NO_UNSIGNED_SUBTRACTION", "PAD_CHAR_TO_FULL_LENGTH", "TIME_TRUNCATE_FRACTIONAL":
			return mysqlerr.Unsupported("sql_mode " + strings.TrimSpace(strings.ToUpper(m)))
		}
	}
	return nil
}
