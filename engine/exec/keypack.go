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
		if v.Form != vec.Flat {
			v = vec.FlattenSel(v, sel)
		}
		dst := c.packed[col.word:]
		switch col.kind {
		case vec.I32:
			packWords(dst, x.width, v.I32, m, sel)
		case vec.I64:
			packWords(dst, x.width, v.I64, m, sel)
		case vec.U64:
			packWords(dst, x.width, v.U64, m, sel)
		case vec.F64:
			for k := range m {
				dst[k*x.width] = vec.FloatKey(v.F64[rowAt(sel, k)])
			}
		case vec.Bool:
			for k := range m {
				dst[k*x.width] = 0
				if v.Bool[rowAt(sel, k)] {
					dst[k*x.width] = 1
				}
			}
		case vec.I128:
			for k := range m {
				u := v.I128[rowAt(sel, k)]
				dst[k*x.width], dst[k*x.width+1] = uint64(u.Hi), u.Lo
			}
		case vec.Bytes, vec.Invalid:
		}
		if v.Nulls != nil && x.width > 1 {
			c.packNulls(i, v, m, sel)
		}
	}
	return nil
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
