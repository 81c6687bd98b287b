package eval

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// AppendText appends row i of v, of type t and not NULL, as MySQL shows it to a
// client: what CAST(x AS CHAR) gives. loc is the session's zone (nil: UTC).
func AppendText(dst []byte, v *vec.Vector, i int, t mysqltype.Type, loc *time.Location) []byte {
	if v.Form == vec.Constant {
		i = 0
	}
	if v.Form == vec.Dictionary {
		v, i = v.Dict.Values, v.Codes.At(i)
	}
	switch {
	case t.ID == mysqltype.Bool:
		if v.Bool[i] {
			return append(dst, '1')
		}
		return append(dst, '0')
	case t.ID == mysqltype.Year:
		return appendPadded(dst, int(v.I64[i]), 4)
	case v.Kind == vec.U64:
		return strconv.AppendUint(dst, v.U64[i], 10)
	case t.ID == mysqltype.Decimal && v.Kind == vec.I128:
		return appendDecimal(dst, v.I128[i], int(t.Scale))
	case t.ID == mysqltype.Decimal:
		return appendDecimal(dst, vec.Int128From(v.I64[i]), int(t.Scale))
	case t.IsInteger():
		return strconv.AppendInt(dst, v.I64[i], 10)
	case v.Kind == vec.F64:
		return appendFloat(dst, v.F64[i], t.ID == mysqltype.Float)
	case t.ID == mysqltype.Date:
		return appendDate(dst, v.I32[i])
	case t.ID == mysqltype.Time:
		return appendTime(dst, v.I64[i], t.Scale)
	case t.ID == mysqltype.DateTime:
		return appendMoment(dst, v.I64[i], t.Scale)
	case t.ID == mysqltype.Timestamp:
		if loc == nil {
			loc = time.UTC
		}
		return appendMoment(dst, local(v.I64[i], loc), t.Scale)
	}
	return append(dst, v.Str.At(i)...)
}

// castString converts anything to text or bytes.
func castString(from, to mysqltype.Type, implicit bool, env *Env) kernel {
	limit := int(to.Length)
	if implicit || limit == 0 {
		limit = -1
	}
	loc := env.location()
	pad := to.ID == mysqltype.Binary && limit > 0
	return func(f *frame) error {
		v := f.args[0]
		for _, row := range f.rows() {
			i := int(row)
			dst := f.str.begin(i)
			start := len(dst)
			dst = AppendText(dst, v, i, from, loc)
			if limit >= 0 {
				cut := cutAt(dst[start:], limit, to.IsBinary())
				if cut < len(dst)-start {
					dst = dst[:start+cut]
					f.warn(truncated("CHAR"))
				}
				for pad && len(dst)-start < limit {
					dst = append(dst, 0)
				}
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}
}

// cutAt returns the length in bytes of the first limit code points (or bytes).
func cutAt(s []byte, limit int, binary bool) int {
	if len(s) <= limit {
		return len(s)
	}
	if binary {
		return limit
	}
	n := 0
	for ; limit > 0 && n < len(s); limit-- {
		_, size := utf8.DecodeRune(s[n:])
		n += size
	}
	return n
}
