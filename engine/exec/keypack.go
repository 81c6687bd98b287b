package exec

import "github.com/meshql/meshql/engine/vec"

// pack fills c.packed with the keys of the selected rows. Strings that are not
// in the index are added to it, or get a number that no key has.
func (c *keyCursor) pack(cols []*vec.Vector, n int, sel vec.Selection, add bool) error {
	x, m := c.x, sel.Count(n)
	c.packed = scratch(c.packed, m*x.width)
	for w := range x.cols[0].word { // the words of NULL bits
		for k := range m {
			c.packed[k*x.width+w] = 0
		}
	}
	for i, v := range cols {
		col := &x.cols[i]
		if col.strings != nil {
			if err := c.packStrings(i, v, m, sel, add); err != nil {
				return err
			}
			continue
		}
		packColumn(c.packed[col.word:], x.width, v, m, sel)
		if v.Nulls != nil && x.width > 1 {
			c.packNulls(i, v, m, sel)
		}
	}
	return nil
}

// packColumn writes the words of a column of fixed width, every width words.
func packColumn(dst []uint64, width int, v *vec.Vector, m int, sel vec.Selection) {
	if v.Kind == vec.I64 && v.Form == vec.Dictionary && v.Dict.Values.N > 0 {
		packCodes(dst, width, v.Dict.Values.I64, &v.Codes, m, sel)
		return
	}
	if v.Form != vec.Flat {
		v = vec.FlattenSel(v, sel)
	}
	switch v.Kind {
	case vec.I32:
		packWords(dst, width, v.I32, m, sel)
	case vec.I64:
		packWords(dst, width, v.I64, m, sel)
	case vec.U64:
		packWords(dst, width, v.U64, m, sel)
	case vec.F64:
		for k := range m {
			dst[k*width] = vec.FloatKey(v.F64[rowAt(sel, k)])
		}
	case vec.Bool:
		for k := range m {
			dst[k*width] = 0
			if v.Bool[rowAt(sel, k)] {
				dst[k*width] = 1
			}
		}
	case vec.I128:
		for k := range m {
			u := v.I128[rowAt(sel, k)]
			dst[k*width], dst[k*width+1] = uint64(u.Hi), u.Lo
		}
	case vec.Bytes, vec.Invalid:
	}
}

// packNulls gives the NULLs of column i one value and sets their bit.
func (c *keyCursor) packNulls(i int, v *vec.Vector, m int, sel vec.Selection) {
	width, col := c.x.width, &c.x.cols[i]
	for k := range m {
		if !v.IsNull(rowAt(sel, k)) {
			continue
		}
		key := c.packed[k*width : (k+1)*width]
		key[i/64] |= 1 << (i % 64)
		key[col.word] = 0
		if col.kind == vec.I128 {
			key[col.word+1] = 0
		}
	}
}

func (c *keyCursor) packStrings(i int, v *vec.Vector, m int, sel vec.Selection, add bool) error {
	col, width := &c.x.cols[i], c.x.width
	memo := &c.memos[i]
	memo.ids = scratch(memo.ids, m)
	if add {
		if err := col.strings.insert(v, sel, memo.ids, memo, nil); err != nil {
			return err
		}
	} else {
		col.strings.find(v, sel, memo.ids, memo)
	}
	dst := c.packed[col.word:]
	for k, id := range memo.ids {
		dst[k*width] = uint64(id)
	}
	return nil
}

func packWords[T int32 | int64 | uint64](dst []uint64, width int, v []T, m int, sel vec.Selection) {
	switch {
	case sel == nil && width == 1:
		for k, x := range v[:m] {
			dst[k] = uint64(x)
		}
	case sel == nil:
		for k, x := range v[:m] {
			dst[k*width] = uint64(x)
		}
	default:
		for k, i := range sel {
			dst[k*width] = uint64(v[i])
		}
	}
}

// packCodes packs integers held as codes.
func packCodes(dst []uint64, width int, values []int64, c *vec.Codes, m int, sel vec.Selection) {
	switch {
	case c.U8 != nil:
		packWidth(dst, width, values, c.U8, m, sel)
	case c.U16 != nil:
		packWidth(dst, width, values, c.U16, m, sel)
	default:
		packWidth(dst, width, values, c.U32, m, sel)
	}
}

func packWidth[C uint8 | uint16 | uint32](dst []uint64, width int, values []int64, codes []C, m int, sel vec.Selection) {
	if sel == nil {
		for k, c := range codes[:m] {
			dst[k*width] = uint64(values[c])
		}
		return
	}
	for k, i := range sel {
		dst[k*width] = uint64(values[codes[i]])
	}
}
