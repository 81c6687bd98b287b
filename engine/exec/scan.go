package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// serialRows is the size below which a source is read by one lane.
const serialRows = 4 * vec.BatchRows

// scan compiles a scan: its lanes take the splits from a shared counter. The
// source prunes by what predicates makes of the filters, and each lane filters
// again, exactly, before other columns are decoded.
func (q *query) scan(n *plan.Scan) (*stream, error) {
	pin := q.opts.Pin
	if pin == nil {
		pin = func(s connectors.Source) (connectors.Snapshot, error) { return s.Pin(q.ctx) }
	}
	snapshot, err := pin(n.Source)
	if err != nil {
		return nil, err
	}
	sc := &scan{q: q, snapshot: snapshot, request: connectors.Request{
		Columns:    n.Ordinals,
		Predicates: predicates(n),
		Budget:     q.opts.Budget,
	}}
	lanes := q.opts.Workers
	if rows := snapshot.Stats().Rows; rows >= 0 && rows <= serialRows {
		lanes = 1
	}
	s := &stream{cols: n.Cols}
	for range lanes {
		l := &scanLane{scan: sc}
		if len(n.Filters) > 0 {
			if l.filter, err = q.evaluator(conjunction(n.Filters), n.Cols); err != nil {
				return nil, err
			}
		}
		s.lanes = append(s.lanes, l)
	}
	return s, nil
}

// scan is what the lanes of one scan share.
type scan struct {
	q        *query
	snapshot connectors.Snapshot
	request  connectors.Request
	planned  once
	splits   []connectors.Split
	next     atomic.Int64
}

// open opens the next split, or returns io.EOF.
func (s *scan) open(ctx context.Context) (vec.Reader, error) {
	err := s.planned.do(ctx, func() (err error) {
		s.splits, err = s.snapshot.Splits(s.q.ctx, s.request)
		return err
	})
	if err != nil {
		return nil, err
	}
	i := int(s.next.Add(1)) - 1
	if i >= len(s.splits) {
		return nil, io.EOF
	}
	// A reader may go on fetching after this call, so it lives as the query.
	return s.splits[i].Open(s.q.ctx)
}

type scanLane struct {
	scan   *scan
	filter *eval.Evaluator // nil: none
	reader vec.Reader      // of the current split, or nil
	err    error
}

func (l *scanLane) Next(ctx context.Context) (*vec.Batch, error) {
	for l.err == nil {
		if l.err = alive(ctx); l.err != nil {
			break
		}
		if l.reader == nil {
			if l.reader, l.err = l.scan.open(ctx); l.err != nil {
				break
			}
		}
		b, err := l.reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			l.err = l.closeReader()
			continue
		}
		if err != nil {
			l.err = err
			break
		}
		if l.filter != nil {
			if b.Sel, l.err = l.filter.Filter(ctx, b); l.err != nil {
				break
			}
		}
		if b.Rows() > 0 {
			return b, nil
		}
	}
	return nil, l.err
}

func (l *scanLane) closeReader() error {
	if l.reader == nil {
		return nil
	}
	r := l.reader
	l.reader = nil
	return r.Close()
}

func (l *scanLane) Close() error {
	if l.err == nil {
		l.err = errClosed
	}
	return l.closeReader()
}

// conjunction returns the AND of conds, of which there is at least one.
func conjunction(conds []plan.Expr) plan.Expr {
	if len(conds) == 1 {
		return conds[0]
	}
	return &plan.Call{Func: plan.OpAnd, Args: conds, T: mysqltype.Type{ID: mysqltype.Bool}}
}
