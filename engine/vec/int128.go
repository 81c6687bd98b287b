package vec

import (
	"math/big"
	"math/bits"
)

// Int128 is a signed 128-bit integer in two's complement, the coefficient of a
// decimal of up to 38 digits.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128From returns x as an Int128.
func Int128From(x int64) Int128 { return Int128{Hi: x >> 63, Lo: uint64(x)} }

// Cmp returns -1, 0 or 1 as a is below, equal to or above b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi:
		return -1
	case a.Hi > b.Hi:
		return 1
	case a.Lo < b.Lo:
		return -1
	case a.Lo > b.Lo:
		return 1
	}
	return 0
}

// Neg returns -a, wrapping at the minimum.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	return Int128{int64(hi), lo}
}

// Add returns a+b and whether it fits.
func (a Int128) Add(b Int128) (Int128, bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), carry)
	r := Int128{int64(hi), lo}
	return r, (a.Hi < 0) != (b.Hi < 0) || (r.Hi < 0) == (a.Hi < 0)
}

// Sub returns a-b and whether it fits.
func (a Int128) Sub(b Int128) (Int128, bool) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), borrow)
	r := Int128{int64(hi), lo}
	return r, (a.Hi < 0) == (b.Hi < 0) || (r.Hi < 0) == (a.Hi < 0)
}

// Int64 returns a and whether it fits into an int64.
func (a Int128) Int64() (int64, bool) { return int64(a.Lo), a.Hi == int64(a.Lo)>>63 }

// Big returns a as a big integer.
func (a Int128) Big() *big.Int {
	r := new(big.Int).SetInt64(a.Hi)
	r.Lsh(r, 64)
	return r.Add(r, new(big.Int).SetUint64(a.Lo))
}

// Int128FromBig returns x and whether it fits.
func Int128FromBig(x *big.Int) (Int128, bool) {
	if x.BitLen() > 127 { // the minimum itself is no coefficient of 38 digits
		return Int128{}, false
	}
	lo := new(big.Int).And(x, new(big.Int).SetUint64(^uint64(0))).Uint64()
	hi := new(big.Int).Rsh(x, 64).Int64()
	return Int128{hi, lo}, true
}

// String returns a in decimal digits.
func (a Int128) String() string { return a.Big().String() }
