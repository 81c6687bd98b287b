package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/meshql/meshql/engine/vec"
)

// hybrid reads the format's mix of run-length and bit-packed runs.
type hybrid struct {
	src    []byte
	width  uint // bits of a value, at most 32
	left   int  // values left in the run
	packed []byte
	at     int // index of the next value in a packed run
	value  uint32
}

// newHybrid reads values of the given width from src.
func newHybrid(src []byte, width uint) hybrid { return hybrid{src: src, width: width} }

// next starts the next run.
func (h *hybrid) next() error {
	if h.width == 0 { // all values are 0, whatever the runs say
		h.left, h.packed, h.value = 1<<31, nil, 0
		return nil
	}
	u, n := binary.Uvarint(h.src)
	if n <= 0 {
		return corrupt("a page has too few levels or codes")
	}
	h.src = h.src[n:]
	if u>>1 > 1<<31 {
		return corrupt("a run is too long")
	}
	count := int(u >> 1)
	if u&1 == 1 {
		size := min(count*int(h.width), len(h.src))
		h.left = min(count*8, size*8/int(h.width))
		h.packed, h.at = h.src[:size], 0
		h.src = h.src[size:]
		return nil
	}
	size := int(h.width+7) / 8
	if size > len(h.src) {
		return corrupt("a run is cut off")
	}
	h.value = 0
	for i, b := range h.src[:size] {
		h.value |= uint32(b) << (8 * i)
	}
	h.src = h.src[size:]
	h.left, h.packed = count, nil
	return nil
}

// skip passes over n values.
func (h *hybrid) skip(n int) error {
	for n > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
			continue
		}
		k := min(n, h.left)
		h.left -= k
		h.at += k
		n -= k
	}
	return nil
}

// readCodes fills dst with codes, all of which are below limit.
func readCodes[T uint8 | uint16 | uint32](h *hybrid, dst []T, limit uint32) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return err
			}
			continue
		}
		k := min(len(dst), h.left)
		run := dst[:k]
		if h.packed == nil {
			if h.value >= limit {
				return errCode()
			}
			fill(run, T(h.value))
		} else {
			if err := unpackCodes(run, h.packed, h.width, h.at, limit); err != nil {
				return err
			}
			h.at += k
		}
		h.left -= k
		dst = dst[k:]
	}
	return nil
}

func errCode() error { return corrupt("a code is beyond its dictionary") }

func fill[T any](dst []T, x T) {
	for i := range dst {
		dst[i] = x
	}
}

// unpackCodes unpacks values that may be wider than T and checks each against
// limit.
func unpackCodes[T uint8 | uint16 | uint32](dst []T, src []byte, width uint, at int, limit uint32) error {
	if 1<<width > uint64(^T(0))+1 {
		var wide [256]uint32
		for len(dst) > 0 {
			k := min(len(dst), len(wide))
			unpack(wide[:k], src, width, at)
			if highest(wide[:k]) >= limit {
				return errCode()
			}
			for i, x := range wide[:k] {
				dst[i] = T(x)
			}
			dst, at = dst[k:], at+k
		}
		return nil
	}
	unpack(dst, src, width, at)
	if 1<<width > uint64(limit) && uint32(highest(dst)) >= limit {
		return errCode()
	}
	return nil
}

func highest[T uint8 | uint16 | uint32](s []T) T {
	var m T
	for _, x := range s {
		m = max(m, x)
	}
	return m
}

