package governance

import (
	"fmt"
	"strings"

	"github.com/meshql/meshql/planner/plan"
)

// fold evaluates an expression without columns.
func fold(e plan.Expr) (c *plan.Const, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return &plan.Const{Value: eval(e, nil), T: e.Type()}, nil
}

// eval is a small evaluator of what the tests' policies use, three-valued. It
// panics at what it does not know.
func eval(e plan.Expr, row []any) any {
	switch e := e.(type) {
	case *plan.ColumnRef:
		return row[e.ID-1]
	case *plan.Const:
		return e.Value
	case *plan.Cast:
		return eval(e.Arg, row)
	case *plan.Case:
		for _, w := range e.Whens {
			if eval(w.Cond, row) == true {
				return eval(w.Then, row)
			}
		}
		if e.Else == nil {
			return nil
		}
		return eval(e.Else, row)
	case *plan.InList:
		return in(eval(e.Arg, row), e)
	case *plan.HashMask:
		if v := eval(e.Arg, row); v != nil {
			return fmt.Sprintf("hash(%v)", v)
		}
		return nil
	case *plan.Call:
		args := make([]any, len(e.Args))
		for i, a := range e.Args {
			args[i] = eval(a, row)
		}
		return call(e.Func, args)
	case *plan.Param, *plan.Subquery:
	}
	panic(fmt.Sprintf("eval: %T", e))
}

func in(v any, e *plan.InList) any {
	if v == nil {
		return nil
	}
	unknown := false
	for _, c := range e.List {
		if c.Value == v {
			return !e.Negate
		}
		unknown = unknown || c.Value == nil
	}
	if unknown {
		return nil
	}
	return e.Negate
}

func call(name string, args []any) any {
	switch name {
	case plan.OpAnd, plan.OpOr:
		decisive := name == plan.OpOr
		var out any = !decisive
		for _, a := range args {
			if a == decisive {
				return decisive
			}
			if a == nil {
				out = nil
			}
		}
		return out
	case plan.OpIsNull:
		return args[0] == nil
	case plan.OpIsTrue:
		return args[0] == true
	case plan.OpNullEq:
		return args[0] == args[1]
	}
	for _, a := range args {
		if a == nil {
			return nil
		}
	}
	switch name {
	case plan.OpNot:
		return !args[0].(bool)
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe:
		c := compare(args[0], args[1])
		return map[string]bool{
			plan.OpEq: c == 0, plan.OpNe: c != 0, plan.OpLt: c < 0, plan.OpLe: c <= 0, plan.OpGt: c > 0, plan.OpGe: c >= 0,
		}[name]
	case plan.OpAdd:
		return args[0].(int64) + args[1].(int64)
	case plan.OpNeg:
		return -args[0].(int64)
	case "concat":
		var b strings.Builder
		for _, a := range args {
			fmt.Fprint(&b, a)
		}
		return b.String()
	case "char_length":
		return int64(len([]rune(args[0].(string))))
	case "left", "right":
		s := []rune(args[0].(string))
		n := min(int(args[1].(int64)), len(s))
		if name == "left" {
			return string(s[:n])
		}
		return string(s[len(s)-n:])
	}
	panic("eval: function " + name)
}

func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		switch b := b.(int64); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	case float64:
		switch b := b.(float64); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	case bool:
		if a == b.(bool) {
			return 0
		}
		return 1
	}
	return strings.Compare(a.(string), b.(string))
}
