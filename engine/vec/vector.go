package vec

import "fmt"

// Kind is the physical representation of a vector's values. How a MySQL type
// is represented is decided in one place, planner/mysqltype.Type.Kind.
type Kind uint8

const (
	Invalid Kind = iota
	Bool         // []bool
	I32          // []int32: DATE as days since 1970-01-01
	I64          // []int64: signed integers, decimals to 18 digits (scaled), TIME and DATETIME in µs
	U64          // []uint64: unsigned integers
	F64          // []float64: FLOAT (rounded to 24 bits) and DOUBLE
	I128         // []Int128: decimals of 19 to 38 digits (scaled)
	Bytes        // Strings: character and binary strings, JSON text, enum labels
)

func (k Kind) String() string {
	switch k {
	case Bool:
		return "bool"
	case I32:
		return "i32"
	case I64:
		return "i64"
	case U64:
		return "u64"
	case F64:
		return "f64"
	case I128:
		return "i128"
	case Bytes:
		return "bytes"
	case Invalid:
	}
	return "invalid"
}

// Form says how a vector stores its N values.
type Form uint8

const (
	Flat       Form = iota // one stored value a row
	Constant               // one stored value (index 0) for every row
	Dictionary             // one code a row into Dict.Values
)

// Vector is N values of one kind. Exactly the storage that Kind and Form name
// is in use; the rest is nil. Values at NULL positions are undefined but safe
// to read: flat storage has a slot, a code is always below the dictionary's
// length (or the dictionary is empty and every row is NULL).
type Vector struct {
	Kind Kind
	Form Form
	N    int

	// Nulls has bit i set where row i is NULL; nil means that no row is.
	// In constant form only bit 0 counts.
	Nulls Bitmap

	Bool []bool
	I32  []int32
	I64  []int64
	U64  []uint64
	F64  []float64
	I128 []Int128
	Str  Strings

	Codes Codes
	Dict  *Dict
}

// Strings stores byte strings either as offsets into one buffer (value i is
// Data[Off[i]:Off[i+1]-Gap]; Gap is 4 where the buffer is a PLAIN Parquet page
// whose length prefixes stand between the values, else 0), or, when Views is
// not nil, as one immutable string each.
type Strings struct {
	Data  []byte
	Off   []uint32 // len N+1
	Gap   uint32
	Views []string
}

// At returns value i. The bytes alias the vector's storage.
func (s *Strings) At(i int) []byte {
	if s.Views != nil {
		return unsafeBytes(s.Views[i])
	}
	return s.Data[s.Off[i] : s.Off[i+1]-s.Gap]
}

// Codes are dictionary codes in the narrowest width that the dictionary needs;
// exactly one slice is in use.
type Codes struct {
	U8  []uint8
	U16 []uint16
	U32 []uint32
}

// At returns the code of row i.
func (c *Codes) At(i int) int {
	switch {
	case c.U8 != nil:
		return int(c.U8[i])
	case c.U16 != nil:
		return int(c.U16[i])
	default:
		return int(c.U32[i])
	}
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool {
	if v.Nulls == nil {
		return false
	}
	if v.Form == Constant {
		i = 0
	}
	return v.Nulls.Get(i)
}

// index maps row i to a position in the flat storage of v or its dictionary.
func (v *Vector) index(i int) (*Vector, int) {
	switch v.Form {
	case Constant:
		return v, 0
	case Dictionary:
		return v.Dict.Values, v.Codes.At(i)
	case Flat:
	}
	return v, i
}

// Value returns row i as a Go value: nil, bool, int32, int64, uint64, float64,
// Int128 or string (a copy). It is for edges and tests, not for loops.
func (v *Vector) Value(i int) any {
	if v.IsNull(i) {
		return nil
	}
	s, j := v.index(i)
	switch v.Kind {
	case Bool:
		return s.Bool[j]
	case I32:
		return s.I32[j]
	case I64:
		return s.I64[j]
	case U64:
		return s.U64[j]
	case F64:
		return s.F64[j]
	case I128:
		return s.I128[j]
	case Bytes:
		return string(s.Str.At(j))
	case Invalid:
	}
	panic(fmt.Sprintf("vec: value of %s vector", v.Kind))
}

// BytesAt returns row i of a Bytes vector in any form; NULL rows give nil or
// undefined bytes. The result aliases the vector.
func (v *Vector) BytesAt(i int) []byte {
	s, j := v.index(i)
	if s.N == 0 || s.Str.Views == nil && len(s.Str.Off) == 0 { // an empty dictionary: every row is NULL
		return nil
	}
	return s.Str.At(j)
}

// NewConstant returns a vector of n times value, which is nil (NULL) or a Go
// value of kind k as Vector.Value gives it.
func NewConstant(k Kind, value any, n int) *Vector {
	v := &Vector{Kind: k, Form: Constant, N: n}
	switch k {
	case Bool:
		v.Bool = make([]bool, 1)
	case I32:
		v.I32 = make([]int32, 1)
	case I64:
		v.I64 = make([]int64, 1)
	case U64:
		v.U64 = make([]uint64, 1)
	case F64:
		v.F64 = make([]float64, 1)
	case I128:
		v.I128 = make([]Int128, 1)
	case Bytes:
		v.Str = Strings{Views: make([]string, 1)}
	case Invalid:
		panic("vec: constant of invalid kind")
	}
	switch x := value.(type) {
	case nil:
		v.Nulls = Bitmap{1}
	case bool:
		v.Bool[0] = x
	case int32:
		v.I32[0] = x
	case int64:
		v.I64[0] = x
	case uint64:
		v.U64[0] = x
	case float64:
		v.F64[0] = x
	case Int128:
		v.I128[0] = x
	case string:
		v.Str.Views[0] = x
	default:
		panic(fmt.Sprintf("vec: constant of %T", value))
	}
	return v
}
