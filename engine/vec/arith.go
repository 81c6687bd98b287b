package vec

import (
	"math"
	"math/bits"
)

// The arithmetic kernels take operands of n rows as slices with a mask: the
// value of row i stands at i&mask, so that a constant (mask 0) is never
// materialised. Rows that are not selected or NULL are computed too where that
// is harmless; a kernel that may overflow says whether it did for any row, and
// the caller then looks for a row that counts with the checked operation.

// Operand is a flat or constant argument.
type Operand[T any] struct {
	V    []T
	Mask int // -1 flat, 0 constant
}

// NewOperand returns values of v, which is flat or constant.
func NewOperand[T any](v *Vector, values []T) Operand[T] {
	return Operand[T]{values, rowMask(v)}
}

// At returns row i.
func (o Operand[T]) At(i int) T { return o.V[i&o.Mask] }

// AddI64 writes a+b and reports whether no row overflows.
func AddI64(a, b Operand[int64], out []int64) bool {
	var over int64
	switch {
	case a.Mask == 0 && b.Mask == 0:
		out[0] = a.V[0] + b.V[0]
		return (a.V[0]^out[0])&(b.V[0]^out[0]) >= 0
	case a.Mask == 0:
		return AddI64(b, a, out)
	case b.Mask == 0:
		y := b.V[0]
		for i, x := range a.V[:len(out)] {
			r := x + y
			over |= (x ^ r) & (y ^ r)
			out[i] = r
		}
	default:
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			y := v[i]
			r := x + y
			over |= (x ^ r) & (y ^ r)
			out[i] = r
		}
	}
	return over >= 0
}

// SubI64 writes a-b and reports whether no row overflows.
func SubI64(a, b Operand[int64], out []int64) bool {
	var over int64
	switch {
	case a.Mask == 0:
		x := a.V[0]
		for i := range out {
			y := b.At(i)
			r := x - y
			over |= (x ^ y) & (x ^ r)
			out[i] = r
		}
	case b.Mask == 0:
		y := b.V[0]
		for i, x := range a.V[:len(out)] {
			r := x - y
			over |= (x ^ y) & (x ^ r)
			out[i] = r
		}
	default:
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			y := v[i]
			r := x - y
			over |= (x ^ y) & (x ^ r)
			out[i] = r
		}
	}
	return over >= 0
}

// bound returns a number of bits that every |x| of the operand's first n rows
// fits into.
func bound(a Operand[int64], n int) int {
	var or uint64
	if a.Mask == 0 {
		n = 1
	}
	for _, x := range a.V[:n] {
		or |= uint64(x ^ x>>63)
	}
	return bits.Len64(or) + 1 // |min| is one more than |max|
}

// MulI64 writes a*b and reports whether no row can have overflowed: it is
// proved from the operands' magnitudes, else every row is checked.
func MulI64(a, b Operand[int64], out []int64) bool {
	if a.Mask == 0 {
		a, b = b, a
	}
	if bound(a, len(out))+bound(b, len(out)) > 63 {
		var over uint64
		for i := range out {
			p := MulInt64(a.At(i), b.At(i))
			over |= uint64(p.Hi ^ int64(p.Lo)>>63)
			out[i] = int64(p.Lo)
		}
		return over == 0
	}
	if b.Mask == 0 {
		y := b.V[0]
		if a.Mask == 0 {
			out[0] = a.V[0] * y
			return true
		}
		for i, x := range a.V[:len(out)] {
			out[i] = x * y
		}
		return true
	}
	v := b.V[:len(out)]
	for i, x := range a.V[:len(out)] {
		out[i] = x * v[i]
	}
	return true
}

// MulWide writes a*b with 128 bits, which always fits.
func MulWide(a, b Operand[int64], out []Int128) {
	if a.Mask == -1 && b.Mask == -1 {
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			out[i] = MulInt64(x, v[i])
		}
		return
	}
	for i := range out {
		out[i] = MulInt64(a.At(i), b.At(i))
	}
}

// AddF64, SubF64, MulF64 and DivF64 write their result and report whether it
// is finite in every row.
func AddF64(a, b Operand[float64], out []float64) bool {
	sum := 0.0
	if a.Mask == -1 && b.Mask == -1 {
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			r := x + v[i]
			out[i] = r
			sum += r - r
		}
		return sum == 0
	}
	for i := range out {
		r := a.At(i) + b.At(i)
		out[i] = r
		sum += r - r
	}
	return sum == 0
}

func SubF64(a, b Operand[float64], out []float64) bool {
	sum := 0.0
	if a.Mask == -1 && b.Mask == -1 {
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			r := x - v[i]
			out[i] = r
			sum += r - r
		}
		return sum == 0
	}
	for i := range out {
		r := a.At(i) - b.At(i)
		out[i] = r
		sum += r - r
	}
	return sum == 0
}

func MulF64(a, b Operand[float64], out []float64) bool {
	sum := 0.0
	if a.Mask == -1 && b.Mask == -1 {
		v := b.V[:len(out)]
		for i, x := range a.V[:len(out)] {
			r := x * v[i]
			out[i] = r
			sum += r - r
		}
		return sum == 0
	}
	for i := range out {
		r := a.At(i) * b.At(i)
		out[i] = r
		sum += r - r
	}
	return sum == 0
}

func DivF64(a, b Operand[float64], out []float64) bool {
	sum := 0.0
	for i := range out {
		r := a.At(i) / b.At(i)
		out[i] = r
		sum += r - r
	}
	return sum == 0
}

// IsFinite reports whether x is neither infinite nor NaN.
func IsFinite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
