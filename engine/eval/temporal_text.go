package eval

import (
	"time"

	"github.com/meshql/meshql/engine/vec"
)

// Dates and times as MySQL reads them from text and numbers.

// parseMoment reads a DATE or DATETIME: parts separated by any punctuation, or
// digits without separators; an ISO T and a fraction are taken, and a zone
// offset (+hh:mm), by which the moment is brought to loc. whole is false if
// something follows.
func parseMoment(s []byte, loc *time.Location) (us int64, ok, whole bool) {
	s = skipSpace(s)
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if len(s) == 0 || !isDigit(s[0]) {
		return 0, false, false
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	var part [6]int
	var rest []byte
	if n >= 5 && (n == len(s) || s[n] == '.' || s[n] == ' ' || s[n] == 'T' || n >= 6) {
		var tail bool
		if part, rest, tail = packedMoment(s, n); !tail {
			return 0, false, false
		}
	} else {
		var count int
		if part, rest, count = separatedMoment(s); count < 3 {
			return 0, false, false
		}
	}
	if n == 2 || n == 6 || n == 12 || n == 5 {
		part[0] = twoDigitYear(part[0])
	}
	micros, rest := parseFraction(rest)
	if !validDate(part[0], part[1], part[2]) || part[3] > 23 || part[4] > 59 || part[5] > 59 {
		return 0, false, false
	}
	us = joinDay(dayOf(part[0], part[1], part[2]), int64(part[3])*usHour+int64(part[4])*usMinute+int64(part[5])*usSecond+micros)
	if offset, ok := parseOffset(rest); ok {
		us, rest = local(us-offset, loc), nil
	}
	return us, validMoment(us), len(rest) == 0
}

func twoDigitYear(y int) int {
	if y < 70 {
		return y + 2000
	}
	return y + 1900
}

func validDate(y, m, d int) bool {
	return y >= 0 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= daysInMonth(y, m)
}

// packedMoment reads YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss.
func packedMoment(s []byte, n int) (part [6]int, rest []byte, ok bool) {
	widths := []int{2, 2, 2, 2, 2, 2}
	if n == 8 || n >= 14 {
		widths[0] = 4
	}
	at := 0
	for k := 0; k < 6 && at < n; k++ {
		w := min(widths[k], n-at)
		part[k] = digits(s[at : at+w])
		at += w
	}
	return part, s[at:], at == n || n > 14
}

func separatedMoment(s []byte) (part [6]int, rest []byte, count int) {
	for count < 6 {
		n := 0
		for n < len(s) && n < 4 && isDigit(s[n]) {
			n++
		}
		if n == 0 || n > 2 && count > 0 {
			return part, s, min(count, 2)
		}
		part[count] = digits(s[:n])
		s = s[n:]
		count++
		if count == 6 || len(s) == 0 {
			break
		}
		switch {
		case count == 3 && s[0] == 'T' && len(s) > 1 && isDigit(s[1]):
			s = s[1:]
		case count == 3 && isSpace(s[0]):
			t := skipSpace(s)
			if len(t) == 0 || !isDigit(t[0]) {
				return part, s, count
			}
			s = t
		case count >= 5 && s[0] == '.':
			return part, s, count
		case isPunct(s[0]) && len(s) > 1 && isDigit(s[1]) && !(count >= 4 && (s[0] == '+' || s[0] == '-')):
			s = s[1:]
		default:
			return part, s, count
		}
	}
	return part, s, count
}

func isPunct(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}

func digits(s []byte) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// parseFraction reads ".123456…" rounded to µs.
func parseFraction(s []byte) (us int64, rest []byte) {
	if len(s) == 0 || s[0] != '.' {
		return 0, s
	}
	s = s[1:]
	unit, n := usSecond/10, 0
	for n < len(s) && isDigit(s[n]) {
		if n == 6 && s[n] >= '5' {
			us++
		}
		us += int64(s[n]-'0') * unit
		unit /= 10
		n++
	}
	return us, s[n:]
}

// parseOffset reads +hh:mm or -hh:mm, and nothing after.
func parseOffset(s []byte) (us int64, ok bool) {
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' ||
		!isDigit(s[1]) || !isDigit(s[2]) || !isDigit(s[4]) || !isDigit(s[5]) {
		return 0, false
	}
	us = int64(digits(s[1:3]))*usHour + int64(digits(s[4:6]))*usMinute
	if us > 14*usHour {
		return 0, false
	}
	if s[0] == '-' {
		us = -us
	}
	return us, true
}

// parseTime reads a TIME: '[-][D ]h:m[:s][.f]', hhmmss, or a DATETIME's time.
func parseTime(s []byte) (us int64, ok, whole bool) {
	s = skipSpace(s)
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if len(s) >= 12 {
		if m, ok, whole := parseMoment(s, time.UTC); ok {
			_, us := splitDay(m)
			return us, true, whole
		}
	}
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if len(s) == 0 || !isDigit(s[0]) {
		return 0, false, false
	}
	take := func() int64 {
		n := 0
		var x int64
		for n < len(s) && isDigit(s[n]) {
			if x < 1e12 {
				x = x*10 + int64(s[n]-'0')
			}
			n++
		}
		s = s[n:]
		return x
	}
	next := func() bool { return len(s) > 1 && s[0] == ':' && isDigit(s[1]) }
	days, days24 := int64(0), false
	h := take()
	if len(s) > 1 && s[0] == ' ' && isDigit(s[1]) {
		days, days24 = h, true
		s = s[1:]
		h = take()
	}
	var m, sec int64
	switch {
	case next():
		s = s[1:]
		m = take()
		if next() {
			s = s[1:]
			sec = take()
		}
	case !days24:
		h, m, sec = h/10000, h/100%100, h%100
	}
	if m > 59 || sec > 59 {
		return 0, false, false
	}
	micros, rest := parseFraction(s)
	h = min(h+days*24, 100000)
	us = h*usHour + m*usMinute + sec*usSecond + micros
	if neg {
		us = -us
	}
	return us, true, len(rest) == 0
}

// numberMoment reads YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss with a
// fraction.
func numberMoment(v number) (us int64, ok bool) {
	whole, micros, ok := splitNumber(v)
	if !ok || whole < 0 {
		return 0, false
	}
	date, clock := whole, int64(0)
	if whole > 99991231 {
		date, clock = whole/1000000, whole%1000000
	}
	switch {
	case date < 101:
		return 0, false
	case date <= 691231:
		date += 20000000
	case date < 700101:
		return 0, false
	case date <= 991231:
		date += 19000000
	}
	y, m, d := int(date/10000), int(date/100%100), int(date%100)
	h, mi, s := clock/10000, clock/100%100, clock%100
	if !validDate(y, m, d) || h > 23 || mi > 59 || s > 59 {
		return 0, false
	}
	us = joinDay(dayOf(y, m, d), h*usHour+mi*usMinute+s*usSecond+micros)
	return us, validMoment(us)
}

// numberTime reads hhmmss with a fraction.
func numberTime(v number) (us int64, ok bool) {
	neg := v.x.IsNeg()
	if neg {
		v.x = v.x.Neg()
	}
	whole, micros, ok := splitNumber(v)
	if !ok || whole/100%100 > 59 || whole%100 > 59 {
		return 0, false
	}
	us = min(whole/10000, 100000)*usHour + whole/100%100*usMinute + whole%100*usSecond + micros
	if neg {
		us = -us
	}
	return us, true
}

// splitNumber returns a number's whole part and its fraction in µs.
func splitNumber(v number) (whole, micros int64, ok bool) {
	x, ok := v.x.Rescale(v.scale, 6)
	if !ok {
		return 0, 0, false
	}
	q, r := x.QuoRem(vec.Int128From(usSecond))
	whole, ok = q.Int64()
	micros, _ = r.Int64()
	return whole, micros, ok
}

// appendPadded writes x, not negative, with at least width digits.
func appendPadded(dst []byte, x, width int) []byte {
	var buf [20]byte
	n := len(buf)
	for ; x > 0 || width > 0; width-- {
		n--
		buf[n] = byte('0' + x%10)
		x /= 10
	}
	return append(dst, buf[n:]...)
}
