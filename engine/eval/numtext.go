package eval

import (
	"math"
	"strconv"

	"github.com/meshql/meshql/engine/vec"
)

// Numbers as text, by MySQL's rules: a string is read as the longest prefix
// that is a number, after leading white space; whole says that nothing but white
// space follows it.

func skipSpace(s []byte) []byte {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// parseInteger reads an integer of any size, clamped to 30 digits.
func parseInteger(s []byte) (x vec.Int128, whole bool) {
	s = skipSpace(s)
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	n := 0
	var small int64
	for n < min(len(s), 18) && isDigit(s[n]) {
		small = small*10 + int64(s[n]-'0')
		n++
	}
	x = vec.Int128From(small)
	ten := vec.Int128From(10)
	for ; n < len(s) && isDigit(s[n]); n++ {
		if x.Fits(30) {
			x, _ = x.Mul(ten)
			x, _ = x.Add(vec.Int128From(int64(s[n] - '0')))
		}
	}
	if neg {
		x = x.Neg()
	}
	return x, n > 0 && len(skipSpace(s[n:])) == 0
}

// numberPrefix returns the length of the longest prefix of s that is a
// floating-point number.
func numberPrefix(s []byte) int {
	n := 0
	if n < len(s) && (s[n] == '-' || s[n] == '+') {
		n++
	}
	digits := 0
	for n < len(s) && isDigit(s[n]) {
		n, digits = n+1, digits+1
	}
	if n < len(s) && s[n] == '.' {
		n++
		for n < len(s) && isDigit(s[n]) {
			n, digits = n+1, digits+1
		}
	}
	if digits == 0 {
		return 0
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '-' || s[m] == '+') {
			m++
		}
		if m < len(s) && isDigit(s[m]) {
			for m < len(s) && isDigit(s[m]) {
				m++
			}
			n = m
		}
	}
	return n
}

// parseFloat reads a DOUBLE; what is too large is the largest.
func parseFloat(s []byte) (x float64, whole bool) {
	s = skipSpace(s)
	n := numberPrefix(s)
	if n == 0 {
		return 0, false
	}
	x, _ = strconv.ParseFloat(str(s[:n]), 64)
	if math.IsInf(x, 0) {
		return math.Copysign(math.MaxFloat64, x), false
	}
	return x, len(skipSpace(s[n:])) == 0
}

// parseDecimal reads a number exactly, rounded half away from zero to at most
// scale digits after the point; a value of more than 38 digits before rounding
// is clamped to more than any type holds. some says that there was a number.
func parseDecimal(s []byte, scale int) (v number, whole, some bool) {
	s = skipSpace(s)
	n := numberPrefix(s)
	if n == 0 {
		return number{}, false, false
	}
	whole = len(skipSpace(s[n:])) == 0
	neg := s[0] == '-'
	digits := make([]byte, 0, 40) // significant digits without the point
	point := 0                    // how many of them stand before it
	seen, exp := false, 0
	for i, c := range s[:n] {
		switch {
		case c == '.':
			seen = true
		case c == 'e' || c == 'E':
			exp, _ = strconv.Atoi(str(s[i+1 : n])) // clamped by Atoi on overflow
			exp = max(-1000, min(exp, 1000))
		}
		if c == 'e' || c == 'E' {
			break
		}
		if !isDigit(c) {
			continue
		}
		if c == '0' && len(digits) == 0 {
			if seen {
				point--
			}
			continue
		}
		digits = append(digits, c)
		if !seen {
			point++
		}
	}
	point += exp
	// The value is 0.digits × 10^point; keep point+scale digits.
	keep := point + scale
	switch {
	case len(digits) == 0 || keep < 0:
		return number{scale: scale}, whole, true
	case keep > 60: // beyond any decimal here
		return number{x: largest(vec.MaxDigits, neg)}, whole, true
	}
	round := keep < len(digits) && digits[keep] >= '5'
	var x vec.Int128
	ten, ok := vec.Int128From(10), true
	for i := 0; i < keep && ok; i++ {
		if x, ok = x.Mul(ten); ok && i < len(digits) {
			x, ok = x.Add(vec.Int128From(int64(digits[i] - '0')))
		}
	}
	if round && ok {
		x, ok = x.Add(vec.Int128From(1))
	}
	if !ok {
		return number{x: largest(vec.MaxDigits, neg)}, whole, true
	}
	if neg {
		x = x.Neg()
	}
	return number{x, scale}, whole, true
}

// appendShortest writes the shortest digits that read back as x.
func appendShortest(dst []byte, x float64, single bool) []byte {
	if single {
		return strconv.AppendFloat(dst, x, 'e', -1, 32)
	}
	return strconv.AppendFloat(dst, x, 'e', -1, 64)
}
