package eval

import (
	"context"
	"errors"
	"time"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// Env is what expressions of one statement may depend on beside their input.
type Env struct {
	Location *time.Location // the session's time zone; nil is UTC
	Now      time.Time      // when the statement began
	// Warn takes a warning, whose text holds no data value; nil drops it. It is
	// called once a row that warns.
	Warn      func(code uint16, msg string)
	Functions *mysqlfn.Library
	Budget    *vec.Budget
}

func (e *Env) location() *time.Location {
	if e.Location == nil {
		return time.UTC
	}
	return e.Location
}

// Evaluator is a compiled expression. It belongs to one goroutine.
type Evaluator struct {
	root      node
	conjuncts []node // of root, in order; one if root is no conjunction
	run       run
	sel       vec.Selection
}

// Compile compiles e over an input whose columns are input, in order.
func Compile(e plan.Expr, input []plan.Column, env *Env) (*Evaluator, error) {
	c := &compiler{env: env, ordinals: make(map[plan.ColumnID]int, len(input)), input: input}
	for i, col := range input {
		c.ordinals[col.ID] = i
	}
	ev := &Evaluator{run: run{env: env, warn: env.Warn}}
	var err error
	if ev.root, err = c.compile(e); err != nil {
		return nil, err
	}
	for _, term := range conjuncts(e, nil) {
		n := ev.root
		if term != e {
			if n, err = c.compile(term); err != nil {
				return nil, err
			}
		}
		ev.conjuncts = append(ev.conjuncts, n)
	}
	return ev, nil
}

// Eval returns b.N rows of the expression's values; rows that b does not select
// are undefined. The result may alias b and the evaluator's own memory: it is
// valid until the evaluator's next call.
func (e *Evaluator) Eval(ctx context.Context, b *vec.Batch) (*vec.Vector, error) {
	e.run.ctx, e.run.b, e.run.n = ctx, b, b.N
	return e.root.eval(&e.run, b.Sel)
}

// Filter returns the selected rows of b for which the expression, a condition,
// is true. It narrows b.Sel to them: columns that it decodes after its first
// conjunct are decoded for the rows still alive only. The result is valid until
// the evaluator's next call.
func (e *Evaluator) Filter(ctx context.Context, b *vec.Batch) (vec.Selection, error) {
	e.run.ctx, e.run.b, e.run.n = ctx, b, b.N
	for _, n := range e.conjuncts {
		if b.Sel != nil && len(b.Sel) == 0 {
			break
		}
		var err error
		if d, ok := n.(*dictNode); ok {
			e.sel, err = d.filter(&e.run, b.Sel, e.sel)
		} else {
			var v *vec.Vector
			if v, err = n.eval(&e.run, b.Sel); err == nil {
				e.sel = vec.SelectTrue(v, b.Sel, e.sel)
			}
		}
		if err != nil {
			return nil, err
		}
		b.Sel = e.sel
	}
	return b.Sel, nil
}

var errNotConstant = errors.New("eval: not a constant")

// Constant evaluates an expression without columns. An error says that e must
// stay as it is: it is not deterministic, or evaluating it fails or warns,
// which is for the rows that reach it to do.
func Constant(e plan.Expr, env *Env) (*plan.Const, error) {
	if c, ok := e.(*plan.Const); ok {
		return c, nil
	}
	quiet, warned := *env, false
	quiet.Warn = func(uint16, string) { warned = true }
	c := &compiler{env: &quiet}
	if p := c.properties(e); !p.deterministic || p.column != noColumn {
		return nil, errNotConstant
	}
	ev, err := Compile(e, nil, &quiet)
	if err != nil {
		return nil, err
	}
	v, err := ev.Eval(context.Background(), vec.NewBatch(1))
	if err != nil {
		return nil, err
	}
	if warned {
		return nil, errNotConstant
	}
	return &plan.Const{Value: v.Value(0), T: e.Type()}, nil
}

// conjuncts appends the terms of a conjunction in order.
func conjuncts(e plan.Expr, dst []plan.Expr) []plan.Expr {
	if c, ok := e.(*plan.Call); ok && c.Func == plan.OpAnd {
		for _, a := range c.Args {
			dst = conjuncts(a, dst)
		}
		return dst
	}
	return append(dst, e)
}
