package vec

import "unsafe"

// Gather returns the rows of v that sel names, in sel's order (nil: v itself).
// Unlike a batch's selection, sel may name rows in any order and repeatedly.
// Flat values are copied, so the result does not alias v; constants stay
// constant, and dictionary vectors keep their dictionary.
func Gather(v *Vector, sel Selection) *Vector {
	if sel == nil {
		return v
	}
	out := &Vector{Kind: v.Kind, Form: v.Form, N: len(sel)}
	switch v.Form {
	case Constant:
		*out = *v
		out.N = len(sel)
		return out
	case Dictionary:
		out.Dict = v.Dict
		out.Codes = gatherCodes(&v.Codes, sel)
	case Flat:
		gatherFlat(out, v, sel)
	}
	if v.Nulls != nil {
		out.Nulls = gatherNulls(v.Nulls, sel)
	}
	return out
}

// Take is Gather for joins that keep rows without a partner: a negative index
// gives NULL.
func Take(v *Vector, rows []int32) *Vector {
	sel := make(Selection, len(rows))
	var missing Bitmap
	for i, r := range rows {
		if r >= 0 {
			sel[i] = uint32(r)
			continue
		}
		if missing == nil {
			missing = NewBitmap(len(rows))
		}
		missing.Set(i)
	}
	if missing == nil {
		return Gather(v, sel)
	}
	if v.N == 0 || missing.Count() == len(rows) {
		return NewConstant(v.Kind, nil, len(rows))
	}
	if v.Form == Constant {
		v = Flatten(v)
	}
	out := Gather(v, sel)
	if out.Nulls == nil {
		out.Nulls = missing
		return out
	}
	for i, w := range missing {
		out.Nulls[i] |= w
	}
	return out
}

// Flatten returns v in flat form: v itself if it is flat, else a copy. A
// flattened dictionary of strings aliases the dictionary's values.
func Flatten(v *Vector) *Vector {
	if v.Form == Flat {
		return v
	}
	return FlattenSel(v, nil)
}

// FlattenSel is Flatten that defines only the rows in sel (nil: all).
func FlattenSel(v *Vector, sel Selection) *Vector {
	out := &Vector{Kind: v.Kind, N: v.N}
	switch v.Form {
	case Flat:
		return v
	case Constant:
		if v.IsNull(0) {
			out.Nulls = Selection(nil).Bitmap(v.N)
		}
		flattenConstant(out, v)
		return out
	case Dictionary:
	}
	out.Nulls = v.Nulls
	d := v.Dict.Values
	if d.N == 0 {
		flattenConstant(out, NewConstant(v.Kind, nil, v.N))
		return out
	}
	switch v.Kind {
	case Bool:
		out.Bool = decodeCodes(d.Bool, &v.Codes, v.N, sel)
	case I32:
		out.I32 = decodeCodes(d.I32, &v.Codes, v.N, sel)
	case I64:
		out.I64 = decodeCodes(d.I64, &v.Codes, v.N, sel)
	case U64:
		out.U64 = decodeCodes(d.U64, &v.Codes, v.N, sel)
	case F64:
		out.F64 = decodeCodes(d.F64, &v.Codes, v.N, sel)
	case I128:
		out.I128 = decodeCodes(d.I128, &v.Codes, v.N, sel)
	case Bytes:
		out.Str.Views = decodeStrings(&d.Str, &v.Codes, v.N, sel)
	case Invalid:
	}
	return out
}

