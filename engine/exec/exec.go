package exec

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Options say how to run a plan.
type Options struct {
	Workers int         // goroutines that work at a time; below 1: 1
	Budget  *vec.Budget // everything that is retained is charged to it; nil: unlimited
	// Env is what expressions may depend on. Its Warn may be called by several
	// goroutines at a time; its Budget is replaced by Budget.
	Env eval.Env
	// Pin gives the state of a source that the query reads; nil: Source.Pin.
	Pin func(connectors.Source) (connectors.Snapshot, error)
}

// Run starts root. The result's columns stand in the order of root.Columns()
// and are decoded; its rows are in order only if root orders them. ctx governs
// the whole query, that of Next one call: if either ends, Next returns its
// cause. Once Close returns, no goroutine and no reservation of the query is
// left, whatever happened before. Errors are or wrap a *mysqlerr.Error,
// vec.ErrBudget, an error of a source, or a context's cause.
func Run(ctx context.Context, root plan.Node, opts Options) (vec.Reader, error) {
	opts.Workers = max(opts.Workers, 1)
	opts.Env.Budget = opts.Budget
	ctx, cancel := context.WithCancelCause(ctx)
	q := &query{ctx: ctx, opts: opts, shared: map[*plan.SharedDef]*sharedRows{}}
	r := &result{q: q, cancel: cancel}
	err := guard(func() error {
		s, err := q.compile(root)
		if err != nil {
			return err
		}
		r.in = q.merge(s)
		return nil
	})
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return r, nil
}

// query is what the operators of one run share.
type query struct {
	ctx    context.Context // ends when the result is closed
	opts   Options
	shared map[*plan.SharedDef]*sharedRows
}

// evaluator compiles e for one lane.
func (q *query) evaluator(e plan.Expr, input []plan.Column) (*eval.Evaluator, error) {
	env := q.opts.Env
	return eval.Compile(e, input, &env)
}

// compile is the one switch from plan to operators.
func (q *query) compile(n plan.Node) (*stream, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return q.scan(n)
	case *plan.Governed:
		s, err := q.compile(n.Input)
		if err != nil {
			return nil, err
		}
		return s.renamed(n.Cols)
	case *plan.Filter:
		return q.filter(n)
	case *plan.Project:
		return q.project(n)
	case *plan.Join:
		return q.join(n)
	case *plan.Aggregate:
		return q.aggregate(n)
	case *plan.Sort:
		return q.sort(n)
	case *plan.Limit:
		return q.limit(n)
	case *plan.TopN:
		return q.topN(n)
	case *plan.SetOp:
		return q.setOp(n)
	case *plan.Values:
		return q.values(n)
	case *plan.Shared:
		return q.share(n)
	case *plan.MaxOneRow:
		return q.maxOneRow(n)
	}
	return nil, mysqlerr.Internal(fmt.Errorf("exec: no operator for %T", n))
}

// result is the reader that Run returns.
type result struct {
	q      *query
	cancel context.CancelCauseFunc
	in     vec.Reader
	err    error // after a failure or the end
}

var errClosed = errors.New("exec: the result is closed")

func (r *result) Next(ctx context.Context) (*vec.Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(r.q.ctx, func() { cancel(context.Cause(r.q.ctx)) })
	defer stop()
	var b *vec.Batch
	r.err = guard(func() (err error) {
		if err = alive(ctx); err != nil {
			return err
		}
		if b, err = r.in.Next(ctx); err != nil {
			return err
		}
		return decode(ctx, b)
	})
	if r.err == nil {
		return b, nil
	}
	if !errors.Is(r.err, io.EOF) {
		r.cancel(r.err)
	}
	return nil, r.err
}

func (r *result) Close() error {
	r.cancel(errClosed)
	err := guard(r.in.Close)
	for _, s := range r.q.shared {
		err = errors.Join(err, guard(s.close))
	}
	if r.err == nil {
		r.err = errClosed
	}
	return err
}

// decode decodes all columns of b.
func decode(ctx context.Context, b *vec.Batch) error {
	for i := range b.Columns() {
		if _, err := b.Col(ctx, i); err != nil {
			return err
		}
	}
	return nil
}
