package exec

import (
	"cmp"
	"fmt"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// newExtremes returns min or max over values of type t.
func newExtremes(t mysqltype.Type, most bool, mem account) (accumulator, error) {
	switch t.Kind() {
	case vec.Bool:
		return &extremeBools{extremes[uint8]{mem: mem, most: most, values: boolBytes, vector: bytesBool}}, nil
	case vec.I32:
		return &extremes[int32]{mem: mem, most: most,
			values: func(v *vec.Vector) []int32 { return v.I32 },
			vector: func(x []int32) *vec.Vector { return &vec.Vector{Kind: vec.I32, I32: x} }}, nil
	case vec.I64:
		return &extremes[int64]{mem: mem, most: most,
			values: func(v *vec.Vector) []int64 { return v.I64 },
			vector: func(x []int64) *vec.Vector { return &vec.Vector{Kind: vec.I64, I64: x} }}, nil
	case vec.U64:
		return &extremes[uint64]{mem: mem, most: most,
			values: func(v *vec.Vector) []uint64 { return v.U64 },
			vector: func(x []uint64) *vec.Vector { return &vec.Vector{Kind: vec.U64, U64: x} }}, nil
	case vec.F64:
		return &extremes[float64]{mem: mem, most: most,
			values: func(v *vec.Vector) []float64 { return v.F64 },
			vector: func(x []float64) *vec.Vector { return &vec.Vector{Kind: vec.F64, F64: x} }}, nil
	case vec.I128:
		return &extremeDecimals{mem: mem, most: most}, nil
	case vec.Bytes:
		return &extremeStrings{mem: mem, most: most, key: mysqlfn.CollationKey(t)}, nil
	case vec.Invalid:
	}
	return nil, mysqlerr.Internal(fmt.Errorf("exec: min or max over %s", t))
}

// extremes is min and max of values with an order of their own.
type extremes[T cmp.Ordered] struct {
	mem    account
	most   bool
	values func(*vec.Vector) []T
	vector func([]T) *vec.Vector
	best   []T
	n      []int64 // how many values were seen, for NULL
	buf    []T
}

func (e *extremes[T]) resize(n int) (err error) {
	if e.best, err = extend(&e.mem, e.best, n); err != nil {
		return err
	}
	e.n, err = extend(&e.mem, e.n, n)
	return err
}

func (e *extremes[T]) add(in *folded) error {
	e.fold(dense(&e.buf, e.values(in.args[0]), in), in)
	return nil
}

func (e *extremes[T]) fold(values []T, in *folded) {
	if e.most {
		for k, x := range values {
			s := in.slot(k)
			if e.n[s] == 0 || x > e.best[s] {
				e.best[s] = x
			}
			e.n[s]++
		}
		return
	}
	for k, x := range values {
		s := in.slot(k)
		if e.n[s] == 0 || x < e.best[s] {
			e.best[s] = x
		}
		e.n[s]++
	}
}

func (e *extremes[T]) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*extremes[T])
	for k, s := range slots {
		r := rows[k]
		if o.n[r] == 0 {
			continue
		}
		if x := o.best[r]; e.n[s] == 0 || e.most == (x > e.best[s]) {
			e.best[s] = x
		}
		e.n[s] += o.n[r]
	}
	return nil
}

func (e *extremes[T]) result(lo, hi int) (*vec.Vector, error) {
	out := e.vector(e.best[lo:hi:hi])
	out.N, out.Nulls = hi-lo, nulls(e.n[lo:hi])
	return out, nil
}

func (e *extremes[T]) release() { e.mem.free() }

// extremeBools holds truth values as 0 and 1.
type extremeBools struct{ extremes[uint8] }

func (e *extremeBools) merge(from accumulator, slots, rows []uint32) error {
	return e.extremes.merge(&from.(*extremeBools).extremes, slots, rows)
}

func boolBytes(v *vec.Vector) []uint8 {
	out := make([]uint8, len(v.Bool))
	for i, b := range v.Bool {
		if b {
			out[i] = 1
		}
	}
	return out
}

