package exec

import (
	"fmt"
	"math"

	"github.com/meshql/meshql/engine/vec"
)

// noSlot is the slot of a key that an index does not hold.
const noSlot = math.MaxUint32

// maxSlots bounds an index and a table of rows: rows are numbered by int32.
const maxSlots = math.MaxInt32

// keyIndex maps keys, of one or more columns, to dense slot numbers 0, 1, 2 …
// in the order in which they first appear. Aggregates, joins, DISTINCT and set
// operations share it: what they keep a key is an array by slot. NULL is a key
// value and equals NULL.
//
// A key is packed into words of 64 bits, a column one or two; a string is
// interned into a number first. Keys of more than one word are preceded by one
// with a bit for each column that is NULL. Keys are found by open
// addressing. An index is read by any number of cursors at a time, or changed
// by one.
type keyIndex struct {
	mem   account
	cols  []keyColumn
	width int      // words a key
	words []uint64 // the key of slot s is words[s*width:(s+1)*width]
	table []uint32 // slot+1, 0 where empty; the length is a power of two
	n     int
	null  uint32 // the slot of NULL where keys are one word
}

// keyColumn is a column of a key.
type keyColumn struct {
	kind    vec.Kind
	word    int          // its first word
	strings *stringIndex // of a Bytes column
}

// newKeyIndex returns an empty index for keys of the given kinds, of which
// there is at least one.
func newKeyIndex(kinds []vec.Kind, budget *vec.Budget) *keyIndex {
	x := &keyIndex{mem: account{budget: budget}, null: noSlot}
	if len(kinds) > 1 || kinds[0] == vec.I128 {
		x.width = (len(kinds) + 63) / 64
	}
	for _, k := range kinds {
		c := keyColumn{kind: k, word: x.width}
		x.width++
		switch k {
		case vec.Bytes:
			c.strings = newStringIndex(budget)
		case vec.I128:
			x.width++
		case vec.Bool, vec.I32, vec.I64, vec.U64, vec.F64, vec.Invalid:
		}
		x.cols = append(x.cols, c)
	}
	return x
}

// len returns the number of slots.
func (x *keyIndex) len() int {
	if s := x.onlyStrings(); s != nil {
		return s.len()
	}
	return x.n
}

// onlyStrings returns the strings of an index over one Bytes column: their
// numbers are the slots.
func (x *keyIndex) onlyStrings() *stringIndex {
	if len(x.cols) == 1 {
		return x.cols[0].strings
	}
	return nil
}

// release gives the memory back; the index is not used afterwards.
func (x *keyIndex) release() {
	if x == nil {
		return
	}
	for _, c := range x.cols {
		if c.strings != nil {
			c.strings.release()
		}
	}
	x.mem.free()
	x.words, x.table = nil, nil
}

// room makes the table large enough for n slots.
func (x *keyIndex) room(n int) error {
	if n > maxSlots {
		return fmt.Errorf("exec: %d keys: %w", n, vec.ErrBudget)
	}
	if 2*n <= len(x.table) {
		return nil
	}
	size := 64
	for size < 2*n {
		size *= 2
	}
	old := int64(len(x.table)) * 4
	if err := x.mem.reserve(int64(size) * 4); err != nil {
		return err
	}
	x.table = make([]uint32, size)
	x.mem.release(old)
	mask := uint64(size - 1)
	var hashes []uint64
	for s := 0; s < x.n; s += vec.BatchRows {
		e := min(s+vec.BatchRows, x.n)
		hashes = vec.HashWords(x.words[s*x.width:e*x.width], x.width, hashes)
		for k, h := range hashes {
			if uint32(s+k) == x.null {
				continue
			}
			p := h & mask
			for x.table[p] != 0 {
				p = (p + 1) & mask
			}
			x.table[p] = uint32(s+k) + 1
		}
	}
	return nil
}

// keyCursor looks keys up in an index for one goroutine. A cursor either inserts
// or finds: what it remembers of dictionaries serves one of the two.
type keyCursor struct {
	x      *keyIndex
	packed []uint64
	hashes []uint64
	memos  []dictMemo // a column
	// fresh are, after insert, the rows whose keys were new, in slot order.
	fresh vec.Selection
}

func (x *keyIndex) cursor() *keyCursor {
	return &keyCursor{x: x, memos: make([]dictMemo, len(x.cols))}
}