// unpack fills dst with the values of width bits that start at index at of src,
// least significant bit first. src holds them all, and T is wide enough.
func unpack[T uint8 | uint16 | uint32](dst []T, src []byte, width uint, at int) {
	for at&7 != 0 && len(dst) > 0 {
		dst[0] = T(bitsAt(src, at*int(width), width))
		dst, at = dst[1:], at+1
	}
	src = src[at/8*int(width):]
	w, mask := width&63, uint64(1)<<width-1
	switch {
	case width <= 8:
		for len(dst) >= 8 && len(src) >= 8 {
			x, d := binary.LittleEndian.Uint64(src), dst[:8:8]
			d[0] = T(x & mask)
			x >>= w
			d[1] = T(x & mask)
			x >>= w
			d[2] = T(x & mask)
			x >>= w
			d[3] = T(x & mask)
			x >>= w
			d[4] = T(x & mask)
			x >>= w
			d[5] = T(x & mask)
			x >>= w
			d[6] = T(x & mask)
			x >>= w
			d[7] = T(x & mask)
			dst, src = dst[8:], src[width:]
		}
	case width <= 16:
		half, shift := width*4/8, width*4&7
		for len(dst) >= 8 && uint(len(src)) >= half+8 {
			x, y, d := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[half:])>>shift, dst[:8:8]
			d[0] = T(x & mask)
			d[4] = T(y & mask)
			x, y = x>>w, y>>w
			d[1] = T(x & mask)
			d[5] = T(y & mask)
			x, y = x>>w, y>>w
			d[2] = T(x & mask)
			d[6] = T(y & mask)
			x, y = x>>w, y>>w
			d[3] = T(x & mask)
			d[7] = T(y & mask)
			dst, src = dst[8:], src[width:]
		}
	}
	for i := range dst {
		dst[i] = T(bitsAt(src, i*int(width), width))
	}
}

// bitsAt returns the width bits (at most 64) of src from the given bit on; bits
// beyond src are 0.
func bitsAt(src []byte, bit int, width uint) uint64 {
	if width == 0 {
		return 0
	}
	src = src[min(bit>>3, len(src)):]
	shift := uint(bit & 7)
	var x, high uint64
	if len(src) >= 8 {
		x = binary.LittleEndian.Uint64(src)
		if len(src) > 8 {
			high = uint64(src[8])
		}
	} else {
		for i, b := range src {
			x |= uint64(b) << (8 * i)
		}
	}
	x >>= shift
	if shift != 0 {
		x |= high << (64 - shift)
	}
	if width < 64 {
		x &= 1<<width - 1
	}
	return x
}

// readBits sets bit i of dst, whose first n bits are clear, where value i of the
// n one-bit values of src is 1, and returns how many are.
func readBits(dst vec.Bitmap, src []byte, n int) (int, error) {
	h := newHybrid(src, 1)
	for at := 0; at < n; {
		if h.left == 0 {
			if err := h.next(); err != nil {
				return 0, err
			}
			continue
		}
		k := min(n-at, h.left)
		switch {
		case h.packed != nil:
			copyBits(dst, at, h.packed, k)
		case h.value == 1:
			setBits(dst, at, at+k)
		case h.value != 0:
			return 0, corrupt("a level is too high")
		}
		h.left -= k
		at += k
	}
	return dst.Count(), nil
}

// setBits sets the bits of [from, to).
func setBits(b vec.Bitmap, from, to int) {
	for from < to {
		k := min(to-from, 64-from&63)
		b[from>>6] |= ^uint64(0) >> uint(64-k) << (uint(from) & 63)
		from += k
	}
}

// copyBits ors the first n bits of src into dst at bit at.
func copyBits(dst vec.Bitmap, at int, src []byte, n int) {
	for i := 0; i < n; i += 64 {
		k := min(n-i, 64)
		x := bitsAt(src, i, uint(k))
		word, shift := (at+i)>>6, uint(at+i)&63
		dst[word] |= x << shift
		if rest := x >> (63 - shift) >> 1; rest != 0 {
			dst[word+1] |= rest
		}
	}
}

// countBits returns how many bits of [from, to) are set.
func countBits(b vec.Bitmap, from, to int) int {
	n := 0
	for from < to {
		k := min(to-from, 64-from&63)
		x := b[from>>6] >> (uint(from) & 63)
		if k < 64 {
			x &= 1<<uint(k) - 1
		}
		n += bits.OnesCount64(x)
		from += k
	}
	return n
}
