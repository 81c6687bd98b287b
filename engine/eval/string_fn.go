package eval

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileString compiles the functions of strings; nil if e is none. Arguments
// that are no strings are taken as text.
func (c *compiler) compileString(e *plan.Call) (node, error) {
	switch e.Func {
	case "length", "octet_length", "bit_length", "char_length", "character_length", "ascii", "ord":
		return c.measure(e)
	case "lower", "lcase", "upper", "ucase", "reverse", "quote":
		return c.mapText(e)
	case "concat":
		return c.concat(e)
	case "concat_ws":
		return c.concatWithSeparator(e)
	case "left", "right":
		return c.leftRight(e)
	case "substring", "substr":
		return c.substring(e)
	case "substring_index":
		return c.substringIndex(e)
	case "trim", "ltrim", "rtrim":
		return c.trim(e)
	case "replace":
		return c.replace(e)
	case "insert":
		return c.insert(e)
	case "locate", "instr":
		return c.locate(e)
	case "find_in_set":
		return c.findInSet(e)
	case "strcmp":
		return c.strcmp(e)
	case "lpad", "rpad":
		return c.pad(e)
	case "repeat", "space":
		return c.repeat(e)
	case "elt":
		return c.elt(e)
	case "field":
		return c.field(e)
	}
	return nil, nil
}

// texts compiles all arguments as text.
func (c *compiler) texts(e *plan.Call, lo, hi int) ([]node, error) {
	if err := arity(e, lo, hi); err != nil {
		return nil, err
	}
	return c.allAs(e.Args, textType)
}

// textResult checks that a function of ours gives a string.
func textResult(e *plan.Call) error {
	if e.T.Kind() != vec.Bytes {
		return internal("%s giving %s", e.Func, e.T)
	}
	return nil
}

// anyBinary reports whether an argument is a byte string: then the function
// works on bytes, not code points.
func anyBinary(args []plan.Expr) bool {
	for _, a := range args {
		if a.Type().IsBinary() {
			return true
		}
	}
	return false
}

func runes(s []byte, binary bool) int {
	if binary {
		return len(s)
	}
	return utf8.RuneCount(s)
}

func (c *compiler) measure(e *plan.Call) (node, error) {
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	var of func(s []byte) int
	switch e.Func {
	case "length", "octet_length":
		of = func(s []byte) int { return len(s) }
	case "bit_length":
		of = func(s []byte) int { return len(s) * 8 }
	case "ascii":
		of = func(s []byte) int {
			if len(s) == 0 {
				return 0
			}
			return int(s[0])
		}
	case "ord":
		of = func(s []byte) int {
			_, n := utf8.DecodeRune(s)
			x := 0
			for _, b := range s[:n] {
				x = x<<8 | int(b)
			}
			return x
		}
	default:
		binary := anyBinary(e.Args)
		of = func(s []byte) int { return runes(s, binary) }
	}
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, i := range f.rows() {
			f.out.I64[i] = int64(of(a.at(int(i))))
		}
		return nil
	}, args...), integerResult(e.T)
}

