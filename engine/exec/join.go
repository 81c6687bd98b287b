package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// join compiles a join. The first lane that is pulled builds Right into a
// table, in parallel; then every lane of Left probes it. Without Equal each row
// of Left meets every row of Right, a block of pairs at a time.
//
// NullAwareAntiJoin and MarkJoin ask whether Equal's left sides are in the list
// of the right sides of those rows of Right for which On is true, by three-valued
// logic: TRUE if a row equals, else NULL if a row would but for NULLs, else
// FALSE. The anti join keeps the rows for which the answer is FALSE.
func (q *query) join(n *plan.Join) (*stream, error) {
	left, err := q.compile(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := q.compile(n.Right)
	if err != nil {
		return nil, err
	}
	j := &join{q: q, node: n, right: right, both: joined(left.cols, right.cols)}
	j.threeValued = n.Kind == plan.MarkJoin || n.Kind == plan.NullAwareAntiJoin
	if err := j.planBuild(); err != nil {
		return nil, err
	}
	s, err := left.each(n.Columns(), func(l vec.Reader) (vec.Reader, error) { return j.probe(l, left.cols) })
	return s, err
}

func joined(left, right []plan.Column) []plan.Column {
	return append(left[:len(left):len(left)], right...)
}

// join is what the lanes of one join share.
type join struct {
	q           *query
	node        *plan.Join
	right       *stream
	both        []plan.Column // of pairs of rows, which On is about
	threeValued bool
	kept        []int // the columns of Right that are needed beside its keys
	lanes       []*buildLane

	ready once
	table *joinTable
}

// withPayload reports whether the result has Right's columns.
func (j *join) withPayload() bool {
	switch j.node.Kind {
	case plan.InnerJoin, plan.LeftJoin, plan.SingleJoin:
		return true
	case plan.SemiJoin, plan.AntiJoin, plan.NullAwareAntiJoin, plan.MarkJoin:
	}
	return false
}

func (j *join) planBuild() error {
	cols := j.right.cols
	var used plan.ColumnSet
	if j.node.On != nil {
		used = plan.Refs(j.node.On)
	}
	var payload []plan.Column
	for i, c := range cols {
		if j.withPayload() || used.Has(c.ID) {
			j.kept = append(j.kept, i)
			payload = append(payload, c)
		}
	}
	var exprs []plan.Expr
	for _, p := range j.node.Equal {
		if l, r := p.Left.Type(), p.Right.Type(); l.Kind() != r.Kind() {
			return mysqlerr.Internal(fmt.Errorf("exec: join of %s with %s", l, r))
		}
		exprs = append(exprs, p.Right)
	}
	for range j.right.lanes {
		l := &buildLane{j: j, payload: newRows(payload, j.q.opts.Budget), keyed: &rows{}}
		var err error
		if l.keys, err = j.q.keyExprs(exprs, cols); err != nil {
			return err
		}
		for _, k := range l.keys {
			l.keyed.cols = append(l.keyed.cols, vec.NewAppender(k.kind, j.q.opts.Budget))
		}
		j.lanes = append(j.lanes, l)
	}
	return nil
}

// buildLane takes in rows of Right for one goroutine.
type buildLane struct {
	j       *join
	keys    []keyExpr
	payload *rows // the kept columns
	keyed   *rows // the keys
	vals    []*vec.Vector
}

func (l *buildLane) consume(ctx context.Context, b *vec.Batch) error {
	if err := l.consumeKeys(ctx, b); err != nil {
		return err
	}
	l.vals = l.vals[:0]
	for _, i := range l.j.kept {
		v, err := b.Col(ctx, i)
		if err != nil {
			return err
		}
		l.vals = append(l.vals, v)
	}
	return l.payload.addVectors(l.vals, b.N, b.Sel)
}

// build reads Right and makes the table.
func (j *join) build(ctx context.Context) error {
	err := j.right.drain(ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return j.lanes[lane].consume(ctx, b)
	})
	if err != nil {
		return err
	}
	var payload, keyed []*rows
	for _, l := range j.lanes {
		payload, keyed = append(payload, l.payload), append(keyed, l.keyed)
	}
	if err := j.q.concat(ctx, payload); err != nil {
		return err
	}
	if err := j.q.concat(ctx, keyed); err != nil {
		return err
	}
	if payload[0].n > maxSlots {
		return fmt.Errorf("exec: %d rows: %w", payload[0].n, vec.ErrBudget)
	}
	t := &joinTable{
		mem:   account{budget: j.q.opts.Budget},
		n:     payload[0].n,
		cols:  make([]*vec.Vector, len(j.right.cols)),
		keys:  keyed[0].vectors(),
		equal: j.node.NullEqual,
	}
	j.table = t
	for i, c := range payload[0].vectors() {
		t.cols[j.kept[i]] = c
	}
	if len(t.keys) > 0 {
		if err := t.index(ctx, j); err != nil {
			return err
		}
	}
	if !j.threeValued {
		keyed[0].release()
		t.keys = nil
	}
	return nil
}

func (j *join) close() error {
	for _, l := range j.lanes {
		l.payload.release()
		l.keyed.release()
	}
	if j.table != nil {
		j.table.release()
	}
	return j.right.Close()
}

// concat moves the rows of all tables, of equal columns, into the first.
func (q *query) concat(ctx context.Context, tables []*rows) error {
	first := tables[0]
	err := q.tasks(ctx, len(first.cols), func(ctx context.Context, i int) error {
		for _, t := range tables[1:] {
			v := t.cols[i].Vector()
			for lo := 0; lo < v.N; lo += 1 << 16 {
				if err := alive(ctx); err != nil {
					return err
				}
				if err := first.cols[i].Append(vec.Slice(v, lo, min(lo+1<<16, v.N)), nil); err != nil {
					return fmt.Errorf("exec: %w", err)
				}
			}
			t.cols[i].Reset()
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range tables[1:] {
		first.n += t.n
		t.n = 0
	}
	return nil
}

// probe returns the reader that probes with one lane of Left.
func (j *join) probe(in vec.Reader, left []plan.Column) (vec.Reader, error) {
	l := &probeLane{j: j, in: in, leftCols: len(left)}
	var exprs []plan.Expr
	for _, p := range j.node.Equal {
		exprs = append(exprs, p.Left)
	}
	var err error
	if l.keys, err = j.q.keyExprs(exprs, left); err != nil {
		return nil, err
	}
	if j.node.On != nil {
		if l.on, err = j.q.evaluator(j.node.On, j.both); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *probeLane) Close() error { return errors.Join(l.in.Close(), l.j.close()) }
