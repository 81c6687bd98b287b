package vec

import (
	"math"
	"math/big"
	"math/bits"
)

// MaxDigits is the number of decimal digits that an Int128 always holds.
const MaxDigits = 38

// Int128FromUint returns x as an Int128.
func Int128FromUint(x uint64) Int128 { return Int128{Lo: x} }

// IsNeg reports whether a is below 0.
func (a Int128) IsNeg() bool { return a.Hi < 0 }

// IsZero reports whether a is 0.
func (a Int128) IsZero() bool { return a.Hi == 0 && a.Lo == 0 }

// MulInt64 returns a*b, which always fits.
func MulInt64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi) - (a>>63)&b - (b>>63)&a
	return Int128{h, lo}
}

// abs returns |a| as an unsigned 128-bit number.
func (a Int128) abs() (hi, lo uint64) {
	if a.Hi < 0 {
		a = a.Neg()
	}
	return uint64(a.Hi), a.Lo
}

// signed returns the number of that magnitude and sign, and whether it fits.
func signed(hi, lo uint64, neg bool) (Int128, bool) {
	r := Int128{int64(hi), lo}
	if neg {
		r = r.Neg()
	}
	return r, hi <= math.MaxInt64
}

// Mul returns a*b and whether it fits.
func (a Int128) Mul(b Int128) (Int128, bool) {
	x, okx := a.Int64()
	y, oky := b.Int64()
	if okx && oky {
		return MulInt64(x, y), true
	}
	ah, al := a.abs()
	bh, bl := b.abs()
	if ah != 0 && bh != 0 {
		return Int128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	o1, c1 := bits.Mul64(ah, bl)
	o2, c2 := bits.Mul64(al, bh)
	hi, carry1 := bits.Add64(hi, c1, 0)
	hi, carry2 := bits.Add64(hi, c2, 0)
	if o1|o2|carry1|carry2 != 0 {
		return Int128{}, false
	}
	return signed(hi, lo, a.IsNeg() != b.IsNeg())
}

// QuoRem returns a/b truncated toward zero and the remainder, which has a's
// sign. b is not 0.
func (a Int128) QuoRem(b Int128) (q, r Int128) {
	ah, al := a.abs()
	bh, bl := b.abs()
	var qh, ql, rh, rl uint64
	switch {
	case bh == 0:
		qh, rl = ah/bl, ah%bl
		ql, rl = bits.Div64(rl, al, bl)
	case ah < bh || ah == bh && al < bl:
		rh, rl = ah, al
	default:
		x, y := Int128{int64(ah), al}, Int128{int64(bh), bl}
		bq, br := new(big.Int).QuoRem(x.Big(), y.Big(), new(big.Int))
		ql = bq.Uint64() // the divisor has more than 64 bits, so the quotient has fewer
		rem, _ := Int128FromBig(br)
		rh, rl = uint64(rem.Hi), rem.Lo
	}
	q, _ = signed(qh, ql, a.IsNeg() != b.IsNeg())
	r, _ = signed(rh, rl, a.IsNeg())
	return q, r
}

// QuoRound returns a/b rounded half away from zero. b is not 0.
func (a Int128) QuoRound(b Int128) Int128 {
	q, r := a.QuoRem(b)
	// |r| ≥ |b| - |r| without overflow.
	rh, rl := r.abs()
	bh, bl := b.abs()
	dl, borrow := bits.Sub64(bl, rl, 0)
	dh, _ := bits.Sub64(bh, rh, borrow)
	if rh > dh || rh == dh && rl >= dl {
		one := Int128From(1)
		if a.IsNeg() != b.IsNeg() {
			one = Int128From(-1)
		}
		q, _ = q.Add(one)
	}
	return q
}

// Pow10 returns 10^n for n from 0 to 38, and false beyond.
func Pow10(n int) (Int128, bool) {
	if n < 0 || n > MaxDigits {
		return Int128{}, false
	}
	return pow10[n], true
}

// BigPow10 returns 10^n for any n that is not negative.
func BigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// Pow10Int64 returns 10^n for n from 0 to 18, and false beyond.
func Pow10Int64(n int) (int64, bool) {
	if n < 0 || n > 18 {
		return 0, false
	}
	return int64(pow10[n].Lo), true
}

var pow10 = func() (t [MaxDigits + 1]Int128) {
	t[0] = Int128From(1)
	for i := 1; i <= MaxDigits; i++ {
		t[i], _ = t[i-1].Mul(Int128From(10))
	}
	return t
}()

// Rescale returns a, a decimal of scale from, as one of scale to, rounded half
// away from zero, and whether it fits.
func (a Int128) Rescale(from, to int) (Int128, bool) {
	switch {
	case to > from:
		p, ok := Pow10(to - from)
		if !ok {
			return Int128{}, a.IsZero()
		}
		return a.Mul(p)
	case to < from:
		p, ok := Pow10(from - to)
		if !ok { // below half of the last digit
			return Int128{}, true
		}
		return a.QuoRound(p), true
	}
	return a, true
}

// Fits reports whether a has at most digits decimal digits.
func (a Int128) Fits(digits int) bool {
	p, ok := Pow10(digits)
	if !ok {
		p = pow10[MaxDigits]
	}
	return a.Cmp(p) < 0 && a.Cmp(p.Neg()) > 0
}
