package naive

import (
	"fmt"
	"math/big"

	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func (in *interpreter) expr(e plan.Expr, f *frame) (any, error) {
	switch e := e.(type) {
	case *plan.ColumnRef:
		for g := f; g != nil; g = g.up {
			if i, ok := g.at[e.ID]; ok {
				return g.row[i], nil
			}
		}
		return nil, fmt.Errorf("naive: no column %s#%d", e.Name, e.ID)
	case *plan.Const:
		return e.Value, nil
	case *plan.Call:
		return in.call(e, f)
	case *plan.Cast:
		v, err := in.expr(e.Arg, f)
		if err != nil || v == nil {
			return nil, err
		}
		return cast(v, e.Arg.Type(), e.T)
	case *plan.Case:
		for _, w := range e.Whens {
			v, err := in.expr(w.Cond, f)
			if err != nil {
				return nil, err
			}
			if v == true {
				return in.expr(w.Then, f)
			}
		}
		if e.Else == nil {
			return nil, nil
		}
		return in.expr(e.Else, f)
	case *plan.InList:
		return in.inList(e, f)
	case *plan.Subquery:
		return in.subquery(e, f)
	case *plan.HashMask:
		v, err := in.expr(e.Arg, f)
		if v == nil || err != nil {
			return nil, err
		}
		return fmt.Sprintf("hash of %v", v), nil
	default:
	}
	return nil, fmt.Errorf("naive: %T", e)
}

func (in *interpreter) inList(e *plan.InList, f *frame) (any, error) {
	v, err := in.expr(e.Arg, f)
	if err != nil {
		return nil, err
	}
	var out any = false
	for _, c := range e.List {
		out = or(out, compare(plan.OpEq, v, c.Value, e.Arg.Type()))
	}
	if e.Negate {
		return not(out), nil
	}
	return out, nil
}

func (in *interpreter) subquery(e *plan.Subquery, f *frame) (any, error) {
	rows, err := in.node(e.Plan, f)
	if err != nil {
		return nil, err
	}
	left, err := in.exprs(e.Left, f)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case plan.ScalarSubquery:
		if len(rows) > 1 {
			return nil, mysqlerr.SubqueryRows()
		}
		if len(rows) == 0 {
			return nil, nil
		}
		return rows[0][0], nil
	case plan.ExistsSubquery:
		return len(rows) > 0, nil
	case plan.InSubquery:
		var out any = false
		for _, r := range rows {
			var same any = true
			for i, l := range left {
				same = and(same, compare(plan.OpEq, l, r[i], e.Left[i].Type()))
			}
			out = or(out, same)
		}
		return out, nil
	case plan.AnySubquery, plan.AllSubquery:
		var out any = e.Kind == plan.AllSubquery
		for _, r := range rows {
			c := compare(e.Cmp, left[0], r[0], e.Left[0].Type())
			if e.Kind == plan.AllSubquery {
				out = and(out, c)
			} else {
				out = or(out, c)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("naive: subquery kind %d", e.Kind)
}

func and(a, b any) any {
	switch {
	case a == false || b == false:
		return false
	case a == nil || b == nil:
		return nil
	}
	return true
}

func or(a, b any) any { return not(and(not(a), not(b))) }

func not(a any) any {
	if a == nil {
		return nil
	}
	return a == false
}

func (in *interpreter) call(e *plan.Call, f *frame) (any, error) {
	if e.Func == plan.OpAnd || e.Func == plan.OpOr {
		var out any = e.Func == plan.OpAnd
		for _, a := range e.Args {
			v, err := in.expr(a, f)
			if err != nil {
				return nil, err
			}
			if e.Func == plan.OpAnd {
				out = and(out, v)
			} else {
				out = or(out, v)
			}
			if out == (e.Func == plan.OpOr) {
				return out, nil
			}
		}
		return out, nil
	}
	args, err := in.exprs(e.Args, f)
	if err != nil {
		return nil, err
	}
	switch e.Func {
	case plan.OpNot:
		return not(args[0]), nil
	case plan.OpIsNull:
		return args[0] == nil, nil
	case plan.OpIsTrue:
		return args[0] == true, nil
	case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpNullEq:
		return compare(e.Func, args[0], args[1], e.Args[0].Type()), nil
	case "coalesce", "ifnull":
		for _, a := range args {
			if a != nil {
				return a, nil
			}
		}
		return nil, nil
	}
	for _, a := range args {
		if a == nil {
			return nil, nil
		}
	}
	switch e.Func {
	case plan.OpXor:
		return args[0] != args[1], nil
	case plan.OpLike:
		return like(args[0].(string), args[1].(string)), nil
	case plan.OpNeg, plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpIntDiv, plan.OpMod:
		return arithmetic(e, args)
	case "concat":
		s := ""
		for i, a := range args {
			s += text(a, e.Args[i].Type())
		}
		return s, nil
	}
	return nil, fmt.Errorf("naive: function %s", e.Func)
}

func arithmetic(e *plan.Call, args []any) (any, error) {
	if x, ok := args[0].(float64); ok {
		y := 0.0
		if len(args) > 1 {
			y = args[1].(float64)
		}
		switch e.Func {
		case plan.OpNeg:
			return -x, nil
		case plan.OpAdd:
			return x + y, nil
		case plan.OpSub:
			return x - y, nil
		case plan.OpMul:
			return x * y, nil
		case plan.OpDiv:
			if y == 0 {
				return nil, nil
			}
			return x / y, nil
		}
		return nil, fmt.Errorf("naive: %s of doubles", e.Func)
	}
	x := number(args[0], e.Args[0].Type())
	if e.Func == plan.OpNeg {
		return toType(x.Neg(x), e.T)
	}
	y := number(args[1], e.Args[1].Type())
	out := new(big.Rat)
	switch e.Func {
	case plan.OpAdd:
		out.Add(x, y)
	case plan.OpSub:
		out.Sub(x, y)
	case plan.OpMul:
		out.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return nil, nil
		}
		out.Quo(x, y)
		if e.Func == plan.OpDiv {
			out = cutOff(out, e.T)
		}
		if e.Func == plan.OpIntDiv || e.Func == plan.OpMod {
			whole := new(big.Int).Quo(out.Num(), out.Denom())
			out.SetInt(whole)
		}
		if e.Func == plan.OpMod {
			out.Sub(x, out.Mul(out, y))
		}
	}
	return toType(out, e.T)
}

func like(s, pattern string) bool {
	if pattern == "" {
		return s == ""
	}
	switch pattern[0] {
	case '%':
		for i := 0; i <= len(s); i++ {
			if like(s[i:], pattern[1:]) {
				return true
			}
		}
		return false
	case '_':
		return s != "" && like(s[1:], pattern[1:])
	}
	return s != "" && s[0] == pattern[0] && like(s[1:], pattern[1:])
}

func cast(v any, from, to mysqltype.Type) (any, error) {
	switch {
	case to.IsString():
		return text(v, from), nil
	case to.ID == mysqltype.Double || to.ID == mysqltype.Float:
		if x, ok := v.(float64); ok {
			return x, nil
		}
		if from.IsString() {
			var x float64
			_, _ = fmt.Sscan(v.(string), &x)
			return x, nil
		}
		x, _ := number(v, from).Float64()
		return x, nil
	case from.IsNumeric() && to.IsNumeric():
		return toType(number(v, from), to)
	case from.ID == to.ID:
		return v, nil
	case from.ID == mysqltype.Date && to.ID == mysqltype.DateTime:
		return int64(v.(int32)) * 86_400_000_000, nil
	}
	return nil, fmt.Errorf("naive: cast %v to %v", from, to)
}
