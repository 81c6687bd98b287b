package vec

import "fmt"

// Builder makes a flat vector one value at a time, for edges and small tables.
type Builder struct {
	v Vector
}

// NewBuilder returns a builder of a vector of kind k.
func NewBuilder(k Kind) *Builder { return &Builder{v: Vector{Kind: k}} }

// Append adds a value as Vector.Value gives it, nil for NULL. A value of a Go
// type that the kind does not hold is a programming error.
func (b *Builder) Append(value any) error {
	v := &b.v
	if value == nil {
		for len(v.Nulls)*64 <= v.N {
			v.Nulls = append(v.Nulls, 0)
		}
		v.Nulls.Set(v.N)
	} else if !kindHolds(v.Kind, value) {
		return fmt.Errorf("vec: a %s vector cannot hold %T", v.Kind, value)
	}
	switch v.Kind {
	case Bool:
		v.Bool = appendValue(v.Bool, value)
	case I32:
		v.I32 = appendValue(v.I32, value)
	case I64:
		v.I64 = appendValue(v.I64, value)
	case U64:
		v.U64 = appendValue(v.U64, value)
	case F64:
		v.F64 = appendValue(v.F64, value)
	case I128:
		v.I128 = appendValue(v.I128, value)
	case Bytes:
		v.Str.Views = appendValue(v.Str.Views, value)
	case Invalid:
		return fmt.Errorf("vec: builder of invalid kind")
	}
	v.N++
	return nil
}

// Build returns the vector; the builder is empty again.
func (b *Builder) Build() *Vector {
	v := b.v
	b.v = Vector{Kind: v.Kind}
	if v.Nulls != nil {
		for len(v.Nulls)*64 < v.N {
			v.Nulls = append(v.Nulls, 0)
		}
	}
	if v.Kind == Bytes && v.Str.Views == nil {
		v.Str.Views = []string{}
	}
	return &v
}

func appendValue[T any](s []T, value any) []T {
	var x T
	if value != nil {
		x = value.(T)
	}
	return append(s, x)
}

func kindHolds(k Kind, value any) bool {
	switch value.(type) {
	case bool:
		return k == Bool
	case int32:
		return k == I32
	case int64:
		return k == I64
	case uint64:
		return k == U64
	case float64:
		return k == F64
	case Int128:
		return k == I128
	case string:
		return k == Bytes
	}
	return false
}
