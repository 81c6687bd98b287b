package eval

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileHashMask compiles the hash mask: the first 32 hex digits of the
// HMAC-SHA256 of a value's canonical text.
func (c *compiler) compileHashMask(e *plan.HashMask) (node, error) {
	if e.Key == nil || len(e.Key.Key) == 0 {
		return nil, internal("hash mask without a key")
	}
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	return call(e.Type(), hashMaskKernel(hmac.New(sha256.New, e.Key.Key), e.Arg.Type()), arg), nil
}

func hashMaskKernel(mac hash.Hash, t mysqltype.Type) kernel {
	var text, sum []byte
	return func(f *frame) error {
		for _, i := range f.rows() {
			text = canonical(text[:0], f.args[0], int(i), t)
			mac.Reset()
			mac.Write(text)
			sum = mac.Sum(sum[:0])
			if err := f.str.end(hex.AppendEncode(f.str.begin(int(i)), sum[:16])); err != nil {
				return err
			}
		}
		return nil
	}
}

// canonical appends the logical value of row i, whatever its representation:
// numbers in plain digits without trailing zeros, dates and times in ISO form
// and UTC, text as it is.
func canonical(dst []byte, v *vec.Vector, i int, t mysqltype.Type) []byte {
	start := len(dst)
	switch {
	case t.IsTemporal() && t.ID != mysqltype.Date:
		t.Scale = 6
		return trimFraction(mysqltype.AppendText(dst, t, v, i, time.UTC), start)
	case t.ID == mysqltype.Decimal && t.Scale > 0:
		return trimFraction(mysqltype.AppendText(dst, t, v, i, time.UTC), start)
	case isFloat(t) && floatAt(v, i) == 0: // also -0
		return append(dst, '0')
	}
	return mysqltype.AppendText(dst, t, v, i, time.UTC)
}

func floatAt(v *vec.Vector, i int) float64 {
	if v.Form == vec.Constant {
		i = 0
	}
	return v.F64[i]
}

// trimFraction drops trailing zeros after the point of dst[start:].
func trimFraction(dst []byte, start int) []byte {
	for len(dst) > start && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
