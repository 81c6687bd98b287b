package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/meshql/meshql/engine/vec"
)

// The convert functions of this file are named for the stored form, and for the
// meaning where that matters.

func boolBits(dst []bool, d *dense, from int) error {
	i := 0
	if from&7 == 0 {
		for out := bytesOf(dst); i+8 <= len(dst); i += 8 {
			// A copy of the eight bits in each byte, of which byte k keeps bit k;
			// then each byte is made 0 or 1.
			x := uint64(d.data[(from+i)>>3]) * 0x0101010101010101 & 0x8040201008040201
			x = (x + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101
			binary.LittleEndian.PutUint64(out[i:], x)
		}
	}
	for ; i < len(dst); i++ {
		j := from + i
		dst[i] = d.data[j>>3]>>(uint(j)&7)&1 != 0
	}
	return nil
}

func int32Same(dst []int32, d *dense, from int) error {
	src := d.data[from*4:]
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint32(src[i*4:]))
	}
	return nil
}

func int32Wide(dst []int64, d *dense, from int) error {
	src := d.data[from*4:][:len(dst)*4]
	for i := range dst {
		dst[i] = int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
	}
	return nil
}

func int32Millis(dst []int64, d *dense, from int) error {
	src := d.data[from*4:][:len(dst)*4]
	for i := range dst {
		dst[i] = int64(int32(binary.LittleEndian.Uint32(src[i*4:]))) * 1000
	}
	return nil
}

func uint32Wide(dst []uint64, d *dense, from int) error {
	src := d.data[from*4:][:len(dst)*4]
	for i := range dst {
		dst[i] = uint64(binary.LittleEndian.Uint32(src[i*4:]))
	}
	return nil
}

func int64Same[T int64 | uint64](dst []T, d *dense, from int) error {
	src := d.data[from*8:][:len(dst)*8]
	for i := range dst {
		dst[i] = T(binary.LittleEndian.Uint64(src[i*8:]))
	}
	return nil
}

func int64Millis(dst []int64, d *dense, from int) error {
	src := d.data[from*8:][:len(dst)*8]
	for i := range dst {
		x := int64(binary.LittleEndian.Uint64(src[i*8:]))
		if x > math.MaxInt64/1000 || x < math.MinInt64/1000 {
			return errRange()
		}
		dst[i] = x * 1000
	}
	return nil
}

func errRange() error { return unsupported("a value is out of the range of its MySQL type") }

// int64Nanos rounds down to µs.
func int64Nanos(dst []int64, d *dense, from int) error {
	src := d.data[from*8:][:len(dst)*8]
	for i := range dst {
		dst[i] = floorMicros(int64(binary.LittleEndian.Uint64(src[i*8:])))
	}
	return nil
}

func floorMicros(nanos int64) int64 {
	q := nanos / 1000
	if nanos%1000 < 0 {
		q--
	}
	return q
}

const (
	julianEpoch  = 2440588 // the Julian day of 1970-01-01
	microsPerDay = 86_400_000_000
)

// int96Time converts nanoseconds of the day and a Julian day to µs.
func int96Time(dst []int64, d *dense, from int) error {
	src := d.data[from*12:][:len(dst)*12]
	for i := range dst {
		nanos := int64(binary.LittleEndian.Uint64(src[i*12:]))
		day := int64(int32(binary.LittleEndian.Uint32(src[i*12+8:]))) - julianEpoch
		if day > math.MaxInt64/microsPerDay/2 || day < math.MinInt64/microsPerDay/2 {
			return errRange()
		}
		dst[i] = day*microsPerDay + floorMicros(nanos)
	}
	return nil
}

func float32Wide(dst []float64, d *dense, from int) error {
	src := d.data[from*4:][:len(dst)*4]
	for i := range dst {
		dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(src[i*4:])))
	}
	return nil
}

func float64Same(dst []float64, d *dense, from int) error {
	src := d.data[from*8:][:len(dst)*8]
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[i*8:]))
	}
	return nil
}

func float16Wide(dst []float64, d *dense, from int) error {
	src := d.data[from*2:][:len(dst)*2]
	for i := range dst {
		dst[i] = float16(binary.LittleEndian.Uint16(src[i*2:]))
	}
	return nil
}

func float16(x uint16) float64 {
	exponent, fraction := int(x>>10&31), float64(x&1023)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 31:
		f = math.Inf(1)
		if fraction != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(fraction+1024, exponent-25)
	}
	if x>>15 != 0 {
		f = -f
	}
	return f
}

// value returns the bytes of value i of a fixed-width or byte array column.
func (d *dense) value(i int) []byte {
	if d.off != nil {
		return d.data[d.off[i] : d.off[i+1]-d.gap]
	}
	return d.data[i*d.width : (i+1)*d.width]
}

// decimal64 converts big-endian two's complement of any length.
func decimal64(dst []int64, d *dense, from int) error {
	for i := range dst {
		x, ok := bigEndian(d.value(from + i))
		v, fits := x.Int64()
		if !ok || !fits {
			return errDecimal()
		}
		dst[i] = v
	}
	return nil
}

func errDecimal() error { return corrupt("a decimal has more digits than its type") }

// maxDecimal is 10^38, the first coefficient that is too large.
var maxDecimal = vec.Int128{Hi: 5421010862427522170, Lo: 687399551400673280}

func decimal128(dst []vec.Int128, d *dense, from int) error {
	for i := range dst {
		x, ok := bigEndian(d.value(from + i))
		if !ok || x.Cmp(maxDecimal) >= 0 || x.Neg().Cmp(maxDecimal) >= 0 {
			return errDecimal()
		}
		dst[i] = x
	}
	return nil
}

func int32Decimal128(dst []vec.Int128, d *dense, from int) error {
	for i := range dst {
		dst[i] = vec.Int128From(int64(int32(binary.LittleEndian.Uint32(d.data[(from+i)*4:]))))
	}
	return nil
}

func int64Decimal128(dst []vec.Int128, d *dense, from int) error {
	for i := range dst {
		dst[i] = vec.Int128From(int64(binary.LittleEndian.Uint64(d.data[(from+i)*8:])))
	}
	return nil
}

// bigEndian decodes b and reports whether it fits.
func bigEndian(b []byte) (vec.Int128, bool) {
	if len(b) == 0 {
		return vec.Int128{}, false
	}
	sign := int64(int8(b[0])) >> 7
	for ; len(b) > 16; b = b[1:] {
		if b[0] != byte(sign) || int64(int8(b[1]))>>7 != sign {
			return vec.Int128{}, false
		}
	}
	if len(b) <= 8 {
		x := sign
		for _, c := range b {
			x = x<<8 | int64(c)
		}
		return vec.Int128From(x), true
	}
	hi := sign
	for ; len(b) > 8; b = b[1:] {
		hi = hi<<8 | int64(b[0])
	}
	return vec.Int128{Hi: hi, Lo: binary.BigEndian.Uint64(b)}, true
}

const uuidText = 36

func appendUUID(dst, src []byte) []byte {
	for i, cut := range [...][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, src[cut[0]:cut[1]])
	}
	return dst
}
