package mysqlfn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
	gmstypes "github.com/dolthub/go-mysql-server/sql/types"
	"github.com/shopspring/decimal"
)

// JSON documents are held as text in MySQL's normal form: members ordered by
// the length of their names and then by name, a space after each colon and
// comma.

// maxJSONDepth is MySQL's limit on nesting.
const maxJSONDepth = 100

var errJSON = errors.New("not a JSON document")

// NormalizeJSON returns a document in normal form.
func NormalizeJSON(text string) (string, error) {
	v, err := ParseJSON(text)
	if err != nil {
		return "", err
	}
	out, err := AppendJSON(nil, v)
	return string(out), err
}

// ParseJSON reads a document: nil, bool, int64, uint64, float64, string, []any
// and map[string]any.
func ParseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errJSON
	}
	return numbers(v, 0)
}

// numbers replaces the numbers of a document with values, integers exactly.
func numbers(v any, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, errJSON
	}
	switch x := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(string(x), 10, 64); err == nil {
			return n, nil
		}
		if n, err := strconv.ParseUint(string(x), 10, 64); err == nil {
			return n, nil
		}
		f, err := strconv.ParseFloat(string(x), 64)
		if err != nil {
			return nil, errJSON
		}
		return f, nil
	case []any:
		for i := range x {
			e, err := numbers(x[i], depth+1)
			if err != nil {
				return nil, err
			}
			x[i] = e
		}
	case map[string]any:
		for k, m := range x {
			e, err := numbers(m, depth+1)
			if err != nil {
				return nil, err
			}
			x[k] = e
		}
	}
	return v, nil
}

// comparesNumbers reports whether go-mysql-server's function compares numbers of
// documents, which it does between floats only.
func comparesNumbers(name string) bool { return name == "json_contains" || name == "json_overlaps" }

// asFloats makes a document's integers floats, or fails if that is not exact.
func asFloats(v any) (any, error) {
	switch x := v.(type) {
	case int64:
		if x > 1<<53 || x < -1<<53 {
			return nil, errJSON
		}
		return float64(x), nil
	case uint64:
		return nil, errJSON
	case []any:
		for i := range x {
			e, err := asFloats(x[i])
			if err != nil {
				return nil, err
			}
			x[i] = e
		}
	case map[string]any:
		for k, m := range x {
			e, err := asFloats(m)
			if err != nil {
				return nil, err
			}
			x[k] = e
		}
	}
	return v, nil
}

// AppendJSON appends a value in normal form.
func AppendJSON(dst []byte, v any) ([]byte, error) { return appendJSON(dst, v, 0) }

func appendJSON(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return nil, errJSON
	}
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, x), nil
	case int64:
		return strconv.AppendInt(dst, x, 10), nil
	case uint64:
		return strconv.AppendUint(dst, x, 10), nil
	case int, int8, int16, int32, uint, uint8, uint16, uint32:
		return fmt.Appendf(dst, "%d", x), nil
	case float32:
		return appendDouble(dst, float64(x))
	case float64:
		return appendDouble(dst, x)
	case decimal.Decimal:
		return append(dst, x.String()...), nil
	case string:
		return appendJSONString(dst, x), nil
	case []byte:
		return appendJSONString(dst, string(x)), nil
	case time.Time:
		return appendJSONString(dst, x.Format("2006-01-02 15:04:05.000000")), nil
	case gmstypes.Timespan:
		return appendJSONString(dst, x.String()), nil
	case []any:
		dst = append(dst, '[')
		for i, e := range x {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			var err error
			if dst, err = appendJSON(dst, e, depth+1); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		return appendObject(dst, x, depth)
	case gmstypes.JSONDocument:
		return appendJSON(dst, x.Val, depth)
	case sql.JSONWrapper:
		return nil, fmt.Errorf("JSON value %T", x)
	}
	return nil, fmt.Errorf("JSON value %T", v)
}

func appendObject(dst []byte, m map[string]any, depth int) ([]byte, error) {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return len(a) < len(b) || len(a) == len(b) && a < b
	})
	dst = append(dst, '{')
	for i, k := range names {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendJSONString(dst, k), ": "...)
		var err error
		if dst, err = appendJSON(dst, m[k], depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendDouble writes a double so that it is read as one again.
func appendDouble(dst []byte, x float64) ([]byte, error) {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil, errJSON
	}
	start := len(dst)
	if abs := math.Abs(x); x != 0 && (abs < 1e-15 || abs >= 1e15) {
		dst = strconv.AppendFloat(dst, x, 'e', -1, 64)
		out := strings.NewReplacer("e+0", "e", "e+", "e", "e-0", "e-").Replace(string(dst[start:]))
		return append(dst[:start], out...), nil
	}
	dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}

func appendJSONString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			if c < 0x20 {
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}
