package expr

import (
	"strings"
	"time"
)

const (
	microsPerSecond = int64(1_000_000)
	microsPerDay    = 86_400 * microsPerSecond
	// maxTime is 838:59:59, the end of MySQL's TIME.
	maxTime = (838*3600 + 59*60 + 59) * microsPerSecond
)

// parseDateTime reads a date, or a date and a time of day, as MySQL's literals
// allow: any punctuation between the parts, or digits alone; years of two
// digits; up to six fractional digits (more are rounded). It returns µs since
// 1970-01-01 00:00:00 without zone, and the number of fractional digits.
func parseDateTime(s string) (micros int64, digits int, ok bool) {
	s = strings.TrimSpace(s)
	var parts [7]string
	n, fraction := splitDateTime(s, &parts)
	if n != 3 && (n < 4 || n > 6) {
		return 0, 0, false
	}
	var f [6]int
	for i := range n {
		if f[i], ok = atoi(parts[i]); !ok {
			return 0, 0, false
		}
	}
	if len(parts[0]) == 2 {
		f[0] += 2000
		if f[0] >= 2070 {
			f[0] -= 100
		}
	} else if len(parts[0]) != 4 {
		return 0, 0, false
	}
	if f[3] > 23 || f[4] > 59 || f[5] > 59 {
		return 0, 0, false
	}
	t := time.Date(f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], 0, time.UTC)
	if t.Year() != f[0] || int(t.Month()) != f[1] || t.Day() != f[2] || f[0] == 0 {
		return 0, 0, false
	}
	frac, digits, ok := parseFraction(fraction)
	return t.Unix()*microsPerSecond + frac, digits, ok
}

// splitDateTime cuts s into year, month, day, hour, minute, second; n is how
// many there are, 0 if s has another form.
func splitDateTime(s string, parts *[7]string) (n int, fraction string) {
	if digits := leadingDigits(s); digits == len(s) || digits >= 8 && s[digits] == '.' {
		return splitCompact(s[:digits], s[digits:], parts)
	}
	for n < 6 {
		d := leadingDigits(s)
		if d == 0 || d > 4 || n > 0 && d > 2 {
			return 0, ""
		}
		parts[n] = s[:d]
		n++
		s = s[d:]
		if s == "" {
			return n, ""
		}
		switch {
		case n == 3 && (s[0] == 'T' || s[0] == 't'):
			s = s[1:]
		case n == 3 && s[0] == ' ':
			s = strings.TrimLeft(s, " ")
		case n == 6 && s[0] == '.':
			return n, s
		case n == 3 || n == 6 || !isPunctuation(s[0]):
			return 0, ""
		default:
			s = s[1:]
		}
	}
	return 0, ""
}

func splitCompact(s, fraction string, parts *[7]string) (int, string) {
	year := 2
	if len(s) == 8 || len(s) == 14 {
		year = 4
	}
	if len(s) != 6 && len(s) != 8 && len(s) != 12 && len(s) != 14 || fraction != "" && len(s) < 12 {
		return 0, ""
	}
	parts[0], s = s[:year], s[year:]
	n := 1
	for ; s != ""; n++ {
		parts[n], s = s[:2], s[2:]
	}
	return n, fraction
}

// parseTime reads a TIME literal: [-][D ]hh:mm[:ss[.f]], or hhmmss.
func parseTime(s string) (micros int64, digits int, ok bool) {
	s = strings.TrimSpace(s)
	s, negative := strings.CutPrefix(s, "-")
	fraction := ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		s, fraction = s[:i], s[i:]
	}
	days := 0
	if d, rest, found := strings.Cut(s, " "); found {
		if days, ok = atoi(d); !ok || days > 34 {
			return 0, 0, false
		}
		s = rest
	}
	var h, m, sec int
	if parts := strings.Split(s, ":"); len(parts) > 1 || days > 0 {
		if h, m, sec, ok = clock(parts); !ok {
			return 0, 0, false
		}
	} else {
		n, ok := atoi(s)
		if !ok || len(s) > 7 {
			return 0, 0, false
		}
		h, m, sec = n/10000, n/100%100, n%100
	}
	if m > 59 || sec > 59 {
		return 0, 0, false
	}
	frac, digits, ok := parseFraction(fraction)
	micros = int64((days*24+h)*3600+m*60+sec)*microsPerSecond + frac
	if !ok || micros > maxTime {
		return 0, 0, false
	}
	if negative {
		micros = -micros
	}
	return micros, digits, true
}

func clock(parts []string) (h, m, s int, ok bool) {
	var f [3]int
	if len(parts) > 3 {
		return 0, 0, 0, false
	}
	for i, p := range parts {
		if f[i], ok = atoi(p); !ok {
			return 0, 0, 0, false
		}
	}
	return f[0], f[1], f[2], true
}

// parseFraction reads ".123" as µs.
func parseFraction(s string) (micros int64, digits int, ok bool) {
	if s == "" {
		return 0, 0, true
	}
	s = s[1:]
	if leadingDigits(s) != len(s) {
		return 0, 0, false
	}
	digits = min(len(s), 6)
	for i := range 6 {
		micros *= 10
		if i < len(s) {
			micros += int64(s[i] - '0')
		}
	}
	if len(s) > 6 && s[6] >= '5' {
		micros++
	}
	return micros, digits, true
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
}

// atoi reads up to nine digits.
func atoi(s string) (int, bool) {
	if s == "" || len(s) > 9 || leadingDigits(s) != len(s) {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// civil returns t's date and time of day in its zone as µs without zone.
func civil(t time.Time) int64 {
	y, m, d := t.Date()
	c := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	return c.Unix()*microsPerSecond + int64(t.Nanosecond()/1000)
}

// inZone returns the moment, in µs of UTC, when clocks in loc show civil time c.
func inZone(c int64, loc *time.Location) int64 {
	days, rest := floorDiv(c, microsPerDay), c-floorDiv(c, microsPerDay)*microsPerDay
	t := time.Date(1970, 1, 1+int(days), 0, 0, int(rest/microsPerSecond), int(rest%microsPerSecond)*1000, loc)
	return t.UnixMicro()
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

var microsPerDigit = [7]int64{1_000_000, 100_000, 10_000, 1_000, 100, 10, 1}

// truncateTo drops fractional digits of µs beyond digits, downwards.
func truncateTo(micros int64, digits uint8) int64 {
	unit := microsPerDigit[min(digits, 6)]
	return floorDiv(micros, unit) * unit
}
