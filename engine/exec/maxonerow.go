package exec

import (
	"context"
	"errors"
	"io"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) maxOneRow(n *plan.MaxOneRow) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	m := &oneRow{in: q.merge(in), row: newRows(in.cols, q.opts.Budget)}
	return &stream{lanes: []vec.Reader{m}, cols: in.cols}, nil
}

// oneRow gives the one row of its input, or one of NULLs if there is none.
type oneRow struct {
	in   vec.Reader
	row  *rows
	done bool
}

func (o *oneRow) Next(ctx context.Context) (*vec.Batch, error) {
	if o.done {
		return nil, io.EOF
	}
	for {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		b, err := o.in.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if b.Rows() == 0 {
			continue
		}
		if o.row.n+b.Rows() > 1 {
			return nil, mysqlerr.SubqueryRows()
		}
		if err := o.row.add(ctx, b); err != nil {
			return nil, err
		}
	}
	if o.row.n == 0 {
		for _, c := range o.row.cols {
			if err := c.AppendNulls(1); err != nil {
				return nil, err
			}
		}
	}
	o.done = true
	return vec.NewBatch(1, o.row.vectors()...), nil
}

func (o *oneRow) Close() error {
	o.done = true
	o.row.release()
	return o.in.Close()
}