// View returns value i as a string that aliases the storage: it is valid as
// long as the vector is.
func (s *Strings) View(i int) string {
	if s.Views != nil {
		return s.Views[i]
	}
	b := s.Data[s.Off[i] : s.Off[i+1]-s.Gap]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func gatherFlat(out, v *Vector, sel Selection) {
	switch v.Kind {
	case Bool:
		out.Bool = gatherValues(v.Bool, sel)
	case I32:
		out.I32 = gatherValues(v.I32, sel)
	case I64:
		out.I64 = gatherValues(v.I64, sel)
	case U64:
		out.U64 = gatherValues(v.U64, sel)
	case F64:
		out.F64 = gatherValues(v.F64, sel)
	case I128:
		out.I128 = gatherValues(v.I128, sel)
	case Bytes:
		out.Str = gatherStrings(&v.Str, sel)
	case Invalid:
	}
}

func gatherValues[T any](v []T, sel Selection) []T {
	out := make([]T, len(sel))
	for i, r := range sel {
		out[i] = v[r]
	}
	return out
}

// maxOffsets is the longest buffer that 32-bit offsets may address.
const maxOffsets = 1<<32 - 1

func gatherStrings(s *Strings, sel Selection) Strings {
	if s.Views != nil {
		return Strings{Views: gatherValues(s.Views, sel)}
	}
	var total uint64
	for _, r := range sel {
		total += uint64(s.Off[r+1] - s.Off[r] - s.Gap)
	}
	if total > maxOffsets { // only for repeated rows
		views := make([]string, len(sel))
		for i, r := range sel {
			views[i] = string(s.At(int(r)))
		}
		return Strings{Views: views}
	}
	out := Strings{Data: make([]byte, 0, total), Off: make([]uint32, len(sel)+1)}
	for i, r := range sel {
		out.Data = append(out.Data, s.Data[s.Off[r]:s.Off[r+1]-s.Gap]...)
		out.Off[i+1] = uint32(len(out.Data))
	}
	return out
}

func gatherCodes(c *Codes, sel Selection) Codes {
	switch {
	case c.U8 != nil:
		return Codes{U8: gatherValues(c.U8, sel)}
	case c.U16 != nil:
		return Codes{U16: gatherValues(c.U16, sel)}
	default:
		return Codes{U32: gatherValues(c.U32, sel)}
	}
}

func gatherNulls(nulls Bitmap, sel Selection) Bitmap {
	var out Bitmap
	for i, r := range sel {
		if nulls.Get(int(r)) {
			if out == nil {
				out = NewBitmap(len(sel))
			}
			out.Set(i)
		}
	}
	return out
}

func flattenConstant(out, v *Vector) {
	switch v.Kind {
	case Bool:
		out.Bool = repeat(v.Bool[0], v.N)
	case I32:
		out.I32 = repeat(v.I32[0], v.N)
	case I64:
		out.I64 = repeat(v.I64[0], v.N)
	case U64:
		out.U64 = repeat(v.U64[0], v.N)
	case F64:
		out.F64 = repeat(v.F64[0], v.N)
	case I128:
		out.I128 = repeat(v.I128[0], v.N)
	case Bytes:
		out.Str.Views = repeat(v.Str.View(0), v.N)
	case Invalid:
	}
}

func repeat[T any](x T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func decodeCodes[T any](dict []T, c *Codes, n int, sel Selection) []T {
	switch {
	case c.U8 != nil:
		return decodeWidth(dict, c.U8, n, sel)
	case c.U16 != nil:
		return decodeWidth(dict, c.U16, n, sel)
	default:
		return decodeWidth(dict, c.U32, n, sel)
	}
}

func decodeWidth[T any, C uint8 | uint16 | uint32](dict []T, codes []C, n int, sel Selection) []T {
	out := make([]T, n)
	if sel == nil {
		for i, c := range codes[:n] {
			out[i] = dict[c]
		}
		return out
	}
	for _, i := range sel {
		out[i] = dict[codes[i]]
	}
	return out
}

func decodeStrings(dict *Strings, c *Codes, n int, sel Selection) []string {
	out := make([]string, n)
	if sel == nil {
		for i := range n {
			out[i] = dict.View(c.At(i))
		}
		return out
	}
	for _, i := range sel {
		out[i] = dict.View(c.At(int(i)))
	}
	return out
}
