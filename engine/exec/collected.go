package exec

import (
	"fmt"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// collected is the state of an aggregate that keeps its rows until the end: the
// slot of each, its arguments and, if it is ordered, its order. With DISTINCT
// it keeps one row for each combination of arguments in a slot.
type collected struct {
	agg     *plan.Agg
	collate []func([]byte) []byte // of arguments, then of order keys
	seen    *keyIndex             // of slot and arguments; nil: all rows are kept
	cursor  *keyCursor
	slot    *vec.Appender // U64
	cols    []*vec.Appender
	ids     []uint32
	slots   int
}

func newCollected(a *plan.Agg, budget *vec.Budget) *collected {
	c := &collected{agg: a, slot: vec.NewAppender(vec.U64, budget)}
	kinds := []vec.Kind{vec.U64}
	for i, e := range aggInputs(a) {
		c.collate = append(c.collate, mysqlfn.CollationKey(e.Type()))
		if i < len(a.Args) {
			kinds = append(kinds, e.Type().Kind())
			c.cols = append(c.cols, vec.NewAppender(e.Type().Kind(), budget))
		}
	}
	if len(a.OrderBy) > 0 {
		c.cols = append(c.cols, vec.NewAppender(vec.Bytes, budget))
	}
	if a.Distinct {
		c.seen = newKeyIndex(kinds, budget)
		c.cursor = c.seen.cursor()
	}
	return c
}

func (c *collected) add(in *folded) error {
	n := in.args[0].N
	slots := make([]uint64, n)
	for k := range in.n {
		slots[rowAt(in.rows, k)] = uint64(in.slot(k))
	}
	cols := in.args
	if args := len(c.agg.Args); len(cols) > args {
		order := encodedAggOrder(c.agg.OrderBy, c.collate[args:], cols[args:], n, in.rows)
		cols = append(cols[:args:args], order)
	}
	return c.keep(&vec.Vector{Kind: vec.U64, N: n, U64: slots}, cols, in.rows)
}

// keep appends the given rows, of DISTINCT only those that are new.
func (c *collected) keep(slot *vec.Vector, cols []*vec.Vector, rows vec.Selection) error {
	if c.seen != nil {
		keys := []*vec.Vector{slot}
		for i, v := range cols[:len(c.agg.Args)] {
			if c.collate[i] != nil {
				v = collated(v, rows, c.agg.Args[i].Type(), c.collate[i])
			}
			keys = append(keys, v)
		}
		var err error
		if c.ids, err = c.cursor.insert(keys, slot.N, rows, c.ids); err != nil {
			return err
		}
		if rows = c.cursor.fresh; len(rows) == 0 {
			return nil
		}
	}
	if err := c.slot.Append(slot, rows); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	for i, v := range cols {
		if err := c.cols[i].Append(v, rows); err != nil {
			return fmt.Errorf("exec: %w", err)
		}
	}
	return nil
}

func (c *collected) mergeRows(o *collected, slots, rows []uint32) error {
	to := make([]uint32, o.slots)
	for i := range to {
		to[i] = noSlot
	}
	for k, r := range rows {
		to[r] = slots[k]
	}
	theirs, cols := o.slot.Vector(), o.vectors()
	part := make([]*vec.Vector, len(cols))
	for lo := 0; lo < theirs.N; lo += vec.BatchRows {
		hi := min(lo+vec.BatchRows, theirs.N)
		mapped, sel := make([]uint64, hi-lo), vec.Selection{}
		for i, s := range theirs.U64[lo:hi] {
			if t := to[s]; t != noSlot {
				mapped[i] = uint64(t)
				sel = append(sel, uint32(i))
			}
		}
		for i, v := range cols {
			part[i] = vec.Slice(v, lo, hi)
		}
		if err := c.keep(&vec.Vector{Kind: vec.U64, N: hi - lo, U64: mapped}, part, sel); err != nil {
			return err
		}
	}
	return nil
}

func (c *collected) vectors() []*vec.Vector {
	out := make([]*vec.Vector, len(c.cols))
	for i, a := range c.cols {
		out[i] = a.Vector()
	}
	return out
}

func (c *collected) release() {
	c.seen.release()
	c.slot.Reset()
	for _, a := range c.cols {
		a.Reset()
	}
}