func bytesBool(x []uint8) *vec.Vector {
	out := make([]bool, len(x))
	for i, b := range x {
		out[i] = b != 0
	}
	return &vec.Vector{Kind: vec.Bool, Bool: out}
}

// extremeDecimals is min and max of 128-bit decimals.
type extremeDecimals struct {
	mem  account
	most bool
	best []vec.Int128
	n    []int64
	buf  []vec.Int128
}

func (e *extremeDecimals) resize(n int) (err error) {
	if e.best, err = extend(&e.mem, e.best, n); err != nil {
		return err
	}
	e.n, err = extend(&e.mem, e.n, n)
	return err
}

func (e *extremeDecimals) add(in *folded) error {
	for k, x := range dense(&e.buf, in.args[0].I128, in) {
		e.offer(in.slot(k), x, 1)
	}
	return nil
}

func (e *extremeDecimals) offer(s uint32, x vec.Int128, n int64) {
	if e.n[s] == 0 || e.most == (x.Cmp(e.best[s]) > 0) {
		e.best[s] = x
	}
	e.n[s] += n
}

func (e *extremeDecimals) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*extremeDecimals)
	for k, s := range slots {
		if r := rows[k]; o.n[r] > 0 {
			e.offer(s, o.best[r], o.n[r])
		}
	}
	return nil
}

func (e *extremeDecimals) result(lo, hi int) (*vec.Vector, error) {
	return &vec.Vector{Kind: vec.I128, N: hi - lo, I128: e.best[lo:hi:hi], Nulls: nulls(e.n[lo:hi])}, nil
}

func (e *extremeDecimals) release() { e.mem.free() }

// extremeStrings is min and max of strings, by collation key if there is one.
type extremeStrings struct {
	mem  account
	most bool
	key  func([]byte) []byte // nil: the bytes themselves
	best []string
	keys []string
	n    []int64
}

func (e *extremeStrings) resize(n int) (err error) {
	if e.best, err = extend(&e.mem, e.best, n); err != nil {
		return err
	}
	if e.key != nil {
		if e.keys, err = extend(&e.mem, e.keys, n); err != nil {
			return err
		}
	}
	e.n, err = extend(&e.mem, e.n, n)
	return err
}

func (e *extremeStrings) add(in *folded) error {
	v := in.args[0]
	for k := range in.n {
		if err := e.offer(in.slot(k), v.BytesAt(rowAt(in.rows, k)), 1); err != nil {
			return err
		}
	}
	return nil
}

func (e *extremeStrings) offer(s uint32, x []byte, n int64) error {
	key, best := x, e.best[s]
	if e.key != nil {
		key, best = e.key(x), e.keys[s]
	}
	seen := e.n[s] > 0
	e.n[s] += n
	if seen {
		if e.most && string(key) <= best || !e.most && string(key) >= best {
			return nil
		}
	}
	if err := e.keep(e.best, s, x); err != nil || e.key == nil {
		return err
	}
	return e.keep(e.keys, s, key)
}

// keep stores a copy of x for slot s.
func (e *extremeStrings) keep(into []string, s uint32, x []byte) error {
	if err := e.mem.reserve(int64(len(x))); err != nil {
		return err
	}
	e.mem.release(int64(len(into[s])))
	into[s] = string(x)
	return nil
}

func (e *extremeStrings) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*extremeStrings)
	for k, s := range slots {
		if r := rows[k]; o.n[r] > 0 {
			if err := e.offer(s, []byte(o.best[r]), o.n[r]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *extremeStrings) result(lo, hi int) (*vec.Vector, error) {
	return &vec.Vector{Kind: vec.Bytes, N: hi - lo, Nulls: nulls(e.n[lo:hi]),
		Str: vec.Strings{Views: e.best[lo:hi:hi]}}, nil
}

func (e *extremeStrings) release() { e.mem.free() }
