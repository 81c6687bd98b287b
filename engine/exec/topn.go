package exec

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// topN compiles ORDER BY with LIMIT: each lane of the input keeps the first
// rows that it saw, and one lane takes the first of all. A limit that would
// keep most of a large input anyway is a sort with a limit.
func (q *query) topN(n *plan.TopN) (*stream, error) {
	const most = 1 << 16
	if n.Count < 0 || n.Offset > most || n.Count > most {
		return q.limit(&plan.Limit{Input: &plan.Sort{Input: n.Input, Keys: n.Keys}, Offset: n.Offset, Count: n.Count})
	}
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	t := &top{q: q, in: in, offset: int(n.Offset), keep: int(n.Offset + n.Count)}
	for range in.lanes {
		keys, err := q.sortKeys(n.Keys, in.cols)
		if err != nil {
			return nil, err
		}
		t.lanes = append(t.lanes, &topLane{
			mem:     account{budget: q.opts.Budget},
			keep:    t.keep,
			encoder: keyEncoder{keys: keys},
			rows:    newRows(in.cols, q.opts.Budget),
			cols:    in.cols,
		})
	}
	return &stream{lanes: []vec.Reader{t}, cols: in.cols}, nil
}

// top is the one lane of a top-N.
type top struct {
	q            *query
	in           *stream
	lanes        []*topLane
	offset, keep int
	cols         []*vec.Vector // what is left to give, in order
	done         bool
}

func (t *top) Next(ctx context.Context) (*vec.Batch, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if t.cols == nil && !t.done && t.keep > t.offset {
		if err := t.run(ctx); err != nil {
			return nil, err
		}
	}
	n := t.lanes[0].rows.n
	if t.cols == nil || t.offset >= n {
		t.done = true
		return nil, io.EOF
	}
	lo := t.offset
	t.offset = min(n, lo/vec.BatchRows*vec.BatchRows+vec.BatchRows)
	b := slice(t.cols, lo/vec.BatchRows*vec.BatchRows, t.offset)
	if skip := lo % vec.BatchRows; skip > 0 {
		b.Sel = selectRange(nil, skip, b.N, b.N)
	}
	return b, nil
}

func (t *top) run(ctx context.Context) error {
	err := t.in.drain(ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return t.lanes[lane].consume(ctx, b)
	})
	if err != nil {
		return err
	}
	first := t.lanes[0]
	for _, l := range t.lanes[1:] {
		if err := first.absorb(l); err != nil {
			return err
		}
	}
	if err := first.cut(); err != nil {
		return err
	}
	t.cols = first.rows.vectors()
	return nil
}

func (t *top) Close() error {
	for _, l := range t.lanes {
		l.rows.release()
		l.mem.free()
	}
	t.cols, t.done = nil, true
	return t.in.Close()
}

// topLane keeps the first rows of a lane of the input: a buffer that is cut
// when it has twice as many, and the key that a further row has to beat.
type topLane struct {
	mem     account
	keep    int
	encoder keyEncoder
	cols    []plan.Column
	rows    *rows
	keys    encodedKeys // of rows
	fresh   encodedKeys // scratch
	last    []byte      // the key of the last row that is kept, if there are enough
	full    bool
	sel     vec.Selection
}

func (l *topLane) consume(ctx context.Context, b *vec.Batch) error {
	l.fresh.reset()
	if err := l.encoder.encode(ctx, b, &l.fresh); err != nil {
		return err
	}
	l.sel = l.sel[:0]
	size := l.keys.size()
	for k := range l.fresh.len() {
		key := l.fresh.at(k)
		if l.full && bytes.Compare(key, l.last) >= 0 {
			continue
		}
		l.sel = append(l.sel, uint32(rowAt(b.Sel, k)))
		l.keys.data = append(l.keys.data, key...)
		l.keys.ends = append(l.keys.ends, len(l.keys.data))
	}
	if len(l.sel) == 0 {
		return nil
	}
	if err := l.mem.reserve(l.keys.size() - size); err != nil {
		return err
	}
	b.Sel = l.sel
	if err := l.rows.add(ctx, b); err != nil {
		return err
	}
	if l.rows.n >= 2*l.keep+vec.BatchRows {
		return l.cut()
	}
	return nil
}

// absorb appends the rows of o.
func (l *topLane) absorb(o *topLane) error {
	if err := l.mem.reserve(o.keys.size()); err != nil {
		return err
	}
	for i := range o.keys.len() {
		l.keys.data = append(l.keys.data, o.keys.at(i)...)
		l.keys.ends = append(l.keys.ends, len(l.keys.data))
	}
	if err := l.rows.addVectors(o.rows.vectors(), o.rows.n, nil); err != nil {
		return err
	}
	o.rows.release()
	o.mem.free()
	return nil
}

// cut sorts the rows and drops all but the first.
func (l *topLane) cut() error {
	held := l.mem.held
	if err := l.mem.reserve(int64(l.keys.len()) * 16); err != nil {
		return err
	}
	order := sortedEntries(&l.keys, 0)
	order = order[:min(l.keep, len(order))]
	sel := make(vec.Selection, len(order))
	var keys encodedKeys
	for i, e := range order {
		sel[i] = e.row
		keys.data = append(keys.data, l.keys.at(int(e.row))...)
		keys.ends = append(keys.ends, len(keys.data))
	}
	kept := newRows(l.cols, l.mem.budget)
	if err := kept.addVectors(l.rows.vectors(), l.rows.n, sel); err != nil {
		kept.release()
		return fmt.Errorf("exec: top rows: %w", err)
	}
	l.rows.release()
	l.rows, l.keys = kept, keys
	l.mem.release(l.mem.held - min(held, keys.size()))
	if len(order) == l.keep && l.keep > 0 {
		l.last, l.full = keys.at(l.keep-1), true
	}
	return nil
}
