package governance

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// operators and functions are all that policies may call: what gives the same
// value for the same arguments, always and without an error. IF, IFNULL, NULLIF
// and the like are bound to CASE and to these.
var (
	operators = []string{
		plan.OpAnd, plan.OpOr, plan.OpNot, plan.OpXor, plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe,
		plan.OpNullEq, plan.OpIsNull, plan.OpIsTrue, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpIntDiv,
		plan.OpMod, plan.OpNeg, plan.OpLike, plan.OpDateAdd, plan.OpDateSub, plan.OpExtract, plan.OpUTC,
		plan.OpBitAnd, plan.OpBitOr, plan.OpBitXor, plan.OpBitNot, plan.OpShl, plan.OpShr,
	}
	functions = strings.Fields(`
		ascii char_length character_length concat concat_ws field find_in_set hex insert instr lcase left length locate
		lower lpad ltrim octet_length repeat replace reverse right rpad rtrim strcmp substr substring
		substring_index trim ucase upper
		crc32 md5 sha sha1 sha2
		ceil ceiling floor mod round sign truncate
		coalesce greatest isnull least
		date date_format datediff day dayname dayofmonth dayofweek dayofyear from_days hour last_day makedate microsecond
		minute month monthname quarter second time_to_sec to_days week weekday weekofyear year yearweek`)
)

// total refuses what is not a total, deterministic function of a row and a
// principal.
func (a attributes) total(e plan.Expr) error {
	var err error
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if err != nil {
			return false
		}
		switch e := e.(type) {
		case *plan.Call:
			switch {
			case !slices.Contains(operators, e.Func) && !slices.Contains(functions, e.Func):
				err = fmt.Errorf("function %s is not allowed in policies", e.Func)
			case overflows(e):
				err = fmt.Errorf("the result of %s can leave the range of its type; cast to a smaller DECIMAL first", e.Func)
			default:
				if arg, list := a.membership(e); list != nil {
					err = a.total(arg)
					return false
				}
			}
		case *plan.Param:
			if a[e.Name].List {
				err = fmt.Errorf("%s is a list; write: column IN (%s)", e.Name, e.Name)
			}
		case *plan.Subquery:
			err = fmt.Errorf("policies read no other relation: a subquery is not allowed")
		case *plan.ColumnRef, *plan.Const, *plan.Cast, *plan.Case, *plan.InList, *plan.HashMask:
		}
		return err == nil
	})
	return err
}

// overflows reports whether exact arithmetic can leave the range of its type,
// which would fail a query over a value that its author may not see.
func overflows(e *plan.Call) bool {
	switch e.Func {
	case plan.OpIntDiv:
		by, ok := e.Args[1].(*plan.Const)
		return !ok || !by.T.IsInteger() || by.Value == int64(-1)
	case "round":
		return len(e.Args) > 1 && e.T.IsInteger() && width(e.Args[0]) > 32
	case plan.OpDiv:
		return e.T.ID == mysqltype.Decimal && e.T.Precision > 38
	case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpNeg:
		return e.T.IsInteger() && (width(e) > 63 || e.T.Unsigned && e.Func != plan.OpAdd && e.Func != plan.OpMul) ||
			e.T.ID == mysqltype.Decimal && e.T.Precision > 38
	}
	return false
}

// width is a bound on the bits of an integer's magnitude.
func width(e plan.Expr) int {
	switch e := e.(type) {
	case *plan.Const:
		switch v := e.Value.(type) {
		case int64:
			return bits.Len64(uint64(max(v, -v)))
		case uint64:
			return bits.Len64(v)
		}
	case *plan.Cast:
		if e.Arg.Type().IsInteger() {
			return width(e.Arg)
		}
	case *plan.Call:
		switch e.Func {
		case plan.OpAdd, plan.OpSub:
			return max(width(e.Args[0]), width(e.Args[1])) + 1
		case plan.OpMul:
			return width(e.Args[0]) + width(e.Args[1])
		case plan.OpMod:
			return min(width(e.Args[0]), width(e.Args[1]))
		case plan.OpNeg:
			return width(e.Args[0])
		}
		if narrow[e.Func] {
			return 16
		}
	default:
	}
	switch e.Type().ID {
	case mysqltype.Bool:
		return 1
	case mysqltype.TinyInt:
		return 8
	case mysqltype.SmallInt, mysqltype.Year:
		return 16
	case mysqltype.MediumInt:
		return 24
	case mysqltype.Int:
		return 32
	default:
		return 64
	}
}

// narrow are functions whose results are small whatever their type says.
var narrow = map[string]bool{
	"day": true, "dayofmonth": true, "dayofweek": true, "dayofyear": true, "hour": true, "minute": true, "month": true,
	"quarter": true, "second": true, "week": true, "weekday": true, "weekofyear": true, "year": true, "sign": true,
}
