package exec

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// concatenation is group_concat: its arguments are strings, and rows with a
// NULL among them do not count. Results are not cut to group_concat_max_len;
// the budget bounds them.
type concatenation struct {
	*collected
	mem   account
	texts []string
	n     []int64
}

func newConcatenation(a *plan.Agg, budget *vec.Budget) (accumulator, error) {
	for _, e := range a.Args {
		if k := e.Type().Kind(); k != vec.Bytes {
			return nil, mysqlerr.Internal(fmt.Errorf("exec: group_concat over %s", k))
		}
	}
	return &concatenation{collected: newCollected(a, budget), mem: account{budget: budget}}, nil
}

func (c *concatenation) resize(n int) (err error) {
	c.slots = n
	if c.texts, err = extend(&c.mem, c.texts, n); err != nil {
		return err
	}
	c.n, err = extend(&c.mem, c.n, n)
	return err
}

func (c *concatenation) merge(from accumulator, slots, rows []uint32) error {
	return c.mergeRows(from.(*concatenation).collected, slots, rows)
}

// finish orders the collected rows by slot and order and joins their texts.
func (c *concatenation) finish(ctx context.Context) error {
	slots, cols := c.slot.Vector().U64, c.vectors()
	args := cols[:len(c.agg.Args)]
	if err := c.mem.reserve(int64(len(slots)) * 4); err != nil {
		return err
	}
	rows := make([]uint32, len(slots))
	for i := range rows {
		rows[i] = uint32(i)
	}
	compared := 0
	slices.SortFunc(rows, func(a, b uint32) int {
		// Once the query has ended all rows compare as equal, which ends the sort.
		if compared++; compared%vec.BatchRows == 0 && ctx.Err() != nil || compared < 0 {
			compared = math.MinInt
			return 0
		}
		if x, y := slots[a], slots[b]; x != y {
			return int(int64(x) - int64(y))
		}
		if len(cols) > len(args) {
			order := cols[len(args)]
			if c := bytes.Compare(order.BytesAt(int(a)), order.BytesAt(int(b))); c != 0 {
				return c
			}
		}
		return int(int64(a) - int64(b))
	})
	if err := alive(ctx); err != nil {
		return err
	}
	var text []byte
	for i, r := range rows {
		if i%vec.BatchRows == 0 {
			if err := alive(ctx); err != nil {
				return err
			}
		}
		s := slots[r]
		if c.n[s] > 0 {
			text = append(text, c.agg.Separator...)
		}
		c.n[s]++
		for _, v := range args {
			text = append(text, v.BytesAt(int(r))...)
		}
		if i+1 == len(rows) || slots[rows[i+1]] != s {
			if err := c.mem.reserve(int64(len(text))); err != nil {
				return err
			}
			c.texts[s] = string(text)
			text = text[:0]
		}
	}
	return nil
}

func (c *concatenation) result(lo, hi int) (*vec.Vector, error) {
	return &vec.Vector{Kind: vec.Bytes, N: hi - lo, Nulls: nulls(c.n[lo:hi]),
		Str: vec.Strings{Views: c.texts[lo:hi:hi]}}, nil
}

func (c *concatenation) release() {
	c.collected.release()
	c.mem.free()
}
