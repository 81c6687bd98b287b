package eval

import (
	"fmt"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

type compiler struct {
	env      *Env
	input    []plan.Column
	ordinals map[plan.ColumnID]int
	// inDict is set below a dictNode: what is inside is evaluated on the whole.
	inDict bool
}

// compile turns e into a node. A maximal expression over one column only is
// wrapped so that it is evaluated on the column's dictionary if it has one.
func (c *compiler) compile(e plan.Expr) (node, error) {
	switch e.(type) {
	case *plan.ColumnRef, *plan.Const:
		return c.compileExpr(e)
	default:
	}
	if !c.inDict {
		if p := c.properties(e); p.deterministic && p.column >= 0 {
			c.inDict = true
			inner, err := c.compileExpr(e)
			c.inDict = false
			if err != nil {
				return nil, err
			}
			return &dictNode{inner: inner, col: p.column, expr: e, t: e.Type()}, nil
		}
	}
	return c.compileExpr(e)
}

func (c *compiler) compileExpr(e plan.Expr) (node, error) {
	switch e := e.(type) {
	case *plan.ColumnRef:
		i, ok := c.ordinals[e.ID]
		if !ok {
			return nil, internal("column %d is not in the input", e.ID)
		}
		if c.input[i].Type.Kind() != e.T.Kind() {
			return nil, internal("column %d is %s, read as %s", e.ID, c.input[i].Type, e.T)
		}
		return &columnNode{i}, nil
	case *plan.Const:
		if e.Value != nil && !holds(e.T.Kind(), e.Value) {
			return nil, internal("constant %T of type %s", e.Value, e.T)
		}
		return newConst(e.T.Kind(), e.Value), nil
	case *plan.Call:
		return c.compileCall(e)
	case *plan.Cast:
		arg, err := c.compile(e.Arg)
		if err != nil {
			return nil, err
		}
		return c.convert(arg, e.Arg.Type(), e.T, e.Implicit)
	case *plan.Case:
		return c.compileCase(e)
	case *plan.InList:
		return c.compileInList(e)
	case *plan.HashMask:
		return c.compileHashMask(e)
	case *plan.Param:
		return nil, internal("unbound parameter")
	case *plan.Subquery:
		return nil, internal("subquery left in an executed plan")
	}
	return nil, internal("expression %T", e)
}

func (c *compiler) compileAll(exprs []plan.Expr) ([]node, error) {
	nodes := make([]node, len(exprs))
	for i, e := range exprs {
		n, err := c.compile(e)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// as compiles e converted to type t, for functions that take what they are
// given as one type.
func (c *compiler) as(e plan.Expr, t mysqltype.Type) (node, error) {
	if k, ok := e.(*plan.Const); ok && k.Value == nil {
		return newConst(t.Kind(), nil), nil
	}
	n, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	if sameRepresentation(e.Type(), t) {
		return n, nil
	}
	return c.cast(n, e.Type(), t)
}

func (c *compiler) allAs(exprs []plan.Expr, t mysqltype.Type) ([]node, error) {
	nodes := make([]node, len(exprs))
	for i, e := range exprs {
		n, err := c.as(e, t)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// strictArgs compiles arguments that must have kind k, or be NULL.
func (c *compiler) strictArgs(e *plan.Call, k vec.Kind) ([]node, error) {
	nodes := make([]node, len(e.Args))
	for i, a := range e.Args {
		if v, ok := constValue(a); ok && v == nil {
			nodes[i] = newConst(k, nil)
			continue
		}
		if a.Type().Kind() != k {
			return nil, internal("argument %d of %s is %s", i+1, e.Func, a.Type())
		}
		n, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

func call(t mysqltype.Type, k kernel, args ...node) *callNode {
	return &callNode{args: args, t: t, kernel: k}
}

// internal reports a plan that breaks the kernel contract.
func internal(format string, args ...any) error {
	return mysqlerr.Internal(fmt.Errorf("eval: "+format, args...))
}

func arity(e *plan.Call, lo, hi int) error {
	if len(e.Args) < lo || len(e.Args) > hi {
		return mysqlerr.WrongArguments(e.Func)
	}
	return nil
}

func holds(k vec.Kind, value any) bool {
	switch value.(type) {
	case bool:
		return k == vec.Bool
	case int32:
		return k == vec.I32
	case int64:
		return k == vec.I64
	case uint64:
		return k == vec.U64
	case float64:
		return k == vec.F64
	case vec.Int128:
		return k == vec.I128
	case string:
		return k == vec.Bytes
	}
	return false
}

// sameRepresentation reports whether a value of type a is, unchanged, the value
// of type b that a cast would give.
func sameRepresentation(a, b mysqltype.Type) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch {
	case a.IsString() && b.IsString():
		return a.ID != mysqltype.JSON && b.ID != mysqltype.JSON
	case a.ID == mysqltype.Decimal || b.ID == mysqltype.Decimal:
		return a.ID == b.ID && a.Scale == b.Scale
	case a.IsTemporal() || b.IsTemporal():
		return a.ID == b.ID && a.Scale <= b.Scale
	}
	return true
}

// properties of an expression that decide how it may be evaluated.
type properties struct {
	column        int // the one input column it reads, noColumn or manyColumns
	deterministic bool
}

const (
	noColumn    = -1
	manyColumns = -2
)

func (c *compiler) properties(e plan.Expr) properties {
	p := properties{noColumn, true}
	switch e := e.(type) {
	case *plan.ColumnRef:
		i, ok := c.ordinals[e.ID]
		if !ok {
			i = manyColumns
		}
		p.column = i
	case *plan.Const:
	case *plan.Call:
		p.deterministic = c.env.Functions == nil || c.env.Functions.Deterministic(e.Func)
		for _, a := range e.Args {
			p.add(c.properties(a))
		}
	case *plan.Cast:
		p = c.properties(e.Arg)
	case *plan.Case:
		for _, w := range e.Whens {
			p.add(c.properties(w.Cond))
			p.add(c.properties(w.Then))
		}
		if e.Else != nil {
			p.add(c.properties(e.Else))
		}
	case *plan.InList:
		p = c.properties(e.Arg)
	case *plan.HashMask:
		p = c.properties(e.Arg)
	case *plan.Param, *plan.Subquery:
		p.deterministic = false
	}
	return p
}

func (p *properties) add(q properties) {
	p.deterministic = p.deterministic && q.deterministic
	switch {
	case q.column == noColumn || p.column == q.column:
	case p.column == noColumn:
		p.column = q.column
	default:
		p.column = manyColumns
	}
}
