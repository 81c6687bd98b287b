package parquet

import (
	"math"
	"unsafe"

	"github.com/meshql/meshql/engine/vec"
)

// maxBatchBytes is the most that the strings of a batch may take together.
const maxBatchBytes = 1 << 30

// lane collects the values of a batch of one column in its kind.
type lane interface {
	// alias makes v the n values of d from the given one on without moving
	// them, or reports that it cannot.
	alias(v *vec.Vector, d *dense, from, n int) bool
	// begin starts a batch of n rows.
	begin(n int) error
	// put converts the n values of d from the given one on to the rows from at.
	put(d *dense, from, n, at int) error
	// gather puts the dictionary's values of codes to the rows from at.
	gather(dict *vec.Vector, codes []uint32, at int) error
	// spread moves the n values at row at to the rows of valid's bits
	// [row, row+rows), counted from at.
	spread(at, n int, valid vec.Bitmap, row, rows int)
	// blank leaves the rows [at, at+n) undefined.
	blank(at, n int)
	// finish makes v the batch.
	finish(v *vec.Vector)
	// dictionary converts all values of d to a flat vector; it may alias d.
	dictionary(d *dense) (*vec.Vector, error)
}

// convert fills dst with the values of d from the given one on.
type convert[T any] func(dst []T, d *dense, from int) error

// flatLane is the lane of all kinds but Bytes.
type flatLane[T any] struct {
	mem     *memory
	convert convert[T]
	same    bool // the stored form is T
	values  func(*vec.Vector) *[]T
	kind    vec.Kind
	buf     scratch
	out     []T
}

func (l *flatLane[T]) alias(v *vec.Vector, d *dense, from, n int) bool {
	if !l.same {
		return false
	}
	s, ok := aliasOf[T](d.data[from*d.width:(from+n)*d.width], n)
	if ok {
		*l.values(v) = s
	}
	return ok
}

func (l *flatLane[T]) begin(n int) error {
	var x T
	if err := l.buf.grow(l.mem, n*int(unsafe.Sizeof(x))); err != nil {
		return err
	}
	l.out = viewOf[T](l.buf.s, n)
	return nil
}

func (l *flatLane[T]) put(d *dense, from, n, at int) error {
	out := l.out[at : at+n]
	if l.same && littleEndian {
		copy(bytesOf(out), d.data[from*d.width:(from+n)*d.width])
		return nil
	}
	return l.convert(out, d, from)
}

func (l *flatLane[T]) gather(dict *vec.Vector, codes []uint32, at int) error {
	values, out := *l.values(dict), l.out[at:at+len(codes)]
	for i, c := range codes {
		out[i] = values[c]
	}
	return nil
}

func (l *flatLane[T]) spread(at, n int, valid vec.Bitmap, row, rows int) {
	spread(l.out[at:at+rows], n, valid, row)
}

func (l *flatLane[T]) blank(at, n int)      {}
func (l *flatLane[T]) finish(v *vec.Vector) { *l.values(v) = l.out }

func (l *flatLane[T]) dictionary(d *dense) (*vec.Vector, error) {
	v := &vec.Vector{Kind: l.kind, N: d.n}
	if l.alias(v, d, 0, d.n) {
		return v, nil
	}
	if err := l.mem.reserve(d.n * 16); err != nil {
		return nil, err
	}
	s := make([]T, d.n)
	*l.values(v) = s
	return v, l.convert(s, d, 0)
}

// spread moves the first n values of s to the places i of s where bit row+i of
// valid is set. It goes from the end, so that none is overwritten before it has
// moved; a place without a bit gets some value of s.
func spread[T any](s []T, n int, valid vec.Bitmap, row int) {
	for i := len(s) - 1; i >= n && n > 0; i-- { // from i < n on all are in place
		s[i] = s[n-1]
		n -= int(valid[(row+i)>>6] >> (uint(row+i) & 63) & 1)
	}
}

// stringLane is the lane of kind Bytes. text, if set, appends the text of a
// stored value; else values are taken as they are.
type stringLane struct {
	mem  *memory
	text func(dst, src []byte) []byte
	size int // of a text
	data scratch
	offs scratch
	used int
	off  []uint32
}

