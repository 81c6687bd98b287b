package exec

import (
	"context"
	"io"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

func (q *query) limit(n *plan.Limit) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	l := &limited{in: q.merge(in), skip: n.Offset, left: n.Count}
	return &stream{lanes: []vec.Reader{l}, cols: in.cols}, nil
}

// limited skips rows, passes left rows (all if negative), and then closes its
// input so that nothing goes on reading.
type limited struct {
	in         vec.Reader
	skip, left int64
}

func (l *limited) Next(ctx context.Context) (*vec.Batch, error) {
	for l.left != 0 {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		b, err := l.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		rows := int64(b.Rows())
		if rows <= l.skip {
			l.skip -= rows
			continue
		}
		from, to := l.skip, rows
		if l.left >= 0 {
			to = min(rows, from+l.left)
			l.left -= to - from
		}
		l.skip = 0
		b.Sel = selectRange(b.Sel, int(from), int(to), b.N)
		return b, nil
	}
	if err := l.in.Close(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

func (l *limited) Close() error { return l.in.Close() }

// selectRange returns the selected rows from number from to before number to.
func selectRange(sel vec.Selection, from, to, n int) vec.Selection {
	if sel != nil {
		return sel[from:to]
	}
	if from == 0 && to == n {
		return nil
	}
	out := make(vec.Selection, to-from)
	for i := range out {
		out[i] = uint32(from + i)
	}
	return out
}
