package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// paramType is the type that a client gives an argument.
type paramType struct {
	code     byte
	unsigned bool
}

// Type codes of the binary protocol.
const (
	typeDecimal    = 0x00
	typeTiny       = 0x01
	typeShort      = 0x02
	typeLong       = 0x03
	typeFloat      = 0x04
	typeDouble     = 0x05
	typeNull       = 0x06
	typeTimestamp  = 0x07
	typeLongLong   = 0x08
	typeInt24      = 0x09
	typeDate       = 0x0a
	typeTime       = 0x0b
	typeDateTime   = 0x0c
	typeYear       = 0x0d
	typeVarChar    = 0x0f
	typeBit        = 0x10
	typeJSON       = 0xf5
	typeNewDecimal = 0xf6
	typeEnum       = 0xf7
	typeGeometry   = 0xff
)

// maxParams is how many parameters the library's counting of 16 bits can take.
const maxParams = 65528

var errArguments = errors.New("malformed arguments")

// arguments reads the payload of COM_STMT_EXECUTE: the statement's id, a cursor
// type, which is not heeded as a server may, the iteration count 1, and the
// values.
func (c *conn) arguments(body []byte) ([]any, error) {
	st, ok := c.statements[statementID(body)]
	if !ok {
		return nil, mysqlerr.UnknownStatement("mysqld_stmt_execute")
	}
	defer st.forget()
	if st.err != nil {
		return nil, st.err
	}
	r := &argReader{rest: body[4:]}
	r.take(1)
	if n := r.take(4); r.err == nil && binary.LittleEndian.Uint32(n) != 1 {
		return nil, mysqlerr.MalformedPacket()
	}
	args := make([]any, st.params)
	if st.params > 0 {
		nulls := r.take((st.params + 7) / 8)
		if b := r.take(1); r.err == nil && b[0] == 1 {
			st.types = r.types(st.params)
		}
		if r.err == nil && len(st.types) != st.params {
			r.err = errArguments
		}
		for i := 0; i < st.params && r.err == nil; i++ {
			if long, ok := st.long[i]; ok {
				args[i] = text(long)
			} else if nulls[i/8]&(1<<(i%8)) == 0 {
				args[i] = r.value(st.types[i])
			}
		}
	}
	if r.err != nil {
		st.types = nil
		return nil, mysqlerr.MalformedPacket()
	}
	return args, nil
}

// argReader reads values of the binary protocol; err is the first failure.
type argReader struct {
	rest []byte
	err  error
}

// take returns the next n bytes, or n zeros and sets err.
func (r *argReader) take(n int) []byte {
	if r.err != nil || n > len(r.rest) {
		r.err = errArguments
		return make([]byte, min(n, 16))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *argReader) types(n int) []paramType {
	b := r.take(2 * n)
	if r.err != nil {
		return nil
	}
	types := make([]paramType, n)
	for i := range types {
		types[i] = paramType{code: b[2*i], unsigned: b[2*i+1]&0x80 != 0}
	}
	return types
}

func (r *argReader) value(t paramType) any {
	switch t.code {
	case typeNull:
		return nil
	case typeTiny:
		b := r.take(1)[0]
		return integer(uint64(b), int64(int8(b)), t.unsigned)
	case typeShort, typeYear:
		n := binary.LittleEndian.Uint16(r.take(2))
		return integer(uint64(n), int64(int16(n)), t.unsigned)
	case typeLong, typeInt24:
		n := binary.LittleEndian.Uint32(r.take(4))
		return integer(uint64(n), int64(int32(n)), t.unsigned)
	case typeLongLong:
		n := binary.LittleEndian.Uint64(r.take(8))
		return integer(n, int64(n), t.unsigned)
	case typeFloat:
		return r.finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(r.take(4)))))
	case typeDouble:
		return r.finite(math.Float64frombits(binary.LittleEndian.Uint64(r.take(8))))
	case typeDate, typeDateTime, typeTimestamp:
		return r.dateTime(t.code == typeDate)
	case typeTime:
		return r.time()
	case typeDecimal, typeNewDecimal:
		return expr.Decimal(r.bytes())
	case typeVarChar, typeBit, typeJSON:
		return text(r.bytes())
	}
	if t.code >= typeEnum && t.code < typeGeometry { // ENUM, SET, the BLOBs, VAR_STRING, STRING
		return text(r.bytes())
	}
	r.err = errArguments
	return nil
}

func integer(u uint64, s int64, unsigned bool) any {
	if unsigned {
		return u
	}
	return s
}

func (r *argReader) finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.err = errArguments
	}
	return f
}

// dateTime reads a date with as much of a time as was sent.
func (r *argReader) dateTime(dateOnly bool) any {
	n := int(r.take(1)[0])
	if n != 0 && n != 4 && n != 7 && n != 11 {
		r.err = errArguments
		return nil
	}
	var b [11]byte
	copy(b[:], r.take(n))
	s := fmt.Sprintf("%04d-%02d-%02d", binary.LittleEndian.Uint16(b[:]), b[2], b[3])
	if dateOnly && n <= 4 {
		return s
	}
	s += fmt.Sprintf(" %02d:%02d:%02d", b[4], b[5], b[6])
	if n == 11 {
		s += fmt.Sprintf(".%06d", binary.LittleEndian.Uint32(b[7:]))
	}
	return s
}

func (r *argReader) time() any {
	n := int(r.take(1)[0])
	if n != 0 && n != 8 && n != 12 {
		r.err = errArguments
		return nil
	}
	var b [12]byte
	copy(b[:], r.take(n))
	sign := ""
	if b[0] != 0 {
		sign = "-"
	}
	hours := uint64(binary.LittleEndian.Uint32(b[1:]))*24 + uint64(b[5])
	s := fmt.Sprintf("%s%02d:%02d:%02d", sign, hours, b[6], b[7])
	if n == 12 {
		s += fmt.Sprintf(".%06d", binary.LittleEndian.Uint32(b[8:]))
	}
	return s
}

// bytes reads a string with its length before it.
func (r *argReader) bytes() []byte {
	first := r.take(1)[0]
	n := uint64(first)
	switch first {
	case 0xfc:
		n = uint64(binary.LittleEndian.Uint16(r.take(2)))
	case 0xfd:
		b := r.take(3)
		n = uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
	case 0xfe:
		n = binary.LittleEndian.Uint64(r.take(8))
	case 0xfb, 0xff:
		r.err = errArguments
	}
	if r.err != nil || n > uint64(len(r.rest)) {
		r.err = errArguments
		return nil
	}
	return r.take(int(n))
}

// text gives bytes the form of a string if they are one.
func text(b []byte) any {
	if utf8.Valid(b) {
		return string(b)
	}
	return append([]byte(nil), b...)
}
