package parquet

import (
	"math/bits"
	"sync"
	"unsafe"

	"github.com/meshql/meshql/engine/vec"
)

// slab is pooled memory, aligned to 8 bytes, of a power of two in size.
type slab []uint64

const (
	minSlab = 12 // log2 of bytes
	maxSlab = 26
)

// slabs holds free slabs by size, for reuse across reads.
var slabs [maxSlab + 1]sync.Pool

// memory is what one read holds, charged to its query's budget before it is
// allocated. It is used by one goroutine.
type memory struct {
	budget *vec.Budget
	held   int64
	live   map[*uint64]slab
}

// reserve charges n bytes that are not pooled, until free.
func (m *memory) reserve(n int) error {
	if err := m.budget.Reserve(int64(n)); err != nil {
		return err
	}
	m.held += int64(n)
	return nil
}

// get returns a slab of n bytes at least, with undefined content.
func (m *memory) get(n int) (slab, error) {
	class := max(minSlab, bits.Len(uint(max(n, 1)-1)))
	size := 1 << class
	if class > maxSlab {
		size = (n + 7) &^ 7
	}
	if err := m.reserve(size); err != nil {
		return nil, err
	}
	var s slab
	if class <= maxSlab {
		if p, ok := slabs[class].Get().(*slab); ok {
			s = *p
		}
	}
	if s == nil {
		s = make(slab, size/8)
	}
	if m.live == nil {
		m.live = make(map[*uint64]slab)
	}
	m.live[unsafe.SliceData(s)] = s
	return s, nil
}

// put gives a slab of get back before free does.
func (m *memory) put(s slab) {
	if s == nil {
		return
	}
	delete(m.live, unsafe.SliceData(s))
	m.held -= int64(len(s) * 8)
	m.budget.Release(int64(len(s) * 8))
	recycle(s)
}

// free gives everything back.
func (m *memory) free() {
	for _, s := range m.live {
		recycle(s)
	}
	m.live = nil
	m.budget.Release(m.held)
	m.held = 0
}

// abandon ends the charge and leaves the memory to whoever still refers to it.
func (m *memory) abandon() {
	m.live = nil
	m.budget.Release(m.held)
	m.held = 0
}

func recycle(s slab) {
	if class := bits.Len(uint(len(s)*8 - 1)); class <= maxSlab && len(s)*8 == 1<<class {
		slabs[class].Put(&s)
	}
}

// scratch is a buffer that grows and is reused.
type scratch struct{ s slab }

// grow makes room for n bytes; the content is undefined.
func (b *scratch) grow(m *memory, n int) error {
	if len(b.s)*8 >= n && b.s != nil {
		return nil
	}
	m.put(b.s)
	b.s = nil
	s, err := m.get(n)
	if err != nil {
		return err
	}
	b.s = s
	return nil
}

// extend makes room for n bytes and keeps the first used ones.
func (b *scratch) extend(m *memory, used, n int) error {
	if len(b.s)*8 >= n && b.s != nil {
		return nil
	}
	s, err := m.get(n)
	if err != nil {
		return err
	}
	copy(viewOf[byte](s, used), viewOf[byte](b.s, used))
	m.put(b.s)
	b.s = s
	return nil
}

// viewOf is s as n values of T, which must hold no pointer.
func viewOf[T any](s slab, n int) []T {
	var x T
	if n == 0 {
		return []T{}
	}
	if n*int(unsafe.Sizeof(x)) > len(s)*8 {
		panic("parquet: view beyond its slab")
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), n)
}

// bytesOf is the memory of s, whose values hold no pointer.
func bytesOf[T any](s []T) []byte {
	var x T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(x)))
}

// aliasOf is b as values of T without a copy, if b is aligned for T and T is
// stored as Parquet does.
func aliasOf[T any](b []byte, n int) ([]T, bool) {
	var x T
	if n == 0 {
		return []T{}, true
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if len(b) < n*int(unsafe.Sizeof(x)) || uintptr(p)%unsafe.Alignof(x) != 0 || !littleEndian {
		return nil, false
	}
	return unsafe.Slice((*T)(p), n), true
}

// littleEndian reports whether this machine stores numbers as Parquet does.
var littleEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}()
