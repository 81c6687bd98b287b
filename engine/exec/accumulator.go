package exec

import (
	"fmt"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// accumulator is the state of one aggregate function for all groups of a table,
// held by slot.
type accumulator interface {
	// resize makes room for slots below n. States of new slots are empty.
	resize(n int) error
	// add folds rows into their slots. No argument of a row is NULL, unless
	// keepsNulls says so of the function.
	add(in *folded) error
	// merge folds the state that from, of the same function, has in rows[k]
	// into slots[k].
	merge(from accumulator, slots, rows []uint32) error
	// result returns the values of slots lo to hi-1.
	result(lo, hi int) (*vec.Vector, error)
	release()
}

// folded is a batch of rows on its way into accumulators: position k stands for
// row rows[k] of args and goes to slots[k].
type folded struct {
	n     int
	rows  vec.Selection // nil: position k is row k
	slots []uint32      // nil: all go to slot 0
	args  []*vec.Vector
}

func (f *folded) slot(k int) uint32 {
	if f.slots == nil {
		return 0
	}
	return f.slots[k]
}

// newAccumulator returns the state of a's function.
func newAccumulator(a *plan.Agg, budget *vec.Budget) (accumulator, error) {
	if a.Distinct && idempotent(a.Func) {
		b := *a
		b.Distinct = false
		a = &b
	}
	if a.Func == "group_concat" {
		return newConcatenation(a, budget)
	}
	inner, err := newPlainAccumulator(a, budget)
	if err != nil || !a.Distinct {
		return inner, err
	}
	return newDistinct(a, inner, budget), nil
}

// idempotent reports whether DISTINCT makes no difference to a function.
func idempotent(function string) bool {
	switch function {
	case "min", "max", "any_value", "bit_and", "bit_or":
		return true
	}
	return false
}

// keepsNulls reports whether a function sees rows whose argument is NULL.
func keepsNulls(function string) bool { return function == "any_value" }

func newPlainAccumulator(a *plan.Agg, budget *vec.Budget) (accumulator, error) {
	mem := account{budget: budget}
	if a.Func == "count" {
		return &counts{mem: mem}, nil
	}
	if len(a.Args) != 1 {
		return nil, mysqlerr.Unsupported(a.Func)
	}
	t := a.Args[0].Type()
	kind := t.Kind()
	switch a.Func {
	case "sum", "avg":
		switch kind {
		case vec.I64, vec.U64, vec.I128:
			return &exactSums{mem: mem, agg: a, kind: kind, out: a.T.Kind()}, nil
		case vec.F64:
			return &floatSums{mem: mem, avg: a.Func == "avg"}, nil
		default:
		}
	case "min", "max":
		return newExtremes(t, a.Func == "max", mem)
	case "any_value":
		return &firsts{mem: mem, values: vec.NewAppender(kind, budget)}, nil
	case "std", "stddev_samp", "var_pop", "var_samp":
		if kind == vec.F64 {
			return &variances{mem: mem, function: a.Func}, nil
		}
	case "bit_and", "bit_or", "bit_xor":
		if kind == vec.I64 || kind == vec.U64 {
			return &bits{mem: mem, function: a.Func, out: a.T.Kind()}, nil
		}
	default:
		return nil, mysqlerr.Unsupported(a.Func)
	}
	return nil, mysqlerr.Internal(fmt.Errorf("exec: %s over %s", a.Func, kind))
}

// dense returns the values of the positions of f, in buf where they have to be
// collected.
func dense[T any](buf *[]T, values []T, f *folded) []T {
	if f.rows == nil {
		return values[:f.n]
	}
	*buf = scratch(*buf, f.n)
	out := *buf
	for k, i := range f.rows {
		out[k] = values[i]
	}
	return out
}

// nulls returns the bitmap of those of n slots that have no count.
func nulls(counted []int64) vec.Bitmap {
	var out vec.Bitmap
	for i, c := range counted {
		if c == 0 {
			if out == nil {
				out = vec.NewBitmap(len(counted))
			}
			out.Set(i)
		}
	}
	return out
}

// counts is count, of rows or of values.
type counts struct {
	mem account
	n   []int64
}

func (c *counts) resize(n int) (err error) {
	c.n, err = extend(&c.mem, c.n, n)
	return err
}

func (c *counts) add(in *folded) error {
	if in.slots == nil {
		c.n[0] += int64(in.n)
		return nil
	}
	for _, s := range in.slots {
		c.n[s]++
	}
	return nil
}

func (c *counts) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*counts)
	for k, s := range slots {
		c.n[s] += o.n[rows[k]]
	}
	return nil
}

func (c *counts) result(lo, hi int) (*vec.Vector, error) {
	return &vec.Vector{Kind: vec.I64, N: hi - lo, I64: c.n[lo:hi:hi]}, nil
}

func (c *counts) release() { c.mem.free() }
