package eval

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileEncode compiles digests, encodings and numbers in other bases; nil if
// e is none.
func (c *compiler) compileEncode(e *plan.Call) (node, error) {
	switch e.Func {
	case "md5":
		return c.digest(e, func(s []byte) []byte { h := md5.Sum(s); return h[:] })
	case "sha", "sha1":
		return c.digest(e, func(s []byte) []byte { h := sha1.Sum(s); return h[:] })
	case "sha2":
		return c.sha2(e)
	case "crc32":
		return c.crc32(e)
	case "hex":
		return c.hex(e)
	case "unhex", "from_base64", "to_base64":
		return c.recode(e)
	case "bin", "oct":
		return c.inBase(e)
	case "conv":
		return c.conv(e)
	case "char":
		return c.char(e)
	case "format":
		return c.format(e)
	case "uuid":
		return c.uuid(e)
	}
	return nil, nil
}

func (c *compiler) digest(e *plan.Call, sum func([]byte) []byte) (node, error) {
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, i := range f.rows() {
			if err := f.str.end(hex.AppendEncode(f.str.begin(int(i)), sum(a.at(int(i))))); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

func (c *compiler) sha2(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	s, err := c.as(e.Args[0], textType)
	if err != nil {
		return nil, err
	}
	bits, err := c.as(e.Args[1], bigint)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a, n := f.text(0), f.i64(1)
		for _, row := range f.rows() {
			i := int(row)
			var sum []byte
			switch s := a.at(i); n.At(i) {
			case 224:
				h := sha256.Sum224(s)
				sum = h[:]
			case 0, 256:
				h := sha256.Sum256(s)
				sum = h[:]
			case 384:
				h := sha512.Sum384(s)
				sum = h[:]
			case 512:
				h := sha512.Sum512(s)
				sum = h[:]
			default:
				f.null(i)
				continue
			}
			if err := f.str.end(hex.AppendEncode(f.str.begin(i), sum)); err != nil {
				return err
			}
		}
		return nil
	}, s, bits), textResult(e)
}

func (c *compiler) crc32(e *plan.Call) (node, error) {
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	if e.T.Kind() != vec.U64 {
		return nil, internal("crc32 giving %s", e.T)
	}
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, i := range f.rows() {
			f.out.U64[i] = uint64(crc32.ChecksumIEEE(a.at(int(i))))
		}
		return nil
	}, args...), nil
}