// mapText compiles functions from one string to another.
func (c *compiler) mapText(e *plan.Call) (node, error) {
	args, err := c.texts(e, 1, 1)
	if err != nil {
		return nil, err
	}
	binary := anyBinary(e.Args)
	var to func(dst, s []byte) []byte
	switch e.Func {
	case "lower", "lcase":
		to = func(dst, s []byte) []byte { return appendCase(dst, s, 'A', 'Z', unicode.ToLower) }
	case "upper", "ucase":
		to = func(dst, s []byte) []byte { return appendCase(dst, s, 'a', 'z', unicode.ToUpper) }
	case "reverse":
		to = func(dst, s []byte) []byte { return appendReverse(dst, s, binary) }
	default:
		return c.quote(e, args)
	}
	if binary && e.Func != "reverse" {
		return args[0], nil // bytes have no case
	}
	return call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, i := range f.rows() {
			if err := f.str.end(to(f.str.begin(int(i)), a.at(int(i)))); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

// appendCase appends s with the case of each code point changed; lo to hi are
// the ASCII letters that change.
func appendCase(dst, s []byte, lo, hi byte, fold func(rune) rune) []byte {
	for i, b := range s {
		if b >= utf8.RuneSelf {
			for _, r := range str(s[i:]) {
				dst = utf8.AppendRune(dst, fold(r))
			}
			return dst
		}
		if b >= lo && b <= hi {
			b ^= 0x20
		}
		dst = append(dst, b)
	}
	return dst
}

func appendReverse(dst, s []byte, binary bool) []byte {
	for len(s) > 0 {
		n := 1
		if !binary {
			_, n = utf8.DecodeLastRune(s)
		}
		dst = append(dst, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return dst
}

// quote is QUOTE(x), which is never NULL.
func (c *compiler) quote(e *plan.Call, args []node) (node, error) {
	n := call(e.T, func(f *frame) error {
		a := f.text(0)
		for _, row := range f.rows() {
			i := int(row)
			if f.args[0].IsNull(i) {
				if err := f.str.put(i, []byte("NULL")); err != nil {
					return err
				}
				continue
			}
			dst := append(f.str.begin(i), '\'')
			for _, b := range a.at(i) {
				switch b {
				case '\'', '\\':
					dst = append(dst, '\\', b)
				case 0:
					dst = append(dst, '\\', '0')
				case 0x1A:
					dst = append(dst, '\\', 'Z')
				default:
					dst = append(dst, b)
				}
			}
			if err := f.str.end(append(dst, '\'')); err != nil {
				return err
			}
		}
		return nil
	}, args...)
	n.nullable = 1
	return n, textResult(e)
}

func (c *compiler) concat(e *plan.Call) (node, error) {
	args, err := c.texts(e, 1, 255)
	if err != nil {
		return nil, err
	}
	var parts []textOperand
	return call(e.T, func(f *frame) error {
		parts = parts[:0]
		for k := range f.args {
			parts = append(parts, f.text(k))
		}
		for _, row := range f.rows() {
			i, size := int(row), 0
			for _, p := range parts {
				size += len(p.at(i))
			}
			if size > maxPacket {
				f.tooLong(i)
				continue
			}
			dst := f.str.begin(i)
			for _, p := range parts {
				dst = append(dst, p.at(i)...)
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

// concatWithSeparator is CONCAT_WS, which skips NULLs.
func (c *compiler) concatWithSeparator(e *plan.Call) (node, error) {
	args, err := c.texts(e, 2, 255)
	if err != nil {
		return nil, err
	}
	var parts []textOperand
	n := call(e.T, func(f *frame) error {
		parts = parts[:0]
		for k := range f.args {
			parts = append(parts, f.text(k))
		}
		for _, row := range f.rows() {
			i, size := int(row), 0
			for _, p := range parts {
				size += len(p.at(i)) + len(parts[0].at(i))
			}
			if size > maxPacket {
				f.tooLong(i)
				continue
			}
			dst, first := f.str.begin(i), true
			for k, p := range parts[1:] {
				if f.args[k+1].IsNull(i) {
					continue
				}
				if !first {
					dst = append(dst, parts[0].at(i)...)
				}
				dst, first = append(dst, p.at(i)...), false
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...)
	n.nullable = len(args) - 1
	return n, textResult(e)
}

// elt is ELT(n, s1, s2 …): the n-th string.
func (c *compiler) elt(e *plan.Call) (node, error) {
	if err := arity(e, 2, 255); err != nil {
		return nil, err
	}
	index, err := c.as(e.Args[0], bigint)
	if err != nil {
		return nil, err
	}
	rest, err := c.allAs(e.Args[1:], textType)
	if err != nil {
		return nil, err
	}
	n := call(e.T, func(f *frame) error {
		a := f.i64(0)
		for _, row := range f.rows() {
			i := int(row)
			k := a.At(i)
			if k < 1 || k >= int64(len(f.args)) || f.args[k].IsNull(i) {
				f.null(i)
				continue
			}
			if err := f.str.put(i, f.text(int(k)).at(i)); err != nil {
				return err
			}
		}
		return nil
	}, append([]node{index}, rest...)...)
	n.nullable = len(rest)
	return n, textResult(e)
}

// field is FIELD(x, a, b …): which of them x equals, 0 for none or NULL. They
// are compared as strings if all are, else as numbers.
func (c *compiler) field(e *plan.Call) (node, error) {
	if err := arity(e, 2, 255); err != nil {
		return nil, err
	}
	t := mysqltype.MergeAll(typesOf(e.Args)...)
	for _, a := range e.Args {
		if t.IsString() && !a.Type().IsString() && a.Type().ID != mysqltype.Null {
			t = double
		}
	}
	args, err := c.allAs(e.Args, t)
	if err != nil {
		return nil, err
	}
	collate := mysqlfn.Collator(t)
	var equal []bool
	n := call(e.T, func(f *frame) error {
		for _, i := range f.rows() {
			f.out.I64[i] = 0
		}
		equal = grow(equal, f.n)
		x := f.args[0]
		for k := len(f.args) - 1; k > 0; k-- {
			y := f.args[k]
			compare(vec.Equal, withRows(x, f.n), withRows(y, f.n), f.live, equal, collate)
			for _, i := range f.rows() {
				if equal[i] && !x.IsNull(int(i)) && !y.IsNull(int(i)) {
					f.out.I64[i] = int64(k)
				}
			}
		}
		return nil
	}, args...)
	n.nullable = len(args)
	return n, integerResult(e.T)
}

func typesOf(args []plan.Expr) []mysqltype.Type {
	types := make([]mysqltype.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	return types
}

func (c *compiler) strcmp(e *plan.Call) (node, error) {
	args, err := c.texts(e, 2, 2)
	if err != nil {
		return nil, err
	}
	collate := mysqlfn.Collator(mysqltype.Merge(e.Args[0].Type(), e.Args[1].Type()))
	if collate == nil {
		collate = bytes.Compare
	}
	return call(e.T, func(f *frame) error {
		a, b := f.text(0), f.text(1)
		for _, i := range f.rows() {
			r := collate(a.at(int(i)), b.at(int(i)))
			f.out.I64[i] = int64(max(-1, min(r, 1)))
		}
		return nil
	}, args...), integerResult(e.T)
}
