package exec

import (
	"context"

	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) filter(n *plan.Filter) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	return in.each(in.cols, func(l vec.Reader) (vec.Reader, error) {
		e, err := q.evaluator(n.Cond, in.cols)
		return &filterLane{in: l, cond: e}, err
	})
}

// filterLane narrows the selection of its input's batches.
type filterLane struct {
	in   vec.Reader
	cond *eval.Evaluator
}

func (l *filterLane) Next(ctx context.Context) (*vec.Batch, error) {
	for {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		b, err := l.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b.Sel, err = l.cond.Filter(ctx, b); err != nil {
			return nil, err
		}
		if b.Rows() > 0 {
			return b, nil
		}
	}
}

func (l *filterLane) Close() error { return l.in.Close() }
