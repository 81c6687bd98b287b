package exec

import (
	"context"
	"fmt"
	"math"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// firsts is any_value: that of the first row that came.
type firsts struct {
	mem    account
	values *vec.Appender
	at     []int32 // the row of values, plus 1; 0: none yet
	rows   vec.Selection
	all    *vec.Vector // of values, after finish
}

func (f *firsts) resize(n int) (err error) {
	f.at, err = extend(&f.mem, f.at, n)
	return err
}

func (f *firsts) add(in *folded) error {
	f.rows = f.rows[:0]
	n := f.values.Len()
	for k := range in.n {
		if s := in.slot(k); f.at[s] == 0 {
			f.rows = append(f.rows, uint32(rowAt(in.rows, k)))
			f.at[s] = int32(n + len(f.rows))
		}
	}
	return f.keep(in.args[0])
}

func (f *firsts) keep(v *vec.Vector) error {
	if len(f.rows) == 0 {
		return nil
	}
	if err := f.values.Append(v, f.rows); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

func (f *firsts) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*firsts)
	f.rows = f.rows[:0]
	n := f.values.Len()
	for k, s := range slots {
		if at := o.at[rows[k]]; at > 0 && f.at[s] == 0 {
			f.rows = append(f.rows, uint32(at-1))
			f.at[s] = int32(n + len(f.rows))
		}
	}
	return f.keep(o.values.Vector())
}

func (f *firsts) result(lo, hi int) (*vec.Vector, error) {
	rows := make([]int32, hi-lo)
	for i := range rows {
		rows[i] = f.at[lo+i] - 1
	}
	return vec.Take(f.all, rows), nil
}

func (f *firsts) finish(context.Context) error {
	f.all = f.values.Vector()
	return nil
}

func (f *firsts) release() {
	f.values.Reset()
	f.mem.free()
}

// variances is the standard deviations and variances, by Welford's recurrence.
type variances struct {
	mem      account
	function string
	n        []int64
	mean, m2 []float64
	floats   []float64
}

func (w *variances) resize(n int) (err error) {
	if w.n, err = extend(&w.mem, w.n, n); err != nil {
		return err
	}
	if w.mean, err = extend(&w.mem, w.mean, n); err != nil {
		return err
	}
	w.m2, err = extend(&w.mem, w.m2, n)
	return err
}

func (w *variances) add(in *folded) error {
	for k, x := range dense(&w.floats, in.args[0].F64, in) {
		s := in.slot(k)
		w.n[s]++
		d := x - w.mean[s]
		w.mean[s] += d / float64(w.n[s])
		w.m2[s] += d * (x - w.mean[s])
	}
	return nil
}

func (w *variances) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*variances)
	for k, s := range slots {
		r := rows[k]
		if o.n[r] == 0 {
			continue
		}
		n, m := float64(w.n[s]), float64(o.n[r])
		d := o.mean[r] - w.mean[s]
		w.mean[s] += d * m / (n + m)
		w.m2[s] += o.m2[r] + d*d*n*m/(n+m)
		w.n[s] += o.n[r]
	}
	return nil
}

func (w *variances) result(lo, hi int) (*vec.Vector, error) {
	out := &vec.Vector{Kind: vec.F64, N: hi - lo, F64: make([]float64, hi-lo)}
	least := int64(1) // values needed
	if w.function == "stddev_samp" || w.function == "var_samp" {
		least = 2
	}
	for i := range out.F64 {
		n := w.n[lo+i]
		if n < least {
			if out.Nulls == nil {
				out.Nulls = vec.NewBitmap(hi - lo)
			}
			out.Nulls.Set(i)
			continue
		}
		x := w.m2[lo+i] / float64(n-least+1)
		if w.function == "std" || w.function == "stddev_samp" {
			x = math.Sqrt(x)
		}
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return nil, mysqlerr.OutOfRange("DOUBLE", w.function)
		}
		out.F64[i] = x
	}
	return out, nil
}

func (w *variances) release() { w.mem.free() }

// bits is bit_and, bit_or and bit_xor; of no value they are their neutral
// element, not NULL.
type bits struct {
	mem      account
	function string
	out      vec.Kind
	words    []uint64
	sized    int
}

func (b *bits) resize(n int) (err error) {
	if b.words, err = extend(&b.mem, b.words, n); err != nil {
		return err
	}
	if b.function == "bit_and" {
		for ; b.sized < n; b.sized++ {
			b.words[b.sized] = math.MaxUint64
		}
	}
	return nil
}

func (b *bits) add(in *folded) error {
	v := in.args[0]
	for k := range in.n {
		i := rowAt(in.rows, k)
		if v.Kind == vec.U64 {
			b.fold(in.slot(k), v.U64[i])
		} else {
			b.fold(in.slot(k), uint64(v.I64[i]))
		}
	}
	return nil
}

func (b *bits) fold(s uint32, x uint64) {
	switch b.function {
	case "bit_and":
		b.words[s] &= x
	case "bit_or":
		b.words[s] |= x
	default:
		b.words[s] ^= x
	}
}

func (b *bits) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*bits)
	for k, s := range slots {
		b.fold(s, o.words[rows[k]])
	}
	return nil
}

func (b *bits) result(lo, hi int) (*vec.Vector, error) {
	out := &vec.Vector{Kind: b.out, N: hi - lo}
	if b.out == vec.U64 {
		out.U64 = b.words[lo:hi:hi]
		return out, nil
	}
	out.I64 = make([]int64, hi-lo)
	for i, w := range b.words[lo:hi] {
		out.I64[i] = int64(w)
	}
	return out, nil
}

func (b *bits) release() { b.mem.free() }
