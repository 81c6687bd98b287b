package mysqlfn

import (
	"bytes"
	"unicode/utf8"

	"github.com/dolthub/go-mysql-server/sql"

	"github.com/meshql/meshql/planner/mysqltype"
)

// Compare orders two strings: below, equal or above 0.
type Compare func(a, b []byte) int

// Collator returns the comparison of strings of type t, nil where it is that of
// their bytes.
func Collator(t mysqltype.Type) Compare {
	weight := sorter(t)
	if weight == nil {
		return nil
	}
	pad := padded(t)
	return func(a, b []byte) int {
		if pad {
			a, b = bytes.TrimRight(a, " "), bytes.TrimRight(b, " ")
		}
		for len(a) > 0 && len(b) > 0 {
			x, n := utf8.DecodeRune(a)
			y, m := utf8.DecodeRune(b)
			a, b = a[n:], b[m:]
			if x == y {
				continue
			}
			if wx, wy := weight(x), weight(y); wx != wy {
				if wx < wy {
					return -1
				}
				return 1
			}
		}
		return len(a) - len(b)
	}
}

// CollationKey returns the function that maps a string of type t to bytes that
// are equal exactly for strings that t's collation holds equal; nil where that
// is the string itself.
func CollationKey(t mysqltype.Type) func([]byte) []byte {
	weights := CollationWeights(t)
	if weights == nil || !padded(t) {
		return weights
	}
	return func(s []byte) []byte { return weights(bytes.TrimRight(s, " ")) }
}

// CollationWeights returns the function that maps a string of type t to four
// bytes a code point, by which patterns match; nil where that is the string
// itself.
func CollationWeights(t mysqltype.Type) func([]byte) []byte {
	weight := sorter(t)
	if weight == nil {
		return nil
	}
	return func(s []byte) []byte {
		key := make([]byte, 0, 4*len(s))
		for len(s) > 0 {
			r, n := utf8.DecodeRune(s)
			s = s[n:]
			key = binary4(key, weight(r))
		}
		return key
	}
}

func binary4(dst []byte, w int32) []byte {
	return append(dst, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
}

// padded reports whether trailing spaces do not count in comparisons.
func padded(t mysqltype.Type) bool { return t.Collation == mysqltype.GeneralCI }

// sorter returns the weights of t's code points, nil for byte order.
func sorter(t mysqltype.Type) func(rune) int32 {
	if !t.IsString() || t.IsBinary() || t.ID == mysqltype.JSON {
		return nil
	}
	switch t.Collation {
	case mysqltype.AI0900:
		return sql.Collation_utf8mb4_0900_ai_ci.Sorter()
	case mysqltype.AS0900:
		return sql.Collation_utf8mb4_0900_as_ci.Sorter()
	case mysqltype.CS0900:
		return sql.Collation_utf8mb4_0900_as_cs.Sorter()
	case mysqltype.GeneralCI:
		return sql.Collation_utf8mb4_general_ci.Sorter()
	case mysqltype.Binary0900, mysqltype.BinaryCollation:
	}
	return nil
}
