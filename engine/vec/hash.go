package vec

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// HashColumns hashes each row over all columns into dst, which has N entries
// afterwards and is indexed by row; only rows in sel (nil: all) are defined.
// Equal rows hash alike whatever the form, NULL equals NULL and -0 equals 0. The
// hash is seeded a process, so that no input can be made to collide; it must
// not be stored.
func HashColumns(cols []*Vector, sel Selection, n int, dst []uint64) []uint64 {
	if cap(dst) < n {
		dst = make([]uint64, n)
	}
	dst = dst[:n]
	if sel == nil {
		clear(dst)
	} else {
		for _, i := range sel {
			dst[i] = 0
		}
	}
	for _, v := range cols {
		hashColumn(v, sel, dst)
	}
	return dst
}

var (
	stringSeed = maphash.MakeSeed()
	seedA      = maphash.String(stringSeed, "a") | 1
	seedB      = maphash.String(stringSeed, "b") | 1
	nullHash   = maphash.String(stringSeed, "null")
)

// mix folds one value's word into a row's hash.
func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(x^seedA, h^seedB)
	return hi ^ lo ^ bits.RotateLeft64(x, 32)*0x9E3779B97F4A7C15
}

type hashMemo struct{}

func hashColumn(v *Vector, sel Selection, dst []uint64) {
	switch v.Form {
	case Constant:
		h := nullHash
		if !v.IsNull(0) {
			h = hashValues(v, 1)[0]
		}
		if sel == nil {
			for i := range dst {
				dst[i] = mix(dst[i], h)
			}
			return
		}
		for _, i := range sel {
			dst[i] = mix(dst[i], h)
		}
		return
	case Dictionary:
		// compute cannot fail, so neither can Memo.
		m, _ := v.Dict.Memo(hashMemo{}, func() (any, error) { return hashValues(v.Dict.Values, v.Dict.Values.N), nil })
		table := m.([]uint64)
		hashRows(v, sel, dst, func(i int) uint64 { return table[v.Codes.At(i)] })
		return
	case Flat:
	}
	if v.Nulls != nil || v.Kind == Bytes || v.Kind == I128 || v.Kind == Bool {
		hashRows(v, sel, dst, hashAt(v))
		return
	}
	switch v.Kind {
	case I32:
		hashInts(v.I32, sel, dst)
	case I64:
		hashInts(v.I64, sel, dst)
	case U64:
		hashInts(v.U64, sel, dst)
	case F64:
		hashRows(v, sel, dst, hashAt(v))
	case Bool, I128, Bytes, Invalid:
	}
}

func hashInts[T int32 | int64 | uint64](v []T, sel Selection, dst []uint64) {
	if sel == nil {
		for i, x := range v[:len(dst)] {
			dst[i] = mix(dst[i], uint64(int64(x)))
		}
		return
	}
	for _, i := range sel {
		dst[i] = mix(dst[i], uint64(int64(v[i])))
	}
}

func hashRows(v *Vector, sel Selection, dst []uint64, at func(int) uint64) {
	one := func(i int) {
		h := nullHash
		if !v.IsNull(i) {
			h = at(i)
		}
		dst[i] = mix(dst[i], h)
	}
	if sel == nil {
		for i := range dst {
			one(i)
		}
		return
	}
	for _, i := range sel {
		one(int(i))
	}
}

// hashValues returns the words that the first n stored values of v fold in.
func hashValues(v *Vector, n int) []uint64 {
	at, out := hashAt(v), make([]uint64, n)
	for i := range out {
		out[i] = at(i)
	}
	return out
}

// hashAt returns the function from a stored position to the word that is
// folded into a row's hash.
func hashAt(v *Vector) func(int) uint64 {
	switch v.Kind {
	case Bool:
		return func(i int) uint64 {
			if v.Bool[i] {
				return 1
			}
			return 0
		}
	case I32:
		return func(i int) uint64 { return uint64(int64(v.I32[i])) }
	case I64:
		return func(i int) uint64 { return uint64(v.I64[i]) }
	case U64:
		return func(i int) uint64 { return v.U64[i] }
	case F64:
		return func(i int) uint64 { return FloatKey(v.F64[i]) }
	case I128:
		return func(i int) uint64 { return mix(uint64(v.I128[i].Hi), v.I128[i].Lo) }
	case Bytes:
		return func(i int) uint64 { return maphash.Bytes(stringSeed, v.Str.At(i)) }
	case Invalid:
	}
	return func(int) uint64 { return 0 }
}

// FloatKey returns bits that are equal exactly for floats that group together:
// -0 as 0, and every NaN as one.
func FloatKey(x float64) uint64 {
	switch {
	case x == 0:
		return 0
	case x != x:
		return 0x7FF8000000000001
	}
	return math.Float64bits(x)
}
