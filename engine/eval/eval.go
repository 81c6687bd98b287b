package eval

import (
	"context"
	"time"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Env is what expressions of one statement may depend on beside their input.
type Env struct {
	Location  *time.Location // the session's time zone; nil is UTC
	Now       time.Time      // when the statement began
	Warn      func(code uint16, msg string)
	Functions *mysqlfn.Library
	Budget    *vec.Budget
}

// Evaluator is a compiled expression. It belongs to one goroutine.
type Evaluator struct{}

// Compile compiles e over an input whose columns are input, in order.
func Compile(e plan.Expr, input []plan.Column, env *Env) (*Evaluator, error) {
	return nil, mysqlerr.Unsupported("expressions")
}

// Eval returns b.N rows of the expression's values; rows that b does not select
// are undefined. The result may alias b and the evaluator's own memory: it is
// valid until the evaluator's next call.
func (e *Evaluator) Eval(ctx context.Context, b *vec.Batch) (*vec.Vector, error) {
	return nil, mysqlerr.Unsupported("expressions")
}

// Filter returns the selected rows of b for which the expression, a condition,
// is true. It narrows b.Sel to them: columns that it decodes after its first
// conjunct are decoded for the rows still alive only. The result is valid until
// the evaluator's next call.
func (e *Evaluator) Filter(ctx context.Context, b *vec.Batch) (vec.Selection, error) {
	return nil, mysqlerr.Unsupported("expressions")
}

// Constant evaluates an expression without columns. An error says that e must
// stay as it is: it is not deterministic, or evaluating it fails or warns,
// which is for the rows that reach it to do.
func Constant(e plan.Expr, env *Env) (*plan.Const, error) {
	return nil, mysqlerr.Unsupported("expressions")
}
