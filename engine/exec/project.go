package exec

import (
	"context"
	"fmt"

	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) project(n *plan.Project) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	return in.each(n.Cols, func(l vec.Reader) (vec.Reader, error) {
		p := &projectLane{in: l, exprs: make([]projected, len(n.Exprs))}
		for i, e := range n.Exprs {
			if p.exprs[i], err = q.projected(e, in.cols); err != nil {
				return nil, err
			}
		}
		return p, nil
	})
}

// projectLane passes columns through as they are, decoded or not, and computes
// the others when they are asked for, on the rows that are left by then.
type projectLane struct {
	in    vec.Reader
	exprs []projected
	out   vec.Batch
}

func (l *projectLane) Next(ctx context.Context) (*vec.Batch, error) {
	b, err := l.in.Next(ctx)
	if err != nil {
		return nil, err
	}
	l.out.Reset(b.N, len(l.exprs))
	l.out.Sel = b.Sel
	for i := range l.exprs {
		l.exprs[i].into(&l.out, i, b)
	}
	return &l.out, nil
}

func (l *projectLane) Close() error { return l.in.Close() }

// projected is an expression over a batch: a column of it, or computed.
type projected struct {
	column int             // -1: computed
	eval   *eval.Evaluator // nil: a column
}

func (q *query) projected(e plan.Expr, input []plan.Column) (projected, error) {
	if ref, ok := e.(*plan.ColumnRef); ok {
		for i, c := range input {
			if c.ID == ref.ID {
				return projected{column: i}, nil
			}
		}
		return projected{}, mysqlerr.Internal(fmt.Errorf("exec: no column %d (%s) in the input", ref.ID, ref.Name))
	}
	ev, err := q.evaluator(e, input)
	return projected{column: -1, eval: ev}, err
}

// into makes the expression over b column i of out, which has b's rows.
func (p *projected) into(out *vec.Batch, i int, b *vec.Batch) {
	if p.eval == nil {
		out.Share(i, b, p.column)
		return
	}
	out.SetLazy(i, &computed{b, p.eval})
}

// over returns the expression's values over b's selected rows, valid until the
// next call or b's end.
func (p *projected) over(ctx context.Context, b *vec.Batch) (*vec.Vector, error) {
	if p.eval == nil {
		return b.Col(ctx, p.column)
	}
	return p.eval.Eval(ctx, b)
}

// computed is a column that is computed from in on demand.
type computed struct {
	in   *vec.Batch
	eval *eval.Evaluator
}

func (c *computed) Decode(ctx context.Context, sel vec.Selection) (*vec.Vector, error) {
	c.in.Sel = sel // at most as wide as before
	return c.eval.Eval(ctx, c.in)
}
