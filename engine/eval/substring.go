package eval

import (
	"bytes"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// Functions of parts of strings. Positions count code points from 1, bytes for
// byte strings.

// prefix returns the first n code points of s (bytes if binary).
func prefix(s []byte, n int64, binary bool) []byte {
	if n <= 0 {
		return nil
	}
	if n >= int64(len(s)) {
		return s
	}
	return s[:cutAt(s, int(n), binary)]
}

// suffix returns the last n code points of s.
func suffix(s []byte, n int64, binary bool) []byte {
	if n <= 0 {
		return nil
	}
	if n >= int64(len(s)) {
		return s
	}
	if binary {
		return s[int64(len(s))-n:]
	}
	end := len(s)
	for ; n > 0 && end > 0; n-- {
		_, size := utf8.DecodeLastRune(s[:end])
		end -= size
	}
	return s[end:]
}

func (c *compiler) leftRight(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	s, err := c.as(e.Args[0], textType)
	if err != nil {
		return nil, err
	}
	n, err := c.as(e.Args[1], bigint)
	if err != nil {
		return nil, err
	}
	binary, part := anyBinary(e.Args[:1]), prefix
	if e.Func == "right" {
		part = suffix
	}
	return call(e.T, func(f *frame) error {
		a, n := f.text(0), f.i64(1)
		for _, i := range f.rows() {
			if err := f.str.put(int(i), part(a.at(int(i)), n.At(int(i)), binary)); err != nil {
				return err
			}
		}
		return nil
	}, s, n), textResult(e)
}

func (c *compiler) substring(e *plan.Call) (node, error) {
	if err := arity(e, 2, 3); err != nil {
		return nil, err
	}
	s, err := c.as(e.Args[0], textType)
	if err != nil {
		return nil, err
	}
	numbers, err := c.allAs(e.Args[1:], bigint)
	if err != nil {
		return nil, err
	}
	binary := anyBinary(e.Args[:1])
	return call(e.T, func(f *frame) error {
		a, pos := f.text(0), f.i64(1)
		count := vec.Operand[int64]{V: []int64{1<<63 - 1}}
		if len(f.args) == 3 {
			count = f.i64(2)
		}
		for _, row := range f.rows() {
			i := int(row)
			if err := f.str.put(i, substring(a.at(i), pos.At(i), count.At(i), binary)); err != nil {
				return err
			}
		}
		return nil
	}, append([]node{s}, numbers...)...), textResult(e)
}

func substring(s []byte, pos, count int64, binary bool) []byte {
	switch {
	case pos == 0 || count <= 0:
		return nil
	case pos < 0:
		if pos == -1<<63 || -pos > int64(runes(s, binary)) {
			return nil
		}
		s = suffix(s, -pos, binary)
	default:
		s = s[len(prefix(s, pos-1, binary)):]
	}
	return prefix(s, count, binary)
}

// substringIndex is SUBSTRING_INDEX(s, delimiter, count).
func (c *compiler) substringIndex(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	texts, err := c.allAs(e.Args[:2], textType)
	if err != nil {
		return nil, err
	}
	count, err := c.as(e.Args[2], bigint)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a, d, n := f.text(0), f.text(1), f.i64(2)
		for _, row := range f.rows() {
			i := int(row)
			if err := f.str.put(i, substringIndex(a.at(i), d.at(i), n.At(i))); err != nil {
				return err
			}
		}
		return nil
	}, append(texts, count)...), textResult(e)
}

func substringIndex(s, delimiter []byte, count int64) []byte {
	if len(delimiter) == 0 || count == 0 {
		return nil
	}
	if count > 0 {
		at := 0
		for ; count > 0; count-- {
			k := bytes.Index(s[at:], delimiter)
			if k < 0 {
				return s
			}
			at += k + len(delimiter)
		}
		return s[:at-len(delimiter)]
	}
	at := len(s)
	for ; count < 0; count++ {
		k := bytes.LastIndex(s[:at], delimiter)
		if k < 0 {
			return s
		}
		at = k
	}
	return s[at+len(delimiter):]
}

