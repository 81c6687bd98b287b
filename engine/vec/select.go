package vec

// SelectTrue returns the rows of sel (nil: all of v.N) where v, a Bool vector in
// any form, is true and not NULL, appended to dst[:0]. The result is never nil.
func SelectTrue(v *Vector, sel, dst Selection) Selection {
	if dst = dst[:0]; dst == nil {
		dst = Selection{}
	}
	switch v.Form {
	case Constant:
		if v.IsNull(0) || !v.Bool[0] {
			return dst
		}
		return appendAll(dst, sel, v.N)
	case Dictionary:
		return selectCodes(v, sel, dst)
	case Flat:
	}
	n := sel.Count(v.N)
	if cap(dst) < n {
		dst = make(Selection, n)
	}
	dst = dst[:n]
	k := 0
	switch {
	case sel == nil && v.Nulls == nil:
		for i, b := range v.Bool[:v.N] {
			dst[k] = uint32(i)
			k += int(bit(b))
		}
	case sel == nil:
		for i, b := range v.Bool[:v.N] {
			dst[k] = uint32(i)
			k += int(bit(b) &^ uint8(v.Nulls[i>>6]>>(uint(i)&63)&1))
		}
	case v.Nulls == nil:
		for _, i := range sel {
			dst[k] = i
			k += int(bit(v.Bool[i]))
		}
	default:
		for _, i := range sel {
			dst[k] = i
			k += int(bit(v.Bool[i]) &^ uint8(v.Nulls[i>>6]>>(i&63)&1))
		}
	}
	return dst[:k]
}

func appendAll(dst, sel Selection, n int) Selection {
	if sel != nil {
		return append(dst, sel...)
	}
	for i := range n {
		dst = append(dst, uint32(i))
	}
	return dst
}

func selectCodes(v *Vector, sel, dst Selection) Selection {
	if v.Dict.Values.N == 0 {
		return dst
	}
	table := v.Dict.Values.Bool
	eachRow(sel, v.N, func(i int) {
		if !v.IsNull(i) && table[v.Codes.At(i)] {
			dst = append(dst, uint32(i))
		}
	})
	return dst
}

// SelectCodes returns the rows of sel (nil: all of v.N) of dictionary vector v
// that are not NULL and whose code keep maps to true, appended to dst[:0].
func SelectCodes(v *Vector, keep []bool, sel, dst Selection) Selection {
	if dst = dst[:0]; dst == nil {
		dst = Selection{}
	}
	if len(keep) == 0 {
		return dst
	}
	n := sel.Count(v.N)
	if cap(dst) < n {
		dst = make(Selection, n)
	}
	dst = dst[:n]
	var k int
	switch {
	case v.Codes.U8 != nil:
		k = selectKeep(v.Codes.U8, v.Nulls, keep, sel, v.N, dst)
	case v.Codes.U16 != nil:
		k = selectKeep(v.Codes.U16, v.Nulls, keep, sel, v.N, dst)
	default:
		k = selectKeep(v.Codes.U32, v.Nulls, keep, sel, v.N, dst)
	}
	return dst[:k]
}

func selectKeep[C uint8 | uint16 | uint32](codes []C, nulls Bitmap, keep []bool, sel Selection, n int, dst Selection) int {
	k := 0
	switch {
	case sel == nil && nulls == nil:
		for i, c := range codes[:n] {
			dst[k] = uint32(i)
			k += int(bit(keep[c]))
		}
	case sel == nil:
		for i, c := range codes[:n] {
			dst[k] = uint32(i)
			k += int(bit(keep[c]) &^ uint8(nulls[i>>6]>>(uint(i)&63)&1))
		}
	case nulls == nil:
		for _, i := range sel {
			dst[k] = i
			k += int(bit(keep[codes[i]]))
		}
	default:
		for _, i := range sel {
			dst[k] = i
			k += int(bit(keep[codes[i]]) &^ uint8(nulls[i>>6]>>(i&63)&1))
		}
	}
	return k
}

// UnionNulls returns the NULL rows of a kernel's result over args of n rows,
// each flat or constant: a row is NULL where any argument is. all says that a
// constant argument is NULL, and so every row. The bitmap may be an argument's.
func UnionNulls(n int, args ...*Vector) (nulls Bitmap, all bool) {
	owned := false
	for _, a := range args {
		switch {
		case a.Nulls == nil:
		case a.Form == Constant:
			if a.IsNull(0) {
				return nil, true
			}
		case nulls == nil:
			nulls = a.Nulls
		default:
			words := (n + 63) / 64
			if !owned {
				nulls, owned = append(Bitmap(nil), nulls[:words]...), true
			}
			for i := range nulls {
				nulls[i] |= a.Nulls[i]
			}
		}
	}
	return nulls, false
}
