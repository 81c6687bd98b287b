package vec

import "math/bits"

// Bitmap is a set of row numbers, bit i%64 of word i/64 for row i. A bitmap for
// n rows has at least (n+63)/64 words; bits at and above n are zero.
type Bitmap []uint64

// NewBitmap returns an empty bitmap for n rows.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// Get reports whether row i is in the set.
func (b Bitmap) Get(i int) bool { return b[i>>6]>>(uint(i)&63)&1 != 0 }

// Set puts row i into the set.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear takes row i out of the set.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// Count returns the number of rows in the set.
func (b Bitmap) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Selection names rows of a batch in ascending order. nil means all rows; an
// empty, non-nil selection means none.
type Selection []uint32

// At returns the k-th selected row.
func (s Selection) At(k int) int {
	if s == nil {
		return k
	}
	return int(s[k])
}

// Count returns how many of n rows s selects.
func (s Selection) Count(n int) int {
	if s == nil {
		return n
	}
	return len(s)
}

// Bitmap returns s as a bitmap for n rows.
func (s Selection) Bitmap(n int) Bitmap {
	b := NewBitmap(n)
	if s == nil {
		for i := range b {
			b[i] = ^uint64(0)
		}
		if n&63 != 0 {
			b[len(b)-1] = 1<<(uint(n)&63) - 1
		}
		return b
	}
	for _, i := range s {
		b.Set(int(i))
	}
	return b
}
