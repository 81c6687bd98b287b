package eval

import (
	"unicode/utf8"

	"github.com/meshql/meshql/planner/mysqltype"
)

// castString converts anything to text or bytes.
func castString(from, to mysqltype.Type, implicit bool, env *Env) kernel {
	limit := int(to.Length)
	if implicit || !cuts(from, to) {
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
			dst = mysqltype.AppendText(dst, from, v, i, loc)
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