func (l *stringLane) alias(v *vec.Vector, d *dense, from, n int) bool {
	if l.text != nil || d.off == nil {
		return false
	}
	v.Str = vec.Strings{Data: d.data, Off: d.off[from : from+n+1], Gap: d.gap}
	return true
}

func (l *stringLane) begin(n int) error {
	if err := l.offs.grow(l.mem, (n+1)*4); err != nil {
		return err
	}
	l.off = viewOf[uint32](l.offs.s, n+1)
	l.off[0], l.used = 0, 0
	return nil
}

// room makes place for n more bytes and returns all the data with it.
func (l *stringLane) room(n int) ([]byte, error) {
	if l.used+n > maxBatchBytes {
		return nil, tooLarge("the strings of a batch have more than %d bytes", maxBatchBytes)
	}
	if err := l.data.extend(l.mem, l.used, l.used+n); err != nil {
		return nil, err
	}
	return viewOf[byte](l.data.s, l.used+n), nil
}

func (l *stringLane) put(d *dense, from, n, at int) error {
	off := l.off[at+1 : at+1+n]
	switch {
	case l.text != nil:
		buf, err := l.room(n * l.size)
		if err != nil {
			return err
		}
		for i := range off {
			src := d.data[(from+i)*d.width:][:d.width]
			l.used += len(l.text(buf[l.used:l.used], src))
			off[i] = uint32(l.used)
		}
	case d.off == nil:
		buf, err := l.room(n * d.width)
		if err != nil {
			return err
		}
		copy(buf[l.used:], d.data[from*d.width:(from+n)*d.width])
		for i := range off {
			l.used += d.width
			off[i] = uint32(l.used)
		}
	default:
		starts := d.off[from : from+n+1]
		buf, err := l.room(int(starts[n]-starts[0]) + shortString)
		if err != nil {
			return err
		}
		at := l.used
		for i := range off {
			at += copyString(buf[at:], d.data[starts[i]:], int(starts[i+1]-d.gap-starts[i]))
			off[i] = uint32(at)
		}
		l.used = at
	}
	return nil
}

func (l *stringLane) gather(dict *vec.Vector, codes []uint32, at int) error {
	size := 0
	for _, c := range codes {
		size += int(dict.Str.Off[c+1] - dict.Str.Off[c])
		if size > maxBatchBytes {
			break
		}
	}
	buf, err := l.room(size + shortString)
	if err != nil {
		return err
	}
	s := &dict.Str
	for i, c := range codes {
		l.used += copyString(buf[l.used:], s.Data[s.Off[c]:], int(s.Off[c+1]-s.Gap-s.Off[c]))
		l.off[at+1+i] = uint32(l.used)
	}
	return nil
}

const shortString = 16

// copyString copies the first n bytes of src, and perhaps some after them, to
// dst, which has room for shortString bytes more.
func copyString(dst, src []byte, n int) int {
	if n <= shortString && len(src) >= shortString {
		*(*[shortString]byte)(dst) = *(*[shortString]byte)(src)
		return n
	}
	return copy(dst, src[:n])
}

func (l *stringLane) spread(at, n int, valid vec.Bitmap, row, rows int) {
	off := l.off[at : at+rows+1]
	for i := rows - 1; i >= 0; i-- {
		off[i+1] = off[n]
		if valid.Get(row + i) {
			n--
		}
	}
}

func (l *stringLane) blank(at, n int) { fill(l.off[at+1:at+1+n], uint32(l.used)) }

func (l *stringLane) finish(v *vec.Vector) {
	v.Str = vec.Strings{Data: viewOf[byte](l.data.s, l.used), Off: l.off}
}

func (l *stringLane) dictionary(d *dense) (*vec.Vector, error) {
	v := &vec.Vector{Kind: vec.Bytes, N: d.n}
	size := max(l.size, d.width)
	if !l.alias(v, d, 0, d.n) {
		if d.n > math.MaxInt32/size {
			return nil, tooLarge("a dictionary has too many values")
		}
		if err := l.mem.reserve(d.n * (size + 4)); err != nil {
			return nil, err
		}
		own := &stringLane{text: l.text, size: l.size, mem: &memory{}}
		if err := own.begin(d.n); err != nil {
			return nil, err
		}
		if err := own.put(d, 0, d.n, 0); err != nil {
			return nil, err
		}
		own.finish(v)
	}
	return v, nil
}
