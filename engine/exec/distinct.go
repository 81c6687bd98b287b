package exec

import (
	"context"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// distinct folds each combination of arguments once a group: they are
// collected, so that partial states can be merged, and folded at the end.
type distinct struct {
	*collected
	inner accumulator
}

func newDistinct(a *plan.Agg, inner accumulator, budget *vec.Budget) accumulator {
	return &distinct{collected: newCollected(a, budget), inner: inner}
}

func (d *distinct) resize(n int) error {
	d.slots = n
	return d.inner.resize(n)
}

func (d *distinct) merge(from accumulator, slots, rows []uint32) error {
	return d.mergeRows(from.(*distinct).collected, slots, rows)
}

// finish folds what was collected into the inner state.
func (d *distinct) finish(ctx context.Context) error {
	slots, cols := d.slot.Vector().U64, d.vectors()
	f := &folded{args: make([]*vec.Vector, len(cols))}
	for lo := 0; lo < len(slots); lo += f.n {
		if err := alive(ctx); err != nil {
			return err
		}
		f.n = min(vec.BatchRows, len(slots)-lo)
		f.slots = scratch(f.slots, f.n)
		for k, s := range slots[lo : lo+f.n] {
			f.slots[k] = uint32(s)
		}
		for i, v := range cols {
			f.args[i] = vec.Flatten(vec.Slice(v, lo, lo+f.n))
		}
		if err := d.inner.add(f); err != nil {
			return err
		}
	}
	return nil
}

func (d *distinct) result(lo, hi int) (*vec.Vector, error) { return d.inner.result(lo, hi) }

func (d *distinct) release() {
	d.inner.release()
	d.collected.release()
}
