package exec

import (
	"math"
	"math/big"
	mathbits "math/bits"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// exactSums is sum and avg of integers and decimals, in 128 bits.
type exactSums struct {
	mem   account
	agg   *plan.Agg
	kind  vec.Kind // of the argument
	out   vec.Kind
	sums  []vec.Int128
	n     []int64
	ints  []int64
	uints []uint64
	wide  []vec.Int128
}

func (s *exactSums) resize(n int) (err error) {
	if s.sums, err = extend(&s.mem, s.sums, n); err != nil {
		return err
	}
	s.n, err = extend(&s.mem, s.n, n)
	return err
}

func (s *exactSums) add(in *folded) error {
	v := in.args[0]
	switch s.kind {
	case vec.I64:
		s.addInts(dense(&s.ints, v.I64, in), in.slots)
	case vec.U64:
		for k, x := range dense(&s.uints, v.U64, in) {
			sum := &s.sums[in.slot(k)]
			lo, carry := mathbits.Add64(sum.Lo, x, 0)
			*sum = vec.Int128{Hi: sum.Hi + int64(carry), Lo: lo}
			s.n[in.slot(k)]++
		}
	case vec.I128:
		for k, x := range dense(&s.wide, v.I128, in) {
			if err := s.addOne(in.slot(k), x, 1); err != nil {
				return err
			}
		}
	case vec.Bool, vec.I32, vec.F64, vec.Bytes, vec.Invalid:
	}
	return nil
}

// addInts cannot overflow 128 bits before 2^64 rows.
func (s *exactSums) addInts(values []int64, slots []uint32) {
	if slots == nil {
		var lo, hi uint64
		for _, x := range values {
			var carry uint64
			lo, carry = mathbits.Add64(lo, uint64(x), 0)
			hi += uint64(x>>63) + carry
		}
		sum := &s.sums[0]
		l, carry := mathbits.Add64(sum.Lo, lo, 0)
		*sum = vec.Int128{Hi: sum.Hi + int64(hi) + int64(carry), Lo: l}
		s.n[0] += int64(len(values))
		return
	}
	for k, x := range values {
		slot := slots[k]
		sum := &s.sums[slot]
		lo, carry := mathbits.Add64(sum.Lo, uint64(x), 0)
		sum.Lo = lo
		sum.Hi += x>>63 + int64(carry)
		s.n[slot]++
	}
}

func (s *exactSums) addOne(slot uint32, x vec.Int128, n int64) error {
	sum, ok := s.sums[slot].Add(x)
	if !ok {
		return s.overflow()
	}
	s.sums[slot] = sum
	s.n[slot] += n
	return nil
}

func (s *exactSums) overflow() error { return mysqlerr.OutOfRange("DECIMAL", s.agg.Func) }

func (s *exactSums) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*exactSums)
	for k, slot := range slots {
		if err := s.addOne(slot, o.sums[rows[k]], o.n[rows[k]]); err != nil {
			return err
		}
	}
	return nil
}

func (s *exactSums) result(lo, hi int) (*vec.Vector, error) {
	out := &vec.Vector{Kind: s.out, N: hi - lo, Nulls: nulls(s.n[lo:hi])}
	values := make([]vec.Int128, hi-lo)
	for i := range values {
		x := s.sums[lo+i]
		if s.n[lo+i] == 0 {
			continue
		}
		if s.agg.Func == "avg" {
			var ok bool
			if x, ok = average(x, s.n[lo+i], scaleOf(s.agg.T)-scaleOf(s.agg.Args[0].Type())); !ok {
				return nil, s.overflow()
			}
		}
		if x.Cmp(maxDecimal) > 0 || x.Cmp(maxDecimal.Neg()) < 0 {
			return nil, s.overflow()
		}
		values[i] = x
	}
	if s.out == vec.I128 {
		out.I128 = values
		return out, nil
	}
	out.I64 = make([]int64, len(values))
	for i, x := range values {
		var ok bool
		if out.I64[i], ok = x.Int64(); !ok {
			return nil, s.overflow()
		}
	}
	return out, nil
}

func (s *exactSums) release() { s.mem.free() }

// maxDecimal is the largest coefficient of 38 digits.
var maxDecimal = func() vec.Int128 {
	x := new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)
	m, _ := vec.Int128FromBig(x.Sub(x, big.NewInt(1)))
	return m
}()

func scaleOf(t mysqltype.Type) int {
	if t.ID == mysqltype.Decimal {
		return int(t.Scale)
	}
	return 0
}

// average returns sum * 10^digits / n, cut off.
func average(sum vec.Int128, n int64, digits int) (vec.Int128, bool) {
	if x, ok := sum.Int64(); ok && digits >= 0 {
		if factor, ok := vec.Pow10Int64(digits); ok {
			q, _ := vec.MulInt64(x, factor).QuoRem(vec.Int128From(n))
			return q, true
		}
	}
	x, d := sum.Big(), big.NewInt(n)
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(digits, -digits))), nil)
	if digits >= 0 {
		x.Mul(x, ten)
	} else {
		d.Mul(d, ten)
	}
	return vec.Int128FromBig(x.Quo(x, d))
}

// floatSums is sum and avg of doubles.
type floatSums struct {
	mem    account
	avg    bool
	sums   []float64
	n      []int64
	floats []float64
}

func (s *floatSums) resize(n int) (err error) {
	if s.sums, err = extend(&s.mem, s.sums, n); err != nil {
		return err
	}
	s.n, err = extend(&s.mem, s.n, n)
	return err
}

func (s *floatSums) add(in *folded) error {
	values := dense(&s.floats, in.args[0].F64, in)
	if in.slots == nil {
		sum := s.sums[0]
		for _, x := range values {
			sum += x
		}
		s.sums[0] = sum
		s.n[0] += int64(len(values))
		return nil
	}
	for k, x := range values {
		slot := in.slots[k]
		s.sums[slot] += x
		s.n[slot]++
	}
	return nil
}

func (s *floatSums) merge(from accumulator, slots, rows []uint32) error {
	o := from.(*floatSums)
	for k, slot := range slots {
		s.sums[slot] += o.sums[rows[k]]
		s.n[slot] += o.n[rows[k]]
	}
	return nil
}

func (s *floatSums) result(lo, hi int) (*vec.Vector, error) {
	out := &vec.Vector{Kind: vec.F64, N: hi - lo, Nulls: nulls(s.n[lo:hi]), F64: make([]float64, hi-lo)}
	for i := range out.F64 {
		x := s.sums[lo+i]
		if math.IsInf(x, 0) {
			return nil, mysqlerr.OutOfRange("DOUBLE", "sum")
		}
		if s.avg && s.n[lo+i] > 0 {
			x /= float64(s.n[lo+i])
		}
		out.F64[i] = x
	}
	return out, nil
}

func (s *floatSums) release() { s.mem.free() }
