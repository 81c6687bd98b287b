package vec

// Slice returns rows lo to hi-1 of v, sharing its memory. lo is a multiple of
// 64, so that the null bitmap can be shared too.
func Slice(v *Vector, lo, hi int) *Vector {
	out := *v
	out.N = hi - lo
	if v.Form == Constant {
		return &out
	}
	if v.Nulls != nil {
		out.Nulls = sliceNulls(v.Nulls, lo, hi)
	}
	if v.Form == Dictionary {
		c := &v.Codes
		out.Codes = Codes{U8: sliceRows(c.U8, lo, hi), U16: sliceRows(c.U16, lo, hi), U32: sliceRows(c.U32, lo, hi)}
		return &out
	}
	out.Bool, out.I32, out.I64 = sliceRows(v.Bool, lo, hi), sliceRows(v.I32, lo, hi), sliceRows(v.I64, lo, hi)
	out.U64, out.F64, out.I128 = sliceRows(v.U64, lo, hi), sliceRows(v.F64, lo, hi), sliceRows(v.I128, lo, hi)
	if v.Str.Views != nil {
		out.Str.Views = v.Str.Views[lo:hi:hi]
	} else if v.Str.Off != nil {
		out.Str.Off = v.Str.Off[lo : hi+1 : hi+1]
	}
	return &out
}

func sliceRows[T any](s []T, lo, hi int) []T {
	if s == nil {
		return nil
	}
	return s[lo:hi:hi]
}

// sliceNulls copies only where bits above hi have to be cleared.
func sliceNulls(nulls Bitmap, lo, hi int) Bitmap {
	out := nulls[lo/64 : (hi+63)/64]
	if hi%64 == 0 || out[len(out)-1]>>(uint(hi)%64) == 0 {
		return out
	}
	out = append(Bitmap(nil), out...)
	out[len(out)-1] &= 1<<(uint(hi)%64) - 1
	return out
}
