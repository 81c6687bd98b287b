package parquet

import "encoding/binary"

// Types of thrift's compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
)

const (
	maxThriftDepth   = 24
	maxFooterStructs = 2 << 20
)

// thriftReader reads the compact protocol. After a mistake in the input bad is
// set, all reads give zero values and every loop ends.
type thriftReader struct {
	b       []byte
	p       int
	structs int // structs seen by skip
	bad     bool
}

func (r *thriftReader) fail() { r.bad, r.p = true, len(r.b) }

func (r *thriftReader) byte() byte {
	if r.p >= len(r.b) {
		r.fail()
		return 0
	}
	r.p++
	return r.b[r.p-1]
}

func (r *thriftReader) uvarint() uint64 {
	x, n := binary.Uvarint(r.b[r.p:])
	if n <= 0 {
		r.fail()
		return 0
	}
	r.p += n
	return x
}

func (r *thriftReader) int() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *thriftReader) int32() int32 {
	x := r.int()
	if x != int64(int32(x)) {
		r.fail()
		return 0
	}
	return int32(x)
}

// binary returns a string field; it aliases the input.
func (r *thriftReader) binary() []byte {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.b)-r.p) {
		r.fail()
		return nil
	}
	r.p += int(n)
	return r.b[r.p-int(n) : r.p]
}

// field reads the header of a struct's next field, last being the id of the one
// before. Its type is thriftStop at the end.
func (r *thriftReader) field(last int) (id int, typ byte) {
	h := r.byte()
	if r.bad || h == thriftStop {
		return 0, thriftStop
	}
	if d := int(h >> 4); d != 0 {
		return last + d, h & 15
	}
	return int(int16(r.int())), h & 15
}

// list reads the header of a list. An element has a byte at least, so that the
// length is bounded by the input.
func (r *thriftReader) list() (n int, typ byte) {
	h := r.byte()
	u := uint64(h >> 4)
	if u == 15 {
		u = r.uvarint()
	}
	if r.bad || u > uint64(len(r.b)-r.p) {
		r.fail()
		return 0, 0
	}
	return int(u), h & 15
}

// skip passes over a value of a field.
func (r *thriftReader) skip(typ byte, depth int) {
	if depth > maxThriftDepth {
		r.fail()
	}
	if r.bad {
		return
	}
	switch typ {
	case thriftTrue, thriftFalse:
	case thriftByte:
		r.byte()
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		r.pass(8)
	case thriftUUID:
		r.pass(16)
	case thriftBinary:
		r.binary()
	case thriftList, thriftSet:
		n, t := r.list()
		for ; n > 0 && !r.bad; n-- {
			r.skipElement(t, depth)
		}
	case thriftMap:
		n := r.uvarint()
		if n == 0 || r.bad {
			return
		}
		t := r.byte()
		for ; n > 0 && !r.bad; n-- {
			r.skipElement(t>>4, depth)
			r.skipElement(t&15, depth)
		}
	case thriftStruct:
		r.structs++
		if r.structs > maxFooterStructs {
			r.fail()
			return
		}
		for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
			r.skip(t, depth+1)
		}
	default:
		r.fail()
	}
}

func (r *thriftReader) skipElement(typ byte, depth int) {
	if typ == thriftTrue || typ == thriftFalse {
		r.byte()
		return
	}
	r.skip(typ, depth+1)
}

func (r *thriftReader) pass(n int) {
	if n > len(r.b)-r.p {
		r.fail()
		return
	}
	r.p += n
}
