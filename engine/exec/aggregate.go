package exec

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// aggregate compiles a hash aggregate: each lane of the input groups its rows
// in a table of its own; the tables are merged, large ones in parallel by
// partitions of the groups.
func (q *query) aggregate(n *plan.Aggregate) (*stream, error) {
	in, err := q.compile(n.Input)
	if err != nil {
		return nil, err
	}
	if len(n.Cols) != len(n.GroupBy)+len(n.Aggs) {
		return nil, mysqlerr.Internal(fmt.Errorf("exec: aggregate of %d columns", len(n.Cols)))
	}
	g := &grouping{groups: n.GroupBy, aggs: n.Aggs, budget: q.opts.Budget}
	a := &aggregation{q: q, g: g, in: in, visible: len(n.Cols)}
	if n.MinGroup != nil {
		entities, err := entityCount(n.MinGroup, in.cols)
		if err != nil {
			return nil, err
		}
		g.aggs = append(n.Aggs[:len(n.Aggs):len(n.Aggs)], entities)
		a.least = int64(n.MinGroup.Size)
	}
	for i, e := range n.GroupBy {
		if mysqlfn.CollationKey(e.Type()) != nil {
			g.collated = append(g.collated, i)
		}
	}
	for range in.lanes {
		l, err := q.groupLane(g, in.cols)
		if err != nil {
			return nil, err
		}
		a.lanes = append(a.lanes, l)
	}
	s := &stream{cols: n.Cols}
	lanes := 1
	if len(n.GroupBy) > 0 {
		lanes = q.opts.Workers
	}
	for range lanes {
		s.lanes = append(s.lanes, &groupReader{a: a})
	}
	return s, nil
}

// entityCount is the hidden aggregate that counts a group's distinct entities.
func entityCount(m *plan.MinGroup, input []plan.Column) (plan.Agg, error) {
	for _, c := range input {
		if c.ID == m.Entity {
			return plan.Agg{Func: "count", Args: []plan.Expr{c.Ref()}, Distinct: true,
				T: mysqltype.Type{ID: mysqltype.BigInt}}, nil
		}
	}
	return plan.Agg{}, mysqlerr.Internal(fmt.Errorf("exec: the entity of policy %s is not in the input", m.Policy))
}

// aggregation is what the lanes of one aggregate share.
type aggregation struct {
	q       *query
	g       *grouping
	in      *stream
	lanes   []*groupLane
	visible int   // columns of the result
	least   int64 // groups with fewer entities are dropped; 0: none

	ready once
	parts []*groupTable // the merged groups
	next  atomic.Int64  // the next chunk of the result
}

const (
	serialGroups = 1 << 14 // groups up to which tables are merged by one goroutine
	groupParts   = 16      // partitions otherwise
)

func (a *aggregation) run(ctx context.Context) error {
	err := a.in.drain(ctx, func(ctx context.Context, lane int, b *vec.Batch) error {
		return a.lanes[lane].consume(ctx, b)
	})
	if err != nil {
		return err
	}
	if err := a.merge(ctx); err != nil {
		return err
	}
	return a.q.tasks(ctx, len(a.parts), func(ctx context.Context, i int) error { return a.parts[i].finish(ctx) })
}

func (a *aggregation) merge(ctx context.Context) error {
	var tables []*groupTable
	groups := 0
	for _, l := range a.lanes {
		if err := l.table.resize(); err != nil {
			return err
		}
		if l.table.len() > 0 {
			tables = append(tables, l.table)
			groups += l.table.len()
		}
	}
	if len(tables) <= 1 {
		a.parts = tables
		return nil
	}
	if groups <= serialGroups {
		a.parts = tables[:1]
		for _, t := range tables[1:] {
			if err := tables[0].absorb(ctx, t, allRows(t.len())); err != nil {
				return err
			}
			t.release()
		}
		return nil
	}
	return a.mergeParts(ctx, tables)
}

func (a *aggregation) mergeParts(ctx context.Context, tables []*groupTable) error {
	split := make([][]vec.Selection, len(tables))
	mem := account{budget: a.q.opts.Budget}
	defer mem.free()
	for _, t := range tables {
		if err := mem.reserve(int64(t.len()) * 4); err != nil {
			return err
		}
	}
	if err := a.q.tasks(ctx, len(tables), func(ctx context.Context, i int) (err error) {
		split[i], err = tables[i].partition(ctx, groupParts)
		return err
	}); err != nil {
		return err
	}
	for range groupParts {
		t, err := a.g.newTable()
		if err != nil {
			return err
		}
		a.parts = append(a.parts, t)
	}
	if err := a.q.tasks(ctx, groupParts, func(ctx context.Context, p int) error {
		for i, t := range tables {
			if err := a.parts[p].absorb(ctx, t, split[i][p]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, t := range tables {
		t.release()
	}
	return nil
}

// chunk returns the i-th chunk of the result, or nil after the last.
func (a *aggregation) chunk(i int) (*vec.Batch, error) {
	for _, t := range a.parts {
		chunks := (t.len() + vec.BatchRows - 1) / vec.BatchRows
		if i < chunks {
			return a.batch(t, i*vec.BatchRows, min((i+1)*vec.BatchRows, t.len()))
		}
		i -= chunks
	}
	return nil, nil
}

func (a *aggregation) batch(t *groupTable, lo, hi int) (*vec.Batch, error) {
	b := vec.NewBatch(hi-lo, make([]*vec.Vector, a.visible)...)
	groups := len(a.g.groups)
	for i := range groups {
		b.Set(i, vec.Slice(t.cols[i], lo, hi))
	}
	for i, acc := range t.accs {
		v, err := acc.result(lo, hi)
		if err != nil {
			return nil, err
		}
		if groups+i < a.visible {
			b.Set(groups+i, v)
			continue
		}
		b.Sel = vec.Selection{}
		for row, n := range v.I64 {
			if n >= a.least {
				b.Sel = append(b.Sel, uint32(row))
			}
		}
	}
	return b, nil
}

// groupReader gives chunks of the result of an aggregate.
type groupReader struct{ a *aggregation }

func (r *groupReader) Next(ctx context.Context) (*vec.Batch, error) {
	if err := r.a.ready.do(ctx, func() error { return r.a.run(ctx) }); err != nil {
		return nil, err
	}
	for {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		b, err := r.a.chunk(int(r.a.next.Add(1)) - 1)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return nil, io.EOF
		}
		if b.Rows() > 0 {
			return b, nil
		}
	}
}

func (r *groupReader) Close() error {
	for _, t := range r.a.parts {
		t.release()
	}
	for _, l := range r.a.lanes {
		l.table.release()
	}
	return r.a.in.Close()
}

// tasks runs work(0) to work(n-1) on at most as many goroutines as the query
// has workers.
func (q *query) tasks(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	var next atomic.Int64
	return parallel(ctx, max(1, min(n, q.opts.Workers)), func(ctx context.Context, _ int) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return nil
			}
			if err := alive(ctx); err != nil {
				return err
			}
			if err := work(ctx, i); err != nil {
				return err
			}
		}
	})
}

// allRows returns the selection of rows 0 to n-1.
func allRows(n int) vec.Selection {
	out := make(vec.Selection, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}
