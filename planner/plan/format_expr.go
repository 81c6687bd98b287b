package plan

import (
	"fmt"
	"strings"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

var infix = map[string]bool{
	OpAnd: true, OpOr: true, OpXor: true, OpEq: true, OpNe: true, OpLt: true, OpLe: true, OpGt: true, OpGe: true,
	OpNullEq: true, OpAdd: true, OpSub: true, OpMul: true, OpDiv: true, OpIntDiv: true, OpMod: true, OpRegexp: true,
	OpBitAnd: true, OpBitOr: true, OpBitXor: true, OpShl: true, OpShr: true,
}

func (p *printer) expr(e Expr) string {
	switch e := e.(type) {
	case *ColumnRef:
		s := e.Name
		if p.opts.IDs {
			s += fmt.Sprintf("#%d", e.ID)
		}
		if e.Outer {
			s = "outer " + s
		}
		return s
	case *Const:
		return formatConst(e)
	case *Param:
		return e.Name
	case *Call:
		return p.call(e)
	case *Cast:
		if e.Implicit && !p.opts.Types {
			return p.expr(e.Arg)
		}
		return "cast(" + p.expr(e.Arg) + " as " + typeName(e.T) + ")"
	case *Case:
		var b strings.Builder
		b.WriteString("case")
		for _, w := range e.Whens {
			b.WriteString(" when " + p.expr(w.Cond) + " then " + p.expr(w.Then))
		}
		if e.Else != nil {
			b.WriteString(" else " + p.expr(e.Else))
		}
		return b.String() + " end"
	case *InList:
		out := make([]string, len(e.List))
		for i, c := range e.List {
			out[i] = formatConst(c)
		}
		op := " in ("
		if e.Negate {
			op = " not in ("
		}
		return p.operand(e.Arg) + op + strings.Join(out, ", ") + ")"
	case *HashMask:
		return "hash(" + p.expr(e.Arg) + ", " + e.Key.String() + ")"
	case *Subquery:
		return p.subquery(e)
	}
	return fmt.Sprintf("%T", e)
}

func (p *printer) call(e *Call) string {
	switch {
	case infix[e.Func] && len(e.Args) >= 2:
		out := make([]string, len(e.Args))
		for i, a := range e.Args {
			out[i] = p.operand(a)
		}
		return strings.Join(out, " "+e.Func+" ")
	case e.Func == OpNot && len(e.Args) == 1:
		if c, ok := e.Args[0].(*Call); ok && c.Func == OpIsNull {
			return p.operand(c.Args[0]) + " is not null"
		}
		return "not " + p.operand(e.Args[0])
	case e.Func == OpIsNull && len(e.Args) == 1:
		return p.operand(e.Args[0]) + " is null"
	case e.Func == OpIsTrue && len(e.Args) == 1:
		return p.operand(e.Args[0]) + " is true"
	case e.Func == OpNeg && len(e.Args) == 1:
		return "-" + p.operand(e.Args[0])
	case e.Func == OpLike && len(e.Args) >= 2:
		return p.operand(e.Args[0]) + " like " + p.operand(e.Args[1])
	}
	out := make([]string, len(e.Args))
	for i, a := range e.Args {
		out[i] = p.expr(a)
	}
	return e.Func + "(" + strings.Join(out, ", ") + ")"
}

// operand prints e so that it can stand beside an operator.
func (p *printer) operand(e Expr) string {
	for c, ok := e.(*Cast); ok && c.Implicit && !p.opts.Types; c, ok = e.(*Cast) {
		e = c.Arg
	}
	s := p.expr(e)
	switch e := e.(type) {
	case *Call:
		if infix[e.Func] || e.Func == OpNot || e.Func == OpIsNull || e.Func == OpIsTrue || e.Func == OpLike {
			return "(" + s + ")"
		}
	case *InList:
		return "(" + s + ")"
	default:
	}
	return s
}

func (p *printer) conjuncts(es []Expr) string {
	if len(es) == 1 {
		return p.expr(es[0])
	}
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = p.operand(e)
	}
	return strings.Join(out, " and ")
}

func (p *printer) subquery(e *Subquery) string {
	left := make([]string, len(e.Left))
	for i, l := range e.Left {
		left[i] = p.expr(l)
	}
	l := strings.Join(left, ", ")
	if len(left) > 1 {
		l = "(" + l + ")"
	}
	p.subs = append(p.subs, e)
	p.total++
	name := fmt.Sprintf("(subquery %d)", p.total)
	switch e.Kind {
	case ScalarSubquery:
		return name
	case ExistsSubquery:
		return "exists " + name
	case InSubquery:
		return l + " in " + name
	case AnySubquery:
		return l + " " + e.Cmp + " any " + name
	case AllSubquery:
		return l + " " + e.Cmp + " all " + name
	}
	return name
}

func formatConst(c *Const) string {
	switch v := c.Value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case int32:
		return "date '" + string(mysqltype.AppendDate(nil, v)) + "'"
	case int64:
		switch c.T.ID {
		case mysqltype.Decimal:
			return string(mysqltype.AppendDecimal(nil, vec.Int128From(v), int(c.T.Scale)))
		case mysqltype.Time:
			return "time '" + string(mysqltype.AppendTime(nil, v, int(c.T.Scale))) + "'"
		case mysqltype.DateTime, mysqltype.Timestamp:
			return "timestamp '" + string(mysqltype.AppendDateTime(nil, v, int(c.T.Scale))) + "'"
		default:
			return fmt.Sprint(v)
		}
	case vec.Int128:
		return string(mysqltype.AppendDecimal(nil, v, int(c.T.Scale)))
	case string:
		if c.T.IsBinary() {
			return fmt.Sprintf("x'%x'", v)
		}
		return quote(v)
	}
	return fmt.Sprint(c.Value)
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`'`, `''`, "\\", `\\`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\t", `\t`).Replace(s) + "'"
}
