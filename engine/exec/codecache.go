package exec

import "github.com/meshql/meshql/engine/vec"

// maxCodes is the most combinations of dictionary codes that a codeCache keeps.
const maxCodes = 1 << 16

// codeCache remembers the slots of combinations of dictionary codes, so that
// grouping by columns of few values costs an array look-up a row.
type codeCache struct {
	dicts []*vec.Dict
	slots []uint32 // slot+1 by combined code; 0 unknown, noSlot pending
	codes []uint32 // scratch: combined code by position
}

// fits reports whether the cache serves these keys, and readies it for them.
func (c *codeCache) fits(keys []*vec.Vector) bool {
	size, same := 1, len(c.dicts) == len(keys)
	for i, v := range keys {
		if v.Form != vec.Dictionary {
			return false
		}
		if size *= v.Dict.Values.N + 1; size > maxCodes {
			return false
		}
		same = same && c.dicts[i] == v.Dict
	}
	if same {
		return true
	}
	c.dicts = c.dicts[:0]
	for _, v := range keys {
		c.dicts = append(c.dicts, v.Dict)
	}
	if cap(c.slots) < size {
		c.slots = make([]uint32, size)
	}
	c.slots = c.slots[:size]
	clear(c.slots)
	return true
}

// lookup writes the slots of the selected rows of keys; those of combinations
// that are new come from insert, which is given one row of each.
func (c *codeCache) lookup(keys []*vec.Vector, n int, sel vec.Selection, slots []uint32, insert func(vec.Selection) ([]uint32, error)) ([]uint32, error) {
	m := sel.Count(n)
	slots = scratch(slots, m)
	c.codes = scratch(c.codes, m)
	clear(c.codes)
	for _, v := range keys {
		combineCodes(c.codes, v, sel)
	}
	var fresh vec.Selection
	for k, code := range c.codes {
		s := c.slots[code]
		if s == 0 {
			c.slots[code] = noSlot
			fresh = append(fresh, uint32(rowAt(sel, k)))
		}
		slots[k] = s - 1
	}
	if fresh == nil {
		return slots, nil
	}
	added, err := insert(fresh)
	if err != nil {
		return slots, err
	}
	j := 0
	for k, code := range c.codes {
		if c.slots[code] == noSlot { // the first row of a pending code, in order
			c.slots[code] = added[j] + 1
			j++
		}
		slots[k] = c.slots[code] - 1
	}
	return slots, nil
}

// combineCodes appends v's codes as the lowest digit of each combined code;
// NULL is the digit above all codes.
func combineCodes(dst []uint32, v *vec.Vector, sel vec.Selection) {
	base := uint32(v.Dict.Values.N + 1)
	switch {
	case v.Nulls != nil || v.Dict.Values.N == 0:
		for k := range dst {
			i, digit := rowAt(sel, k), base-1
			if !v.IsNull(i) {
				digit = uint32(v.Codes.At(i))
			}
			dst[k] = dst[k]*base + digit
		}
	case v.Codes.U8 != nil:
		combineWidth(dst, base, v.Codes.U8, sel)
	case v.Codes.U16 != nil:
		combineWidth(dst, base, v.Codes.U16, sel)
	default:
		combineWidth(dst, base, v.Codes.U32, sel)
	}
}

func combineWidth[C uint8 | uint16 | uint32](dst []uint32, base uint32, codes []C, sel vec.Selection) {
	if sel == nil {
		for k := range dst {
			dst[k] = dst[k]*base + uint32(codes[k])
		}
		return
	}
	for k, i := range sel {
		dst[k] = dst[k]*base + uint32(codes[i])
	}
}
