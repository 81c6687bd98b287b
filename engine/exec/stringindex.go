package exec

import (
	"fmt"
	"hash/maphash"

	"github.com/meshql/meshql/engine/vec"
)

// stringIndex numbers distinct byte strings 0, 1, 2 … in the order in which
// they first appear; NULL is one of them. Its memory holds no pointers.
type stringIndex struct {
	mem    account
	data   []byte
	ends   []uint32 // where string i ends in data
	hashes []uint32 // the high half of string i's hash
	table  []uint32 // number+1, 0 where empty; the length is a power of two
	null   uint32   // the number of NULL, or noSlot
}

func newStringIndex(budget *vec.Budget) *stringIndex {
	return &stringIndex{mem: account{budget: budget}, null: noSlot}
}

// stringSeed keeps inputs from being made to collide.
var stringSeed = maphash.MakeSeed()

func (x *stringIndex) len() int { return len(x.ends) }

func (x *stringIndex) release() {
	x.mem.free()
	x.data, x.ends, x.hashes, x.table = nil, nil, nil, nil
}

func (x *stringIndex) at(i uint32) []byte {
	var from uint32
	if i > 0 {
		from = x.ends[i-1]
	}
	return x.data[from:x.ends[i]]
}

// dictMemo remembers, for one cursor and column, the numbers of the values of
// the dictionaries seen last, so that a row costs one look-up by code.
type dictMemo struct {
	ids   []uint32 // scratch
	dict  *vec.Dict
	codes []uint32 // by code: number+1 (insert) or number+2 (find), 0: not looked up yet
}

// start readies the memo for d, or reports that d is too large to be worth it
// for m rows.
func (m *dictMemo) start(d *vec.Dict, rows int) bool {
	if m.dict == d {
		return true
	}
	if d.Values.N > 8*rows && d.Values.N > 1<<16 {
		return false
	}
	m.dict = d
	m.codes = scratch(m.codes, d.Values.N)
	clear(m.codes)
	return true
}

// insert writes the numbers of the selected rows of v to ids, by position, and
// adds strings that are not there; the rows that were new are appended to
// fresh, if it is not nil.
func (x *stringIndex) insert(v *vec.Vector, sel vec.Selection, ids []uint32, memo *dictMemo, fresh *vec.Selection) error {
	byCode := v.Form == vec.Dictionary && memo.start(v.Dict, len(ids))
	if v.Form == vec.Constant && len(ids) > 0 {
		if err := x.insertRow(v, rowAt(sel, 0), &ids[0], fresh); err != nil {
			return err
		}
		for k := range ids {
			ids[k] = ids[0]
		}
		return nil
	}
	for k := range ids {
		i := rowAt(sel, k)
		if byCode && !v.IsNull(i) {
			known := &memo.codes[v.Codes.At(i)]
			if *known == 0 {
				if err := x.insertRow(v, i, known, fresh); err != nil {
					*known = 0
					return err
				}
				*known++
			}
			ids[k] = *known - 1
			continue
		}
		if err := x.insertRow(v, i, &ids[k], fresh); err != nil {
			return err
		}
	}
	return nil
}

func (x *stringIndex) insertRow(v *vec.Vector, i int, id *uint32, fresh *vec.Selection) error {
	if v.IsNull(i) {
		if x.null == noSlot {
			if err := x.append(nil, 0, fresh, i); err != nil {
				return err
			}
			x.null = uint32(x.len() - 1) // in no table: never found as ""
		}
		*id = x.null
		return nil
	}
	if err := x.room(x.len() + 1); err != nil {
		return err
	}
	s := v.BytesAt(i)
	h := maphash.Bytes(stringSeed, s)
	p, n := x.seek(s, h)
	if n == noSlot {
		if err := x.append(s, h, fresh, i); err != nil {
			return err
		}
		n = uint32(x.len() - 1)
		x.table[p] = n + 1
	}
	*id = n
	return nil
}

// find is insert that adds nothing: a string that is not there has noSlot.
func (x *stringIndex) find(v *vec.Vector, sel vec.Selection, ids []uint32, memo *dictMemo) {
	if len(x.table) == 0 {
		for k := range ids {
			ids[k] = noSlot
			if v.IsNull(rowAt(sel, k)) {
				ids[k] = x.null
			}
		}
		return
	}
	byCode := v.Form == vec.Dictionary && memo.start(v.Dict, len(ids))
	if v.Form == vec.Constant && len(ids) > 0 {
		id := x.findRow(v, rowAt(sel, 0))
		for k := range ids {
			ids[k] = id
		}
		return
	}
	for k := range ids {
		i := rowAt(sel, k)
		if byCode && !v.IsNull(i) {
			known := &memo.codes[v.Codes.At(i)]
			if *known == 0 {
				*known = x.findRow(v, i) + 2 // noSlot becomes 1
			}
			ids[k] = *known - 2
			continue
		}
		ids[k] = x.findRow(v, i)
	}
}

func (x *stringIndex) findRow(v *vec.Vector, i int) uint32 {
	if v.IsNull(i) {
		return x.null
	}
	s := v.BytesAt(i)
	_, n := x.seek(s, maphash.Bytes(stringSeed, s))
	return n
}

// seek returns the number of s, or noSlot and the place in the table for it.
func (x *stringIndex) seek(s []byte, h uint64) (uint64, uint32) {
	mask, high := uint64(len(x.table)-1), uint32(h>>32)
	p := h & mask
	for {
		n := x.table[p]
		if n == 0 {
			return p, noSlot
		}
		if x.hashes[n-1] == high && string(x.at(n-1)) == string(s) {
			return p, n - 1
		}
		p = (p + 1) & mask
	}
}

// append adds s as row i's.
func (x *stringIndex) append(s []byte, h uint64, fresh *vec.Selection, i int) error {
	n, end := x.len(), len(x.data)+len(s)
	if n >= maxSlots || end > 1<<32-1 {
		return fmt.Errorf("exec: strings beyond 4 GiB: %w", vec.ErrBudget)
	}
	data, err := extend(&x.mem, x.data, end)
	if err != nil {
		return err
	}
	hashes, err := extend(&x.mem, x.hashes, n+1)
	if err != nil {
		return err
	}
	ends, err := extend(&x.mem, x.ends, n+1)
	if err != nil {
		return err
	}
	copy(data[end-len(s):], s)
	hashes[n], ends[n] = uint32(h>>32), uint32(end)
	x.data, x.hashes, x.ends = data, hashes, ends
	if fresh != nil {
		*fresh = append(*fresh, uint32(i))
	}
	return nil
}

// room makes the table large enough for n strings.
func (x *stringIndex) room(n int) error {
	if 2*n <= len(x.table) {
		return nil
	}
	size := max(64, 2*len(x.table))
	old := int64(len(x.table)) * 4
	if err := x.mem.reserve(int64(size) * 4); err != nil {
		return err
	}
	x.table = make([]uint32, size)
	x.mem.release(old)
	mask := uint64(size - 1)
	for i := range x.ends {
		if uint32(i) == x.null {
			continue
		}
		p := maphash.Bytes(stringSeed, x.at(uint32(i))) & mask
		for x.table[p] != 0 {
			p = (p + 1) & mask
		}
		x.table[p] = uint32(i) + 1
	}
	return nil
}
