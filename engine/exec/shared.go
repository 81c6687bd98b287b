package exec

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// share compiles a reference to a shared query. Whoever asks first computes all
// of its rows; every reference then reads the kept rows at its own pace, so
// references that wait for each other elsewhere in the plan cannot block.
func (q *query) share(n *plan.Shared) (*stream, error) {
	rows, ok := q.shared[n.Def]
	if !ok {
		in, err := q.compile(n.Def.Plan)
		if err != nil {
			return nil, err
		}
		rows = &sharedRows{q: q, in: in}
		for range in.lanes {
			rows.lanes = append(rows.lanes, newRows(in.cols, q.opts.Budget))
		}
		q.shared[n.Def] = rows
	}
	s, err := rows.in.renamed(n.Cols)
	if err != nil {
		return nil, err
	}
	cursor := &atomic.Int64{}
	s = &stream{cols: s.cols}
	for range rows.lanes {
		s.lanes = append(s.lanes, &replay{rows: rows, next: cursor})
	}
	return s, nil
}

// sharedRows are the rows of a shared query. They are kept until the query
// ends.
type sharedRows struct {
	q     *query
	in    *stream
	lanes []*rows
	ready once
	cols  [][]*vec.Vector // by lane
}

// compute runs the shared query. It does so under the context of the whole
// query: a reference that has enough rows must not end it for the others.
func (s *sharedRows) compute() error {
	err := s.in.drain(s.q.ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return s.lanes[lane].add(ctx, b)
	})
	if err != nil {
		return fmt.Errorf("exec: shared query: %w", err)
	}
	for _, l := range s.lanes {
		s.cols = append(s.cols, l.vectors())
	}
	return nil
}

func (s *sharedRows) close() error {
	for _, l := range s.lanes {
		l.release()
	}
	return s.in.Close()
}

// replay is a lane of one reference.
type replay struct {
	rows *sharedRows
	next *atomic.Int64 // the reference's next chunk
}

func (r *replay) Next(ctx context.Context) (*vec.Batch, error) {
	if err := r.rows.ready.do(ctx, r.rows.compute); err != nil {
		return nil, err
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	i := int(r.next.Add(1)) - 1
	for lane, l := range r.rows.lanes {
		chunks := (l.n + vec.BatchRows - 1) / vec.BatchRows
		if i < chunks {
			return slice(r.rows.cols[lane], i*vec.BatchRows, min((i+1)*vec.BatchRows, l.n)), nil
		}
		i -= chunks
	}
	return nil, io.EOF
}

// Close leaves the rows to other references; the query releases them.
func (r *replay) Close() error { return nil }
