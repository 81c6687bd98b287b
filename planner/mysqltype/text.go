package mysqltype

import (
	"math"
	"strconv"
	"time"

	"github.com/meshql/meshql/engine/vec"
)

// AppendText appends row i of v as MySQL's text protocol writes a value of type
// t; the row is not NULL. A TIMESTAMP is shown in loc.
func AppendText(dst []byte, t Type, v *vec.Vector, i int, loc *time.Location) []byte {
	s, j := v, i
	switch v.Form {
	case vec.Constant:
		j = 0
	case vec.Dictionary:
		s, j = v.Dict.Values, v.Codes.At(i)
	case vec.Flat:
	}
	switch v.Kind {
	case vec.Bool:
		if s.Bool[j] {
			return append(dst, '1')
		}
		return append(dst, '0')
	case vec.I32:
		return AppendDate(dst, s.I32[j])
	case vec.I64:
		switch t.ID {
		case Decimal:
			return AppendDecimal(dst, vec.Int128From(s.I64[j]), int(t.Scale))
		case Time:
			return AppendTime(dst, s.I64[j], int(t.Scale))
		case DateTime:
			return AppendDateTime(dst, s.I64[j], int(t.Scale))
		case Timestamp:
			return AppendDateTime(dst, localMicros(s.I64[j], loc), int(t.Scale))
		case Year:
			if y := s.I64[j]; y >= 0 && y < 10 {
				return append(dst, "000"+strconv.FormatInt(y, 10)...)
			}
		}
		return strconv.AppendInt(dst, s.I64[j], 10)
	case vec.U64:
		return strconv.AppendUint(dst, s.U64[j], 10)
	case vec.F64:
		if t.ID == Float {
			return AppendFloat(dst, s.F64[j], 32)
		}
		return AppendFloat(dst, s.F64[j], 64)
	case vec.I128:
		return AppendDecimal(dst, s.I128[j], int(t.Scale))
	case vec.Bytes:
		return append(dst, s.Str.At(j)...)
	case vec.Invalid:
	}
	return dst
}

// localMicros shifts µs of UTC to the wall clock of loc.
func localMicros(us int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC {
		return us
	}
	_, offset := time.UnixMicro(us).In(loc).Zone()
	return us + int64(offset)*1e6
}

// AppendDecimal appends c·10^-scale with exactly scale digits after the point.
func AppendDecimal(dst []byte, c vec.Int128, scale int) []byte {
	if c.Hi < 0 {
		dst = append(dst, '-')
		c = c.Neg()
	}
	var buf [40]byte
	var digits []byte
	if c.Hi == 0 {
		digits = strconv.AppendUint(buf[:0], c.Lo, 10)
	} else {
		digits = append(buf[:0], c.String()...)
	}
	if scale == 0 {
		return append(dst, digits...)
	}
	if n := len(digits) - scale; n > 0 {
		dst = append(dst, digits[:n]...)
		digits = digits[n:]
	} else {
		dst = append(dst, '0')
	}
	dst = append(dst, '.')
	for n := scale - len(digits); n > 0; n-- {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// AppendFloat appends x in the shortest digits that read back as x, or at 32
// bits in the six digits that MySQL shows of a FLOAT, in MySQL's notation: an
// exponent only below 1e-15 and from 1e15 up.
func AppendFloat(dst []byte, x float64, bits int) []byte {
	if bits == 32 {
		x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'e', 5, 64), 64)
	}
	if x == 0 {
		if math.Signbit(x) {
			return append(dst, "-0"...)
		}
		return append(dst, '0')
	}
	if abs := math.Abs(x); abs >= 1e-15 && abs < 1e15 {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
	for i := start; i < len(dst); i++ { // 1e+20 → 1e20, 1e-07 → 1e-7
		if dst[i] != 'e' {
			continue
		}
		rest := append([]byte(nil), dst[i+1:]...)
		dst = dst[:i+1]
		if rest[0] == '-' {
			dst = append(dst, '-')
		}
		rest = rest[1:]
		for len(rest) > 1 && rest[0] == '0' {
			rest = rest[1:]
		}
		return append(dst, rest...)
	}
	return dst
}

// AppendDate appends days since 1970-01-01 as YYYY-MM-DD.
func AppendDate(dst []byte, days int32) []byte {
	y, m, d := civil(int64(days))
	return appendYMD(dst, y, m, d)
}

// AppendDateTime appends µs since 1970-01-01 00:00:00 with fsp fractional digits.
func AppendDateTime(dst []byte, us int64, fsp int) []byte {
	const day = 86400 * 1e6
	days := us / day
	rest := us % day
	if rest < 0 {
		rest += day
		days--
	}
	y, m, d := civil(days)
	dst = append(appendYMD(dst, y, m, d), ' ')
	return appendClock(dst, rest, fsp)
}

// AppendTime appends a duration in µs as [-]HH:MM:SS with fsp fractional digits.
func AppendTime(dst []byte, us int64, fsp int) []byte {
	if us < 0 {
		dst = append(dst, '-')
		us = -us
	}
	return appendClock(dst, us, fsp)
}

func appendClock(dst []byte, us int64, fsp int) []byte {
	seconds := us / 1e6
	dst = appendPadded(dst, seconds/3600, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, seconds/60%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, seconds%60, 2)
	if fsp > 0 {
		dst = append(dst, '.')
		full := appendPadded(nil, us%1e6, 6)
		dst = append(dst, full[:fsp]...)
	}
	return dst
}

func appendYMD(dst []byte, y, m, d int64) []byte {
	dst = append(appendPadded(dst, y, 4), '-')
	dst = append(appendPadded(dst, m, 2), '-')
	return appendPadded(dst, d, 2)
}

func appendPadded(dst []byte, x int64, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], x, 10)
	for n := width - len(digits); n > 0; n-- {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// civil returns the proleptic Gregorian date of days since 1970-01-01.
// It holds for any day; engine/eval has a faster one for the years 0 to 9999.
func civil(days int64) (y, m, d int64) {
	days += 719468
	era := days / 146097
	if days < 0 {
		era = (days - 146096) / 146097
	}
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	if m = mp + 3; m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}