// insert returns the slots of the keys of the selected rows of cols, n rows
// long, adding those that are not there: slots[k] is that of the k-th selected
// row. The result reuses slots.
func (c *keyCursor) insert(cols []*vec.Vector, n int, sel vec.Selection, slots []uint32) ([]uint32, error) {
	x, m := c.x, sel.Count(n)
	slots = scratch(slots, m)
	c.fresh = c.fresh[:0]
	if m == 0 {
		return slots, nil
	}
	if s := x.onlyStrings(); s != nil {
		return slots, s.insert(cols[0], sel, slots, &c.memos[0], &c.fresh)
	}
	if err := c.pack(cols, n, sel, true); err != nil {
		return slots, err
	}
	if err := x.room(x.n + m); err != nil {
		return slots, err
	}
	words, err := extend(&x.mem, x.words, (x.n+m)*x.width)
	if err != nil {
		return slots, err
	}
	x.words = words[:x.n*x.width]
	c.hashes = vec.HashWords(c.packed, x.width, c.hashes)
	if x.width == 1 {
		c.insertOne(cols[0], sel, slots)
	} else {
		c.insertWide(sel, slots)
	}
	return slots, nil
}

func (c *keyCursor) insertOne(v *vec.Vector, sel vec.Selection, slots []uint32) {
	x := c.x
	mask := uint64(len(x.table) - 1)
	for k, w := range c.packed {
		if v.Nulls != nil && v.IsNull(rowAt(sel, k)) {
			if x.null == noSlot {
				x.null = uint32(x.n)
				x.words = append(x.words, 0) // in no table: never found as 0
				x.n++
				c.fresh = append(c.fresh, uint32(rowAt(sel, k)))
			}
			slots[k] = x.null
			continue
		}
		p := c.hashes[k] & mask
		for {
			s := x.table[p]
			if s == 0 {
				x.n++
				s = uint32(x.n)
				x.table[p] = s
				x.words = append(x.words, w)
				c.fresh = append(c.fresh, uint32(rowAt(sel, k)))
			} else if x.words[s-1] != w {
				p = (p + 1) & mask
				continue
			}
			slots[k] = s - 1
			break
		}
	}
}

func (c *keyCursor) insertWide(sel vec.Selection, slots []uint32) {
	x, width := c.x, c.x.width
	mask := uint64(len(x.table) - 1)
	for k := range slots {
		key := c.packed[k*width : (k+1)*width]
		p := c.hashes[k] & mask
		for {
			s := x.table[p]
			if s == 0 {
				x.n++
				s = uint32(x.n)
				x.table[p] = s
				x.words = append(x.words, key...)
				c.fresh = append(c.fresh, uint32(rowAt(sel, k)))
			} else if !equalWords(x.words[int(s-1)*width:int(s)*width], key) {
				p = (p + 1) & mask
				continue
			}
			slots[k] = s - 1
			break
		}
	}
}

// find is insert that adds nothing: a key that is not there has noSlot.
func (c *keyCursor) find(cols []*vec.Vector, n int, sel vec.Selection, slots []uint32) ([]uint32, error) {
	x := c.x
	slots = scratch(slots, sel.Count(n))
	if len(slots) == 0 {
		return slots, nil
	}
	if s := x.onlyStrings(); s != nil {
		s.find(cols[0], sel, slots, &c.memos[0])
		return slots, nil
	}
	if x.n == 0 {
		for k := range slots {
			slots[k] = noSlot
		}
		return slots, nil
	}
	if err := c.pack(cols, n, sel, false); err != nil {
		return slots, err
	}
	c.hashes = vec.HashWords(c.packed, x.width, c.hashes)
	width, mask := x.width, uint64(len(x.table)-1)
	if width > 1 {
		for k := range slots {
			key := c.packed[k*width : (k+1)*width]
			p := c.hashes[k] & mask
			s := x.table[p]
			for s != 0 && !equalWords(x.words[int(s-1)*width:int(s)*width], key) {
				p = (p + 1) & mask
				s = x.table[p]
			}
			slots[k] = s - 1 // 0-1 is noSlot
		}
		return slots, nil
	}
	for k, w := range c.packed {
		p := c.hashes[k] & mask
		s := x.table[p]
		for s != 0 && x.words[s-1] != w {
			p = (p + 1) & mask
			s = x.table[p]
		}
		slots[k] = s - 1
	}
	if v := cols[0]; v.Nulls != nil {
		for k := range slots {
			if v.IsNull(rowAt(sel, k)) {
				slots[k] = x.null
			}
		}
	}
	return slots, nil
}

func equalWords(a, b []uint64) bool {
	for i, w := range a {
		if w != b[i] {
			return false
		}
	}
	return true
}

// rowAt returns the row of position k of sel.
func rowAt(sel vec.Selection, k int) int {
	if sel == nil {
		return k
	}
	return int(sel[k])
}
