package eval

import (
	"math"
	"math/big"
	"strconv"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func floatKernel(op string, t mysqltype.Type, types []mysqltype.Type) kernel {
	for _, a := range types {
		if a.Kind() != vec.F64 {
			return nil
		}
	}
	if op == plan.OpIntDiv {
		if !t.IsInteger() {
			return nil
		}
		return func(f *frame) error { return floatIntDiv(f, t) }
	}
	if t.Kind() != vec.F64 {
		return nil
	}
	switch op {
	case plan.OpAdd:
		return func(f *frame) error { return checkFinite(f, t, op, vec.AddF64(f.f64(0), f.f64(1), f.out.F64)) }
	case plan.OpSub:
		return func(f *frame) error { return checkFinite(f, t, op, vec.SubF64(f.f64(0), f.f64(1), f.out.F64)) }
	case plan.OpMul:
		return func(f *frame) error { return checkFinite(f, t, op, vec.MulF64(f.f64(0), f.f64(1), f.out.F64)) }
	case plan.OpDiv:
		return func(f *frame) error {
			finite := vec.DivF64(f.f64(0), f.f64(1), f.out.F64)
			if !finite {
				nullZeroDivisors(f)
			}
			return checkFinite(f, t, op, finite)
		}
	case plan.OpMod:
		return func(f *frame) error {
			a, b := f.f64(0), f.f64(1)
			for i := range f.out.F64 {
				f.out.F64[i] = math.Mod(a.At(i), b.At(i))
			}
			nullZeroDivisors(f)
			return nil
		}
	case plan.OpNeg:
		return func(f *frame) error {
			a := f.f64(0)
			for i := range f.out.F64 {
				f.out.F64[i] = -a.At(i)
			}
			return nil
		}
	}
	return nil
}

func nullZeroDivisors(f *frame) {
	b := f.f64(1)
	for _, i := range f.rows() {
		if b.At(int(i)) == 0 {
			f.null(int(i))
			f.warn(warnDivisionByZero)
		}
	}
}

// checkFinite fails if a live row overflowed: its arguments are finite and its
// result is not.
func checkFinite(f *frame, t mysqltype.Type, op string, finite bool) error {
	if finite {
		return nil
	}
	a, b := f.f64(0), f.f64(1)
	for _, row := range f.rows() {
		i := int(row)
		if !vec.IsFinite(f.out.F64[i]) && vec.IsFinite(a.At(i)) && vec.IsFinite(b.At(i)) && !f.out.IsNull(i) {
			return outOfRange(t, op)
		}
	}
	return nil
}

// floatIntDiv divides the decimals that the arguments are written as: -1 DIV
// -1e-5 is 100000.
func floatIntDiv(f *frame, t mysqltype.Type) error {
	a, b := f.f64(0), f.f64(1)
	for _, row := range f.rows() {
		i := int(row)
		y := b.At(i)
		if y == 0 {
			f.null(i)
			f.warn(warnDivisionByZero)
			continue
		}
		if q := a.At(i) / y; !(math.Abs(q) < 1<<65) {
			return outOfRange(t, plan.OpIntDiv)
		}
		n, ok1 := new(big.Rat).SetString(strconv.FormatFloat(a.At(i), 'g', -1, 64))
		d, ok2 := new(big.Rat).SetString(strconv.FormatFloat(y, 'g', -1, 64))
		if !ok1 || !ok2 {
			return outOfRange(t, plan.OpIntDiv)
		}
		n.Quo(n, d)
		q, ok := vec.Int128FromBig(new(big.Int).Quo(n.Num(), n.Denom()))
		if !ok || !f.setInteger(i, q) {
			return outOfRange(t, plan.OpIntDiv)
		}
	}
	return nil
}

// int128FromFloat returns x, a whole number below 2^127 in magnitude.
func int128FromFloat(x float64) vec.Int128 {
	neg := x < 0
	x = math.Abs(x)
	hi := math.Floor(x / (1 << 64))
	r := vec.Int128{Hi: int64(hi), Lo: uint64(x - hi*(1<<64))}
	if neg {
		return r.Neg()
	}
	return r
}