// trim is TRIM(x), TRIM(x, what, 'both' | 'leading' | 'trailing'), LTRIM and
// RTRIM.
func (c *compiler) trim(e *plan.Call) (node, error) {
	leading, trailing := e.Func != "rtrim", e.Func != "ltrim"
	if len(e.Args) == 3 {
		v, _ := constValue(e.Args[2])
		switch v {
		case "both":
		case "leading":
			trailing = false
		case "trailing":
			leading = false
		default:
			return nil, internal("trim of an unknown side")
		}
		e = &plan.Call{Func: e.Func, Args: e.Args[:2], T: e.T}
	}
	args, err := c.texts(e, 1, 2)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		args = append(args, newConst(vec.Bytes, " "))
	}
	return call(e.T, func(f *frame) error {
		a, what := f.text(0), f.text(1)
		for _, row := range f.rows() {
			i := int(row)
			s, w := a.at(i), what.at(i)
			for leading && len(w) > 0 && bytes.HasPrefix(s, w) {
				s = s[len(w):]
			}
			for trailing && len(w) > 0 && bytes.HasSuffix(s, w) {
				s = s[:len(s)-len(w)]
			}
			if err := f.str.put(i, s); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

func (c *compiler) replace(e *plan.Call) (node, error) {
	args, err := c.texts(e, 3, 3)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		a, from, to := f.text(0), f.text(1), f.text(2)
		for _, row := range f.rows() {
			i := int(row)
			s, old, with := a.at(i), from.at(i), to.at(i)
			if len(old) == 0 {
				if err := f.str.put(i, s); err != nil {
					return err
				}
				continue
			}
			if grow := len(with) - len(old); grow > 0 && len(s)+grow*bytes.Count(s, old) > maxPacket {
				f.tooLong(i)
				continue
			}
			dst := f.str.begin(i)
			for {
				k := bytes.Index(s, old)
				if k < 0 {
					break
				}
				dst = append(append(dst, s[:k]...), with...)
				s = s[k+len(old):]
			}
			if err := f.str.end(append(dst, s...)); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

// insert is INSERT(s, position, length, new).
func (c *compiler) insert(e *plan.Call) (node, error) {
	if err := arity(e, 4, 4); err != nil {
		return nil, err
	}
	texts, err := c.allAs([]plan.Expr{e.Args[0], e.Args[3]}, textType)
	if err != nil {
		return nil, err
	}
	numbers, err := c.allAs(e.Args[1:3], bigint)
	if err != nil {
		return nil, err
	}
	binary := anyBinary(e.Args[:1])
	return call(e.T, func(f *frame) error {
		a, with, pos, count := f.text(0), f.text(1), f.i64(2), f.i64(3)
		for _, row := range f.rows() {
			i := int(row)
			s, p, n := a.at(i), pos.At(i), count.At(i)
			if p < 1 || p > int64(runes(s, binary)) {
				if err := f.str.put(i, s); err != nil {
					return err
				}
				continue
			}
			head := prefix(s, p-1, binary)
			tail := s[len(head):]
			if n >= 0 {
				tail = tail[len(prefix(tail, n, binary)):]
			} else {
				tail = nil
			}
			if len(head)+len(tail)+len(with.at(i)) > maxPacket {
				f.tooLong(i)
				continue
			}
			dst := append(f.str.begin(i), head...)
			dst = append(append(dst, with.at(i)...), tail...)
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, append(texts, numbers...)...), textResult(e)
}

// locate is LOCATE(what, s[, from]) and INSTR(s, what).
func (c *compiler) locate(e *plan.Call) (node, error) {
	if err := arity(e, 2, 3); err != nil {
		return nil, err
	}
	what, in := e.Args[0], e.Args[1]
	if e.Func == "instr" {
		what, in = in, what
	}
	args, err := c.allAs([]plan.Expr{what, in}, textType)
	if err != nil {
		return nil, err
	}
	var from node = newConst(vec.I64, int64(1))
	if len(e.Args) == 3 {
		if from, err = c.as(e.Args[2], bigint); err != nil {
			return nil, err
		}
	}
	binary := anyBinary(e.Args[:2])
	key := collationWeights(e.Args[:2])
	return call(e.T, func(f *frame) error {
		what, in, from := f.text(0), f.text(1), f.i64(2)
		for _, row := range f.rows() {
			i := int(row)
			f.out.I64[i] = locate(in.at(i), what.at(i), from.At(i), binary, key)
		}
		return nil
	}, append(args, from)...), integerResult(e.T)
}

func locate(s, what []byte, from int64, binary bool, key func([]byte) []byte) int64 {
	if from < 1 || from > int64(runes(s, binary))+1 {
		return 0
	}
	if key != nil { // four bytes a code point
		s, what = key(s), key(what)
		at := int(from-1) * 4
		for ; at+len(what) <= len(s); at += 4 {
			if bytes.HasPrefix(s[at:], what) {
				return int64(at/4) + 1
			}
		}
		return 0
	}
	head := prefix(s, from-1, binary)
	k := bytes.Index(s[len(head):], what)
	if k < 0 {
		return 0
	}
	return from + int64(runes(s[len(head):len(head)+k], binary))
}

// collationWeights returns the weights of the collation that arguments are
// matched by, nil for bytes.
func collationWeights(args []plan.Expr) func([]byte) []byte {
	for _, a := range args {
		if key := mysqlfn.CollationWeights(a.Type()); key != nil {
			return key
		}
	}
	return nil
}

// findInSet is FIND_IN_SET(x, 'a,b,c').
func (c *compiler) findInSet(e *plan.Call) (node, error) {
	args, err := c.texts(e, 2, 2)
	if err != nil {
		return nil, err
	}
	key := collationWeights(e.Args)
	return call(e.T, func(f *frame) error {
		x, set := f.text(0), f.text(1)
		for _, row := range f.rows() {
			i := int(row)
			f.out.I64[i] = findInSet(x.at(i), set.at(i), key)
		}
		return nil
	}, args...), integerResult(e.T)
}

func findInSet(x, set []byte, key func([]byte) []byte) int64 {
	if len(set) == 0 {
		return 0
	}
	for n := int64(1); ; n++ {
		item, rest, more := bytes.Cut(set, []byte(","))
		if key == nil && bytes.Equal(item, x) || key != nil && bytes.Equal(key(item), key(x)) {
			return n
		}
		if !more {
			return 0
		}
		set = rest
	}
}

func (c *compiler) pad(e *plan.Call) (node, error) {
	if err := arity(e, 3, 3); err != nil {
		return nil, err
	}
	texts, err := c.allAs([]plan.Expr{e.Args[0], e.Args[2]}, textType)
	if err != nil {
		return nil, err
	}
	length, err := c.as(e.Args[1], bigint)
	if err != nil {
		return nil, err
	}
	binary, left := anyBinary(e.Args[:1]), e.Func == "lpad"
	return call(e.T, func(f *frame) error {
		a, with, length := f.text(0), f.text(1), f.i64(2)
		for _, row := range f.rows() {
			i := int(row)
			s, w, n := a.at(i), with.at(i), length.At(i)
			missing := n - int64(runes(s, binary))
			switch {
			case n < 0:
				f.null(i)
				continue
			case missing <= 0:
				if err := f.str.put(i, prefix(s, n, binary)); err != nil {
					return err
				}
				continue
			case n > maxPacket:
				f.tooLong(i)
				continue
			case len(w) == 0: // nothing to pad with
				if err := f.str.put(i, nil); err != nil {
					return err
				}
				continue
			}
			width := int64(runes(w, binary))
			if int64(len(s))+(missing/width+1)*int64(len(w)) > maxPacket+int64(len(w)) {
				f.tooLong(i)
				continue
			}
			dst := f.str.begin(i)
			if !left {
				dst = append(dst, s...)
			}
			for ; missing >= width; missing -= width {
				dst = append(dst, w...)
			}
			dst = append(dst, prefix(w, missing, binary)...)
			if left {
				dst = append(dst, s...)
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, append(texts, length)...), textResult(e)
}

// repeat is REPEAT(s, n) and SPACE(n).
func (c *compiler) repeat(e *plan.Call) (node, error) {
	count := e.Args[len(e.Args)-1]
	var s node = newConst(vec.Bytes, " ")
	want := 1
	if e.Func == "repeat" {
		want = 2
	}
	if err := arity(e, want, want); err != nil {
		return nil, err
	}
	n, err := c.as(count, bigint)
	if err != nil {
		return nil, err
	}
	if want == 2 {
		if s, err = c.as(e.Args[0], textType); err != nil {
			return nil, err
		}
	}
	return call(e.T, func(f *frame) error {
		a, n := f.text(0), f.i64(1)
		for _, row := range f.rows() {
			i := int(row)
			s, k := a.at(i), max(0, n.At(i))
			if len(s) == 0 {
				k = 0
			} else if k > int64(maxPacket/len(s)) {
				f.tooLong(i)
				continue
			}
			if err := f.str.reserve(len(s) * int(k)); err != nil {
				return err
			}
			dst := f.str.begin(i)
			for ; k > 0; k-- {
				dst = append(dst, s...)
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, s, n), textResult(e)
}
