package parquet

import (
	"encoding/binary"
)

// deltaInts decodes n integers in DELTA_BINARY_PACKED to PLAIN.
func deltaInts[T int32 | int64](p *pageDecoder, src []byte, n int) (dense, error) {
	if n > maxPageBytes/p.width {
		return dense{}, tooLarge("a page has too many values")
	}
	if err := p.data.grow(p.mem, n*p.width); err != nil {
		return dense{}, err
	}
	out := viewOf[T](p.data.s, n)
	if _, err := readDelta(out, src); err != nil {
		return dense{}, err
	}
	data := viewOf[byte](p.data.s, n*p.width)
	if !littleEndian {
		for i, x := range out {
			if p.width == 4 {
				binary.LittleEndian.PutUint32(data[i*4:], uint32(x))
			} else {
				binary.LittleEndian.PutUint64(data[i*8:], uint64(x))
			}
		}
	}
	return dense{n: n, width: p.width, data: data}, nil
}

// readDelta decodes exactly len(dst) integers in DELTA_BINARY_PACKED and
// returns how many bytes they took. Sums wrap, as the format wants.
func readDelta[T int32 | int64](dst []T, src []byte) (int, error) {
	r := &thriftReader{b: src} // the same varints
	block, minis, total := r.uvarint(), r.uvarint(), r.uvarint()
	value := T(r.int())
	switch {
	case r.bad:
		return 0, corrupt("a delta-encoded page is cut off")
	case block == 0 || block > 1<<24 || minis == 0 || minis > block || block%minis != 0 || block/minis%8 != 0:
		return 0, corrupt("a delta-encoded page has impossible blocks")
	case total != uint64(len(dst)):
		return 0, corrupt("a delta-encoded page has another number of values than its header says")
	}
	if len(dst) == 0 {
		return r.p, nil
	}
	size := int(block / minis)
	dst[0] = value
	for dst = dst[1:]; len(dst) > 0; {
		low := T(r.int())
		if r.bad || minis > uint64(len(src)-r.p) {
			return 0, corrupt("a delta-encoded page is cut off")
		}
		widths := src[r.p : r.p+int(minis)]
		r.p += int(minis)
		for _, width := range widths {
			if len(dst) == 0 {
				break
			}
			if width > 64 {
				return 0, corrupt("a delta-encoded page has impossible blocks")
			}
			k := min(size, len(dst))
			if need := (k*int(width) + 7) / 8; need > len(src)-r.p {
				return 0, corrupt("a delta-encoded page is cut off")
			}
			value = undelta(dst[:k], src[r.p:], uint(width), low, value)
			r.p += min(size/8*int(width), len(src)-r.p)
			dst = dst[k:]
		}
	}
	return r.p, nil
}

// undelta fills dst with running sums from value on: each step adds low and the
// next width bits of src.
func undelta[T int32 | int64](dst []T, src []byte, width uint, low, value T) T {
	switch {
	case width == 0:
		for i := range dst {
			value += low
			dst[i] = value
		}
	case width <= 32:
		var wide [64]uint32
		for at := 0; len(dst) > 0; {
			k := min(len(dst), len(wide))
			unpack(wide[:k], src, width, at)
			for i, x := range wide[:k] {
				value += low + T(x)
				dst[i] = value
			}
			dst, at = dst[k:], at+k
		}
	default:
		for i := range dst {
			value += low + T(bitsAt(src, i*int(width), width))
			dst[i] = value
		}
	}
	return value
}

// deltaLength decodes n byte arrays in DELTA_LENGTH_BYTE_ARRAY; it aliases src.
func (p *pageDecoder) deltaLength(src []byte, n int) (dense, error) {
	if n > maxPageBytes/4 {
		return dense{}, tooLarge("a page has too many values")
	}
	off, err := p.offsets(n)
	if err != nil {
		return dense{}, err
	}
	lengths := viewOf[int32](p.offs.s, n)
	used, err := readDelta(lengths, src)
	if err != nil {
		return dense{}, err
	}
	src = src[used:]
	at := int64(0)
	for i, l := range lengths { // in place: off[i] takes the slot of lengths[i]
		if l < 0 || at+int64(l) > int64(len(src)) {
			return dense{}, corrupt("a string is longer than its page")
		}
		off[i] = uint32(at)
		at += int64(l)
	}
	off[n] = uint32(at)
	return dense{n: n, data: src, off: off}, nil
}

// deltaBytes decodes n byte arrays in DELTA_BYTE_ARRAY: each shares a prefix
// with the one before.
func (p *pageDecoder) deltaBytes(src []byte, n int) (dense, error) {
	if n > maxPageBytes/8 {
		return dense{}, tooLarge("a page has too many values")
	}
	off, err := p.offsets(n)
	if err != nil {
		return dense{}, err
	}
	if err := p.ints.grow(p.mem, n*8); err != nil {
		return dense{}, err
	}
	lengths := viewOf[int32](p.ints.s, 2*n)
	prefixes, suffixes := lengths[:n], lengths[n:]
	for _, s := range [][]int32{prefixes, suffixes} {
		used, err := readDelta(s, src)
		if err != nil {
			return dense{}, err
		}
		src = src[used:]
	}
	size, last := int64(0), int64(0)
	for i, pre := range prefixes {
		suf := suffixes[i]
		if pre < 0 || suf < 0 || int64(pre) > last {
			return dense{}, corrupt("a string has an impossible prefix")
		}
		last = int64(pre) + int64(suf)
		if p.phys == physFixed && last != int64(p.width) {
			return dense{}, corrupt("a value has another length than its type")
		}
		if size += last; size > maxPageBytes {
			return dense{}, tooLarge("a page has more than %d bytes", maxPageBytes)
		}
	}
	if err := p.data.grow(p.mem, int(size)); err != nil {
		return dense{}, err
	}
	data := viewOf[byte](p.data.s, int(size))
	at, before := 0, 0
	for i, pre := range prefixes {
		suf := int(suffixes[i])
		if suf > len(src) {
			return dense{}, corrupt("a string is longer than its page")
		}
		off[i] = uint32(at)
		copy(data[at:], data[before:before+int(pre)])
		copy(data[at+int(pre):], src[:suf])
		before, at, src = at, at+int(pre)+suf, src[suf:]
	}
	off[n] = uint32(at)
	return dense{n: n, width: p.width, data: data, off: off}, nil
}