// hex is HEX of a number, rounded, or of a string's bytes.
func (c *compiler) hex(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if e.Args[0].Type().IsNumeric() {
		arg, err := c.bits(e.Args[0])
		if err != nil {
			return nil, err
		}
		return c.digits(e, arg, 16)
	}
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	const upper = "0123456789ABCDEF"
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, i := range f.rows() {
			dst := f.str.begin(int(i))
			for _, b := range a.at(int(i)) {
				dst = append(dst, upper[b>>4], upper[b&15])
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

// inBase is BIN and OCT.
func (c *compiler) inBase(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	base := 8
	if e.Func == "bin" {
		base = 2
	}
	arg, err := c.bits(e.Args[0])
	if err != nil {
		return nil, err
	}
	return c.digits(e, arg, base)
}

func (c *compiler) digits(e *plan.Call, arg node, base int) (node, error) {
	return call(e.T, func(f *frame) error {
		a := f.u64(0)
		for _, i := range f.rows() {
			s := strings.ToUpper(strconv.FormatUint(a.At(int(i)), base))
			if err := f.str.put(int(i), []byte(s)); err != nil {
				return err
			}
		}
		return nil
	}, arg), textResult(e)
}

// recode is UNHEX, FROM_BASE64 and TO_BASE64; what is not well formed is NULL.
func (c *compiler) recode(e *plan.Call) (node, error) {
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, row := range f.rows() {
			i := int(row)
			dst, ok := f.str.begin(i), true
			switch s := a.at(i); e.Func {
			case "unhex":
				if len(s)%2 == 1 {
					s = append([]byte{'0'}, s...)
				}
				var err error
				dst, err = hex.AppendDecode(dst, s)
				ok = err == nil
			case "from_base64":
				s = []byte(strings.Map(func(r rune) rune {
					if r < utf8Self && isSpace(byte(r)) {
						return -1
					}
					return r
				}, string(s)))
				var err error
				dst, err = base64.StdEncoding.AppendDecode(dst, s)
				ok = err == nil
			default:
				line := base64.StdEncoding.EncodeToString(s)
				for len(line) > 76 {
					dst = append(append(dst, line[:76]...), '\n')
					line = line[76:]
				}
				dst = append(dst, line...)
			}
			if !ok {
				f.null(i)
				continue
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

const utf8Self = 0x80

// conv is CONV(x, from, to).
func (c *compiler) conv(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	s, err := c.as(e.Args[0], textType)
	if err != nil {
		return nil, err
	}
	bases, err := c.allAs(e.Args[1:], bigint)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a, from, to := f.text(0), f.i64(1), f.i64(2)
		for _, row := range f.rows() {
			i := int(row)
			out, ok := convertBase(a.at(i), from.At(i), to.At(i))
			if !ok {
				f.null(i)
				continue
			}
			if err := f.str.put(i, []byte(out)); err != nil {
				return err
			}
		}
		return nil
	}, append([]node{s}, bases...)...), textResult(e)
}

func convertBase(s []byte, from, to int64) (string, bool) {
	abs := func(x int64) int64 { return max(x, -x) }
	if b := abs(from); b < 2 || b > 36 {
		return "", false
	}
	if b := abs(to); b < 2 || b > 36 {
		return "", false
	}
	s = skipSpace(s)
	neg := len(s) > 0 && s[0] == '-'
	if neg || len(s) > 0 && s[0] == '+' {
		s = s[1:]
	}
	x, base, limit := new(big.Int), big.NewInt(abs(from)), new(big.Int).SetUint64(math.MaxUint64)
	for _, ch := range s {
		if ch >= 'A' && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		d := strings.IndexByte("0123456789abcdefghijklmnopqrstuvwxyz", ch)
		if d < 0 || int64(d) >= abs(from) {
			break
		}
		if x.Mul(x, base).Add(x, big.NewInt(int64(d))).Cmp(limit) > 0 {
			x.Set(limit)
			break
		}
	}
	v := x.Uint64()
	if neg {
		v = -v
	}
	if to < 0 {
		return strings.ToUpper(strconv.FormatInt(int64(v), int(-to))), true
	}
	return strings.ToUpper(strconv.FormatUint(v, int(to))), true
}

// char is CHAR(n, …): the bytes of the numbers; NULLs are skipped.
func (c *compiler) char(e *plan.Call) (node, error) {
	if err := arity(e, 1, 255); err != nil {
		return nil, err
	}
	args := make([]node, len(e.Args))
	for i, a := range e.Args {
		n, err := c.bits(a)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	n := call(e.T, func(f *frame) error {
		for _, row := range f.rows() {
			i := int(row)
			dst := f.str.begin(i)
			for k := range f.args {
				if f.args[k].IsNull(i) {
					continue
				}
				x, started := uint32(f.u64(k).At(i)), false
				for shift := 24; shift >= 0; shift -= 8 {
					b := byte(x >> shift)
					if started = started || b != 0 || shift == 0; started {
						dst = append(dst, b)
					}
				}
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...)
	n.nullable = len(args)
	return n, textResult(e)
}

// format is FORMAT(x, digits): rounded, with thousands separated.
func (c *compiler) format(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	t := mysqltype.DecimalOf(mysqltype.Numeric(e.Args[0].Type()))
	if isFloat(mysqltype.Numeric(e.Args[0].Type())) {
		t = mysqltype.Type{ID: mysqltype.Decimal, Precision: vec.MaxDigits, Scale: 10}
	}
	x, err := c.as(e.Args[0], t)
	if err != nil {
		return nil, err
	}
	n, err := c.as(e.Args[1], bigint)
	if err != nil {
		return nil, err
	}
	var buf []byte
	return call(e.T, func(f *frame) error {
		a, n := f.decimal(0), f.i64(1)
		for _, row := range f.rows() {
			i := int(row)
			digits := max(0, min(n.At(i), mysqltype.MaxScale))
			shown := min(int(digits), int(t.Scale))
			v := roundExact(a.at(i), int(t.Scale), shown, digits, true)
			buf = mysqltype.AppendDecimal(buf[:0], v, shown)
			dst := appendThousands(f.str.begin(i), buf)
			for k := shown; k < int(digits); k++ {
				if k == 0 {
					dst = append(dst, '.')
				}
				dst = append(dst, '0')
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, x, n), textResult(e)
}

func appendThousands(dst, number []byte) []byte {
	if number[0] == '-' {
		dst, number = append(dst, '-'), number[1:]
	}
	whole := len(number)
	for i, b := range number {
		if b == '.' {
			whole = i
			break
		}
	}
	for i, b := range number[:whole] {
		if i > 0 && (whole-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, b)
	}
	return append(dst, number[whole:]...)
}

// uuid is UUID(): random, so that it says nothing about the server.
func (c *compiler) uuid(e *plan.Call) (node, error) {
	if err := arity(e, 0, 0); err != nil {
		return nil, err
	}
	n := call(e.T, func(f *frame) error {
		var id [16]byte
		for _, i := range f.rows() {
			rand.Read(id[:]) // never fails
			id[6], id[8] = id[6]&0x0F|0x40, id[8]&0x3F|0x80
			dst := f.str.begin(int(i))
			for k := range id {
				if k == 4 || k == 6 || k == 8 || k == 10 {
					dst = append(dst, '-')
				}
				dst = hex.AppendEncode(dst, id[k:k+1])
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	})
	n.volatile = true
	return n, textResult(e)
}
