package exec

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// sortKey is a key of ORDER BY.
type sortKey struct {
	keyExpr
	desc bool
}

func (q *query) sortKeys(keys []plan.SortKey, input []plan.Column) ([]sortKey, error) {
	out := make([]sortKey, len(keys))
	for i, k := range keys {
		e, err := q.keyExpr(k.Expr, input)
		if err != nil {
			return nil, err
		}
		out[i] = sortKey{keyExpr: e, desc: k.Desc}
	}
	return out, nil
}

// encodedKeys are sort keys of rows as byte strings that order as the rows do:
// the key of row i ends at ends[i] of data.
type encodedKeys struct {
	data []byte
	ends []int
}

func (k *encodedKeys) at(i int) []byte {
	if i == 0 {
		return k.data[:k.ends[0]]
	}
	return k.data[k.ends[i-1]:k.ends[i]]
}

func (k *encodedKeys) len() int { return len(k.ends) }

func (k *encodedKeys) reset() { k.data, k.ends = k.data[:0], k.ends[:0] }

// keyEncoder encodes the sort keys of batches.
type keyEncoder struct {
	keys []sortKey
	vals []*vec.Vector
}

// encode appends the keys of b's selected rows to dst.
func (e *keyEncoder) encode(ctx context.Context, b *vec.Batch, dst *encodedKeys) error {
	e.vals = e.vals[:0]
	for i := range e.keys {
		_, v, err := e.keys[i].both(ctx, b)
		if err != nil {
			return err
		}
		if v.Form != vec.Flat {
			v = vec.FlattenSel(v, b.Sel)
		}
		e.vals = append(e.vals, v)
	}
	for k := range b.Rows() {
		row := rowAt(b.Sel, k)
		for i, v := range e.vals {
			dst.data = appendKey(dst.data, v, row, e.keys[i].desc)
		}
		dst.ends = append(dst.ends, len(dst.data))
	}
	return nil
}

// appendKey appends row i of v, which is flat: a byte that puts NULL first,
// then the value so that byte order is its order; all inverted if desc.
func appendKey(dst []byte, v *vec.Vector, i int, desc bool) []byte {
	from := len(dst)
	if v.IsNull(i) {
		dst = append(dst, 0)
	} else {
		dst = appendOrdered(append(dst, 1), v, i)
	}
	if desc {
		for j := range dst[from:] {
			dst[from+j] = ^dst[from+j]
		}
	}
	return dst
}

func appendOrdered(dst []byte, v *vec.Vector, i int) []byte {
	const sign64 = 1 << 63
	switch v.Kind {
	case vec.Bool:
		if v.Bool[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case vec.I32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.I32[i])^1<<31)
	case vec.I64:
		return binary.BigEndian.AppendUint64(dst, uint64(v.I64[i])^sign64)
	case vec.U64:
		return binary.BigEndian.AppendUint64(dst, v.U64[i])
	case vec.F64:
		u := math.Float64bits(v.F64[i] + 0) // -0 becomes 0
		if u&sign64 != 0 {
			u = ^u
		} else {
			u |= sign64
		}
		return binary.BigEndian.AppendUint64(dst, u)
	case vec.I128:
		x := v.I128[i]
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(x.Hi)^sign64), x.Lo)
	case vec.Bytes:
		return appendEscaped(dst, v.Str.At(i))
	case vec.Invalid:
	}
	return dst
}

// appendEscaped appends s so that no key is a prefix of another: 0 becomes 0
// 255, and 0 0 ends it.
func appendEscaped(dst, s []byte) []byte {
	for _, c := range s {
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, 255)
		}
	}
	return append(dst, 0, 0)
}

// encodedAggOrder encodes the ORDER BY of an aggregate, whose values are vals,
// as a column of byte strings.
func encodedAggOrder(keys []plan.SortKey, collate []func([]byte) []byte, vals []*vec.Vector, n int, rows vec.Selection) *vec.Vector {
	flat := make([]*vec.Vector, len(vals))
	for i, v := range vals {
		if collate[i] != nil {
			v = collated(v, rows, keys[i].Expr.Type(), collate[i])
		}
		flat[i] = vec.FlattenSel(v, rows)
	}
	out := &vec.Vector{Kind: vec.Bytes, N: n, Str: vec.Strings{Views: make([]string, n)}}
	var buf []byte
	for k := range rows.Count(n) {
		i := rowAt(rows, k)
		buf = buf[:0]
		for j, v := range flat {
			buf = appendKey(buf, v, i, keys[j].Desc)
		}
		out.Str.Views[i] = string(buf)
	}
	return out
}
