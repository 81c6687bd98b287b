package exec

import (
	"context"
	"fmt"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// grouping is what an aggregate computes, without the expressions.
type grouping struct {
	groups []plan.Expr
	aggs   []plan.Agg
	// collated are the groups that need a collation key beside their value.
	collated []int
	budget   *vec.Budget
}

// groupTable is the state of an aggregate over some of its rows: an index of
// the groups, a representative row of each and the accumulators, by slot.
type groupTable struct {
	g     *grouping
	index *keyIndex // nil: no GROUP BY, all rows are one group
	// cursor inserts into index.
	cursor *keyCursor
	cache  codeCache
	// rows are the group columns, followed by the keys of collated ones.
	rows  *rows
	accs  []accumulator
	slots []uint32
	cols  []*vec.Vector // of rows, after finish
}

func (g *grouping) newTable() (*groupTable, error) {
	t := &groupTable{g: g, rows: &rows{}}
	for i := range g.aggs {
		a, err := newAccumulator(&g.aggs[i], g.budget)
		if err != nil {
			return nil, err
		}
		t.accs = append(t.accs, a)
	}
	if len(g.groups) == 0 {
		t.rows.n = 1
		return t, nil
	}
	var kinds []vec.Kind
	for _, e := range g.groups {
		kinds = append(kinds, e.Type().Kind())
		t.rows.cols = append(t.rows.cols, vec.NewAppender(e.Type().Kind(), g.budget))
	}
	for range g.collated {
		t.rows.cols = append(t.rows.cols, vec.NewAppender(vec.Bytes, g.budget))
	}
	t.index = newKeyIndex(kinds, g.budget)
	t.cursor = t.index.cursor()
	return t, nil
}

// len returns the number of groups.
func (t *groupTable) len() int { return t.rows.n }

// place returns the slots of n rows, of which sel names those that count. cols
// are the columns of t.rows.
func (t *groupTable) place(cols []*vec.Vector, n int, sel vec.Selection) ([]uint32, error) {
	if t.index == nil {
		return nil, t.resize()
	}
	keys := t.g.keys(cols)
	insert := func(sel vec.Selection, slots []uint32) ([]uint32, error) {
		slots, err := t.cursor.insert(keys, n, sel, slots)
		if err != nil || len(t.cursor.fresh) == 0 {
			return slots, err
		}
		if err := t.rows.addVectors(cols, n, t.cursor.fresh); err != nil {
			return slots, err
		}
		return slots, t.resize()
	}
	var err error
	if t.cache.fits(keys) {
		t.slots, err = t.cache.lookup(keys, n, sel, t.slots, func(fresh vec.Selection) ([]uint32, error) {
			return insert(fresh, nil)
		})
	} else {
		t.slots, err = insert(sel, t.slots)
	}
	return t.slots, err
}

func (t *groupTable) resize() error {
	for _, a := range t.accs {
		if err := a.resize(t.rows.n); err != nil {
			return err
		}
	}
	return nil
}

// keys returns the columns that groups are equal by.
func (g *grouping) keys(cols []*vec.Vector) []*vec.Vector {
	keys := append([]*vec.Vector(nil), cols[:len(g.groups)]...)
	for i, c := range g.collated {
		keys[c] = cols[len(g.groups)+i]
	}
	return keys
}

// absorb merges the groups rows of o, which are distinct slots of it, into t.
func (t *groupTable) absorb(ctx context.Context, o *groupTable, slotsOf vec.Selection) error {
	cols := o.rows.vectors()
	all := make([]uint32, 0, len(slotsOf))
	for lo := 0; lo < len(slotsOf); lo += vec.BatchRows {
		if err := alive(ctx); err != nil {
			return err
		}
		part := slotsOf[lo:min(lo+vec.BatchRows, len(slotsOf))]
		slots, err := t.place(cols, o.len(), part)
		if err != nil {
			return err
		}
		if slots == nil {
			slots = []uint32{0}
		}
		all = append(all, slots...)
	}
	for i, a := range t.accs {
		if err := alive(ctx); err != nil {
			return err
		}
		if err := a.merge(o.accs[i], all, slotsOf); err != nil {
			return err
		}
	}
	return nil
}

// finisher is an accumulator that has work to do before results are read.
type finisher interface {
	finish(ctx context.Context) error
}

// finish readies t for reading results.
func (t *groupTable) finish(ctx context.Context) error {
	if err := t.resize(); err != nil {
		return err
	}
	t.cols = t.rows.vectors()
	for _, a := range t.accs {
		if f, ok := a.(finisher); ok {
			if err := f.finish(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *groupTable) release() {
	if t == nil {
		return
	}
	t.index.release()
	t.rows.release()
	for _, a := range t.accs {
		a.release()
	}
	t.accs = nil
}

// partition splits t's slots into n (a power of two) lists by the hash of their
// keys.
func (t *groupTable) partition(ctx context.Context, n int) ([]vec.Selection, error) {
	out := make([]vec.Selection, n)
	cols := t.g.keys(t.rows.vectors())
	var hashes []uint64
	for lo := 0; lo < t.len(); lo += vec.BatchRows {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		hi := min(lo+vec.BatchRows, t.len())
		b := make([]*vec.Vector, len(cols))
		for i, c := range cols {
			b[i] = vec.Slice(c, lo, hi)
		}
		hashes = vec.HashColumns(b, nil, hi-lo, hashes)
		for i, h := range hashes {
			p := h >> 32 & uint64(n-1)
			out[p] = append(out[p], uint32(lo+i))
		}
	}
	return out, nil
}

// groupLane is how one goroutine brings batches into a groupTable.
type groupLane struct {
	table  *groupTable
	groups []keyExpr
	args   []projected // distinct expressions
	uses   [][]int     // an accumulator's arguments among args
	cols   []*vec.Vector
	values []*vec.Vector
	in     folded
	slots  []uint32
}

func (q *query) groupLane(g *grouping, input []plan.Column) (*groupLane, error) {
	l := &groupLane{}
	var err error
	if l.table, err = g.newTable(); err != nil {
		return nil, err
	}
	if l.groups, err = q.keyExprs(g.groups, input); err != nil {
		return nil, err
	}
	var exprs []plan.Expr
	for i := range g.aggs {
		var use []int
		for _, e := range aggInputs(&g.aggs[i]) {
			j := 0
			for j < len(exprs) && !plan.Equal(exprs[j], e) {
				j++
			}
			if j == len(exprs) {
				exprs = append(exprs, e)
				p, err := q.projected(e, input)
				if err != nil {
					return nil, err
				}
				l.args = append(l.args, p)
			}
			use = append(use, j)
		}
		l.uses = append(l.uses, use)
	}
	return l, nil
}

// aggInputs are the expressions that a reads: its arguments, then its order.
func aggInputs(a *plan.Agg) []plan.Expr {
	out := append([]plan.Expr(nil), a.Args...)
	for _, k := range a.OrderBy {
		out = append(out, k.Expr)
	}
	return out
}

// consume folds the selected rows of b, of which there is at least one.
func (l *groupLane) consume(ctx context.Context, b *vec.Batch) error {
	g := l.table.g
	l.cols = l.cols[:0]
	var keys []*vec.Vector
	for i := range l.groups {
		v, k, err := l.groups[i].both(ctx, b)
		if err != nil {
			return err
		}
		l.cols = append(l.cols, v)
		if l.groups[i].collate != nil {
			keys = append(keys, k)
		}
	}
	l.cols = append(l.cols, keys...)
	slots, err := l.table.place(l.cols, b.N, b.Sel)
	if err != nil {
		return err
	}
	l.values = l.values[:0]
	for i := range l.args {
		v, err := l.args[i].over(ctx, b)
		if err != nil {
			return err
		}
		if v.Form != vec.Flat {
			v = vec.FlattenSel(v, b.Sel)
		}
		l.values = append(l.values, v)
	}
	for i, a := range l.table.accs {
		l.in = folded{n: b.Rows(), rows: b.Sel, slots: slots, args: l.in.args[:0]}
		for _, j := range l.uses[i] {
			l.in.args = append(l.in.args, l.values[j])
		}
		if !keepsNulls(g.aggs[i].Func) {
			l.dropNulls(len(g.aggs[i].Args))
		}
		if l.in.n == 0 {
			continue
		}
		if err := a.add(&l.in); err != nil {
			return fmt.Errorf("exec: %s: %w", g.aggs[i].Func, err)
		}
	}
	return nil
}

// dropNulls takes the rows out of l.in in which one of the first n arguments is
// NULL.
func (l *groupLane) dropNulls(n int) {
	in := &l.in
	any := false
	for _, v := range in.args[:n] {
		any = any || v.Nulls != nil
	}
	if !any {
		return
	}
	rows := make(vec.Selection, 0, in.n)
	l.slots = l.slots[:0]
next:
	for k := range in.n {
		i := rowAt(in.rows, k)
		for _, v := range in.args[:n] {
			if v.IsNull(i) {
				continue next
			}
		}
		rows = append(rows, uint32(i))
		if in.slots != nil {
			l.slots = append(l.slots, in.slots[k])
		}
	}
	in.n, in.rows = len(rows), rows
	if in.slots != nil {
		in.slots = l.slots
	}
}
