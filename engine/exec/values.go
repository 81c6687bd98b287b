package exec

import (
	"context"
	"io"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) values(n *plan.Values) (*stream, error) {
	v := &literal{rows: make([][]projected, len(n.Rows)), cols: n.Cols}
	for i, row := range n.Rows {
		for _, e := range row {
			p, err := q.projected(e, nil)
			if err != nil {
				return nil, err
			}
			v.rows[i] = append(v.rows[i], p)
		}
	}
	return &stream{lanes: []vec.Reader{v}, cols: n.Cols}, nil
}

// literal gives rows of expressions without columns.
type literal struct {
	rows [][]projected
	cols []plan.Column
}

func (l *literal) Next(ctx context.Context) (*vec.Batch, error) {
	if len(l.rows) == 0 {
		return nil, io.EOF
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	n := min(len(l.rows), vec.BatchRows)
	builders := make([]*vec.Builder, len(l.cols))
	for i, c := range l.cols {
		builders[i] = vec.NewBuilder(c.Type.Kind())
	}
	one := vec.NewBatch(1)
	for _, row := range l.rows[:n] {
		for i := range row {
			v, err := row[i].over(ctx, one)
			if err != nil {
				return nil, err
			}
			if err := builders[i].Append(v.Value(0)); err != nil {
				return nil, err
			}
		}
	}
	l.rows = l.rows[n:]
	cols := make([]*vec.Vector, len(builders))
	for i, b := range builders {
		cols[i] = b.Build()
	}
	return vec.NewBatch(n, cols...), nil
}

func (l *literal) Close() error {
	l.rows = nil
	return nil
}
