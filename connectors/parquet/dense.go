package parquet

import "encoding/binary"

// physical is a physical type of the format.
type physical int32

const (
	physBool  physical = 0
	physI32   physical = 1
	physI64   physical = 2
	physI96   physical = 3
	physF32   physical = 4
	physF64   physical = 5
	physBytes physical = 6
	physFixed physical = 7
)

// width is the size of a stored value in bytes; 0 where it varies or is a bit.
func (p physical) width(fixed int) int {
	switch p {
	case physI32, physF32:
		return 4
	case physI64, physF64:
		return 8
	case physI96:
		return 12
	case physFixed:
		return fixed
	case physBool, physBytes:
	}
	return 0
}

// dense is the values of a page that are not NULL, decoded as far as random
// access needs: fixed-width values side by side as PLAIN has them, bits for
// booleans, and offsets into data for byte arrays as in vec.Strings.
type dense struct {
	n     int
	width int
	data  []byte
	off   []uint32
	gap   uint32
}

// pageDecoder decodes the values of pages of one column into dense form. Its
// buffers serve one page at a time.
type pageDecoder struct {
	mem   *memory
	phys  physical
	width int
	data  scratch
	offs  scratch
	ints  scratch
}

// decode decodes n values of src in the given encoding, no dictionary.
func (p *pageDecoder) decode(encoding int32, src []byte, n int) (dense, error) {
	switch encoding {
	case encPlain:
		return p.plain(src, n)
	case encRLE:
		if p.phys == physBool {
			return p.runs(src, n)
		}
	case encDeltaBinary:
		switch p.phys {
		case physI32:
			return deltaInts[int32](p, src, n)
		case physI64:
			return deltaInts[int64](p, src, n)
		}
	case encDeltaLength:
		if p.phys == physBytes {
			return p.deltaLength(src, n)
		}
	case encDeltaBytes:
		if p.phys == physBytes || p.phys == physFixed {
			return p.deltaBytes(src, n)
		}
	case encByteStreamSplit:
		if p.width > 0 {
			return p.streams(src, n)
		}
	default:
		return dense{}, unsupported("unknown encoding of a page")
	}
	return dense{}, corrupt("an encoding does not fit the column's type")
}

// plain aliases src.
func (p *pageDecoder) plain(src []byte, n int) (dense, error) {
	switch p.phys {
	case physBool:
		if len(src) < (n+7)/8 {
			return dense{}, errShort()
		}
		return dense{n: n, data: src}, nil
	case physBytes:
		if n > len(src)/4 {
			return dense{}, errShort()
		}
		off, err := p.offsets(n)
		if err != nil {
			return dense{}, err
		}
		if !plainOffsets(off, src) {
			return dense{}, corrupt("a string is longer than its page")
		}
		return dense{n: n, data: src, off: off, gap: 4}, nil
	}
	if n > len(src)/p.width {
		return dense{}, errShort()
	}
	return dense{n: n, width: p.width, data: src}, nil
}

func errShort() error { return corrupt("a page has too few values") }

func (p *pageDecoder) offsets(n int) ([]uint32, error) {
	if err := p.offs.grow(p.mem, (n+1)*4); err != nil {
		return nil, err
	}
	return viewOf[uint32](p.offs.s, n+1), nil
}

// plainOffsets finds where the values of a PLAIN page of byte arrays stand: a
// length of 4 bytes before each. It reports whether src holds them all. src is
// at most maxPageBytes long, so that positions fit.
func plainOffsets(off []uint32, src []byte) bool {
	at := uint64(0)
	for i := range off[:len(off)-1] {
		if at+4 > uint64(len(src)) {
			return false
		}
		off[i] = uint32(at + 4)
		at += 4 + uint64(binary.LittleEndian.Uint32(src[at:]))
	}
	off[len(off)-1] = uint32(at + 4)
	return at <= uint64(len(src))
}

// runs decodes booleans in run-length encoding to bits.
func (p *pageDecoder) runs(src []byte, n int) (dense, error) {
	if len(src) < 4 || uint64(binary.LittleEndian.Uint32(src)) > uint64(len(src)-4) {
		return dense{}, errShort()
	}
	src = src[4 : 4+binary.LittleEndian.Uint32(src)]
	words := (n + 63) / 64
	if words*8 > maxPageBytes {
		return dense{}, tooLarge("a page has too many values")
	}
	if err := p.data.grow(p.mem, words*8); err != nil {
		return dense{}, err
	}
	set := viewOf[uint64](p.data.s, words)
	clear(set)
	if _, err := readBits(set, src, n); err != nil {
		return dense{}, err
	}
	bits := viewOf[byte](p.data.s, words*8)
	if !littleEndian {
		for i, w := range set {
			binary.LittleEndian.PutUint64(bits[i*8:], w)
		}
	}
	return dense{n: n, data: bits}, nil
}

// streams undoes BYTE_STREAM_SPLIT: byte k of all values stands together.
func (p *pageDecoder) streams(src []byte, n int) (dense, error) {
	if n > len(src)/p.width {
		return dense{}, errShort()
	}
	if err := p.data.grow(p.mem, n*p.width); err != nil {
		return dense{}, err
	}
	out := viewOf[byte](p.data.s, n*p.width)
	switch p.width {
	case 4:
		a, b, c, d := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n]
		for i := range a {
			binary.LittleEndian.PutUint32(out[i*4:], uint32(a[i])|uint32(b[i])<<8|uint32(c[i])<<16|uint32(d[i])<<24)
		}
	case 8:
		a, b, c, d := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n]
		e, f, g, h := src[4*n:5*n], src[5*n:6*n], src[6*n:7*n], src[7*n:8*n]
		for i := range a {
			lo := uint32(a[i]) | uint32(b[i])<<8 | uint32(c[i])<<16 | uint32(d[i])<<24
			hi := uint32(e[i]) | uint32(f[i])<<8 | uint32(g[i])<<16 | uint32(h[i])<<24
			binary.LittleEndian.PutUint64(out[i*8:], uint64(lo)|uint64(hi)<<32)
		}
	default:
		for k := range p.width {
			for i, b := range src[k*n : (k+1)*n] {
				out[i*p.width+k] = b
			}
		}
	}
	return dense{n: n, width: p.width, data: out}, nil
}
