package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// setOp compiles UNION ALL, whose lanes read lanes of the inputs in turn, and
// INTERSECT ALL and EXCEPT ALL, which count the rows of the right input and
// take a row of the left off its count.
func (q *query) setOp(n *plan.SetOp) (*stream, error) {
	var ins []*stream
	for _, in := range n.Ins {
		s, err := q.compile(in)
		if err != nil {
			return nil, err
		}
		if s, err = s.renamed(n.Cols); err != nil {
			return nil, err
		}
		ins = append(ins, s)
	}
	if n.Kind == plan.UnionAll {
		return union(ins, n.Cols), nil
	}
	c := &counted{q: q, right: ins[1], keep: n.Kind == plan.IntersectAll}
	for range ins[1].lanes {
		keys, err := q.keyExprs(refs(n.Cols), n.Cols)
		if err != nil {
			return nil, err
		}
		l := &buildLane{keys: keys, payload: &rows{}, keyed: &rows{}}
		for _, k := range keys {
			l.keyed.cols = append(l.keyed.cols, vec.NewAppender(k.kind, q.opts.Budget))
		}
		c.lanes = append(c.lanes, l)
	}
	return ins[0].each(n.Cols, func(in vec.Reader) (vec.Reader, error) {
		keys, err := q.keyExprs(refs(n.Cols), n.Cols)
		return &countedLane{c: c, in: in, keys: keys}, err
	})
}

func refs(cols []plan.Column) []plan.Expr {
	out := make([]plan.Expr, len(cols))
	for i, c := range cols {
		out[i] = c.Ref()
	}
	return out
}

// union makes as many lanes as the widest input has.
func union(ins []*stream, cols []plan.Column) *stream {
	out := &stream{cols: cols}
	for _, in := range ins {
		for i, l := range in.lanes {
			if i == len(out.lanes) {
				out.lanes = append(out.lanes, &chain{})
			}
			c := out.lanes[i].(*chain)
			c.ins = append(c.ins, l)
		}
	}
	return out
}

// chain reads one input after the other.
type chain struct {
	ins []vec.Reader
	at  int
}

func (c *chain) Next(ctx context.Context) (*vec.Batch, error) {
	for c.at < len(c.ins) {
		b, err := c.ins[c.at].Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		c.at++
	}
	return nil, io.EOF
}

func (c *chain) Close() error {
	var errs []error
	for _, in := range c.ins {
		errs = append(errs, in.Close())
	}
	return errors.Join(errs...)
}

// counted is what the lanes of INTERSECT ALL or EXCEPT ALL share.
type counted struct {
	q     *query
	right *stream
	lanes []*buildLane
	keep  bool // INTERSECT: a row is kept while its count lasts; EXCEPT: after

	ready once
	mem   account
	index *keyIndex
	left  []atomic.Int64 // by slot: how many rows of the right are not yet met
}

func (c *counted) build(ctx context.Context) error {
	err := c.right.drain(ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return c.lanes[lane].consumeKeys(ctx, b)
	})
	if err != nil {
		return err
	}
	var kinds []vec.Kind
	for _, k := range c.lanes[0].keys {
		kinds = append(kinds, k.kind)
	}
	c.mem.budget = c.q.opts.Budget
	c.index = newKeyIndex(kinds, c.q.opts.Budget)
	cursor := c.index.cursor()
	counts := &counts{mem: account{budget: c.q.opts.Budget}}
	defer counts.release()
	var slots []uint32
	for _, l := range c.lanes {
		cols := l.keyed.vectors()
		for lo := 0; lo < l.keyed.n; lo += vec.BatchRows {
			if err := alive(ctx); err != nil {
				return err
			}
			b := slice(cols, lo, min(lo+vec.BatchRows, l.keyed.n))
			vals := make([]*vec.Vector, len(cols))
			for i := range vals {
				if vals[i], err = b.Col(ctx, i); err != nil {
					return err
				}
			}
			if slots, err = cursor.insert(vals, b.N, nil, slots); err != nil {
				return err
			}
			if err := counts.resize(c.index.len()); err != nil {
				return err
			}
			if err := counts.add(&folded{n: b.N, slots: slots}); err != nil {
				return err
			}
		}
		l.keyed.release()
	}
	if err := c.mem.reserve(8 * int64(c.index.len())); err != nil {
		return err
	}
	c.left = make([]atomic.Int64, c.index.len())
	for i, n := range counts.n {
		c.left[i].Store(n)
	}
	return nil
}

// consumeKeys keeps the keys of b's selected rows.
func (l *buildLane) consumeKeys(ctx context.Context, b *vec.Batch) error {
	l.vals = l.vals[:0]
	for i := range l.keys {
		_, k, err := l.keys[i].both(ctx, b)
		if err != nil {
			return err
		}
		l.vals = append(l.vals, k)
	}
	return l.keyed.addVectors(l.vals, b.N, b.Sel)
}

// met takes one off the count of slot s and reports whether there was one.
func (c *counted) met(s uint32) bool {
	return s != noSlot && c.left[s].Load() > 0 && c.left[s].Add(-1) >= 0
}

type countedLane struct {
	c      *counted
	in     vec.Reader
	keys   []keyExpr
	cursor *keyCursor
	vals   []*vec.Vector
	slots  []uint32
}

func (l *countedLane) Next(ctx context.Context) (*vec.Batch, error) {
	c := l.c
	if err := c.ready.do(ctx, func() error { return c.build(ctx) }); err != nil {
		return nil, err
	}
	if l.cursor == nil {
		l.cursor = c.index.cursor()
	}
	for {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		b, err := l.in.Next(ctx)
		if err != nil {
			return nil, err
		}
		l.vals = l.vals[:0]
		for i := range l.keys {
			_, k, err := l.keys[i].both(ctx, b)
			if err != nil {
				return nil, err
			}
			l.vals = append(l.vals, k)
		}
		if l.slots, err = l.cursor.find(l.vals, b.N, b.Sel, l.slots); err != nil {
			return nil, err
		}
		sel := make(vec.Selection, 0, len(l.slots))
		for k, s := range l.slots {
			if c.met(s) == c.keep {
				sel = append(sel, uint32(rowAt(b.Sel, k)))
			}
		}
		if b.Sel = sel; len(sel) > 0 {
			return b, nil
		}
	}
}

func (l *countedLane) Close() error {
	c := l.c
	for _, b := range c.lanes {
		b.keyed.release()
	}
	c.index.release()
	c.mem.free()
	return errors.Join(l.in.Close(), c.right.Close())
}
