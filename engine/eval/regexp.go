package eval

import (
	"bytes"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// maxPatterns is how many compiled patterns a node keeps where the pattern is
// not constant.
const maxPatterns = 64

// matcher compiles and keeps patterns.
type matcher struct {
	fold  bool // the collation's
	cache map[string]*pattern
}

func newMatcher(args []plan.Expr) *matcher {
	fold := false
	for _, a := range args[:2] {
		switch t := a.Type(); {
		case !t.IsString() || t.IsBinary():
		case t.Collation == mysqltype.AI0900 || t.Collation == mysqltype.AS0900 || t.Collation == mysqltype.GeneralCI:
			fold = true
		}
	}
	return &matcher{fold: fold, cache: make(map[string]*pattern)}
}

func (m *matcher) get(source, flags []byte) (*pattern, error) {
	key := string(flags) + "/" + string(source)
	if p, ok := m.cache[key]; ok {
		return p, nil
	}
	if len(source) == 0 {
		return nil, mysqlerr.WrongRegexp()
	}
	f, err := parseFlags(string(flags), m.fold)
	if err != nil {
		return nil, err
	}
	p, err := compilePattern(string(source), f)
	if err != nil {
		return nil, err
	}
	if len(m.cache) >= maxPatterns {
		clear(m.cache)
	}
	m.cache[key] = p
	return p, nil
}

// compileRegexp compiles REGEXP and the REGEXP_ functions; nil if e is none.
func (c *compiler) compileRegexp(e *plan.Call) (node, error) {
	switch e.Func {
	case plan.OpRegexp, "regexp_like":
		return c.regexpLike(e)
	case "regexp_instr":
		return c.regexpInstr(e)
	case "regexp_substr":
		return c.regexpSubstr(e)
	case "regexp_replace":
		return c.regexpReplace(e)
	}
	return nil, nil
}

// regexpArgs compiles the arguments: texts first, then numbers, then the match
// type; what is missing is as MySQL has it by default.
func (c *compiler) regexpArgs(e *plan.Call, texts int, defaults ...int64) ([]node, error) {
	if err := arity(e, texts, texts+len(defaults)+1); err != nil {
		return nil, err
	}
	args, err := c.allAs(e.Args[:texts], textType)
	if err != nil {
		return nil, err
	}
	for k, d := range defaults {
		var n node = newConst(vec.I64, d)
		if texts+k < len(e.Args) {
			if n, err = c.as(e.Args[texts+k], bigint); err != nil {
				return nil, err
			}
		}
		args = append(args, n)
	}
	var flags node = newConst(vec.Bytes, "")
	if len(e.Args) == texts+len(defaults)+1 {
		if flags, err = c.as(e.Args[len(e.Args)-1], textType); err != nil {
			return nil, err
		}
	}
	return append(args, flags), nil
}

func (c *compiler) regexpLike(e *plan.Call) (node, error) {
	args, err := c.regexpArgs(e, 2)
	if err != nil {
		return nil, err
	}
	m := newMatcher(e.Args)
	return call(boolType, func(f *frame) error {
		a, p, flags := f.text(0), f.text(1), f.text(2)
		var re *pattern
		for _, row := range f.rows() {
			i := int(row)
			if re == nil || p.mask != 0 || flags.mask != 0 {
				var err error
				if re, err = m.get(p.at(i), flags.at(i)); err != nil {
					return err
				}
			}
			f.out.Bool[i] = re.re.Match(a.at(i))
		}
		return nil
	}, args...), nil
}

// occurrence finds the nth match at or after a position, counted in code points
// from 1. A position outside the string is an error.
func occurrence(re *pattern, s []byte, pos, n int64) ([]int, error) {
	from, err := offset(s, pos)
	if err != nil {
		return nil, err
	}
	for {
		m, err := re.find(s, from)
		if n--; err != nil || m == nil || n <= 0 {
			return m, err
		}
		var more bool
		if from, more = after(s, m); !more {
			return nil, nil
		}
	}
}

func offset(s []byte, pos int64) (int, error) {
	if pos < 1 || pos > int64(utf8.RuneCount(s))+1 {
		return 0, mysqlerr.RegexpPosition()
	}
	return len(prefix(s, pos-1, false)), nil
}

func (c *compiler) regexpInstr(e *plan.Call) (node, error) {
	args, err := c.regexpArgs(e, 2, 1, 1, 0)
	if err != nil {
		return nil, err
	}
	m := newMatcher(e.Args)
	return call(e.T, func(f *frame) error {
		a, p, flags := f.text(0), f.text(1), f.text(5)
		pos, nth, after := f.i64(2), f.i64(3), f.i64(4)
		for _, row := range f.rows() {
			i := int(row)
			re, err := m.get(p.at(i), flags.at(i))
			if err != nil {
				return err
			}
			s := a.at(i)
			at, err := occurrence(re, s, pos.At(i), nth.At(i))
			if err != nil {
				return err
			}
			f.out.I64[i] = 0
			if at != nil {
				end := at[0]
				if after.At(i) == 1 {
					end = at[1]
				}
				f.out.I64[i] = int64(utf8.RuneCount(s[:end])) + 1
			}
		}
		return nil
	}, args...), integerResult(e.T)
}

func (c *compiler) regexpSubstr(e *plan.Call) (node, error) {
	args, err := c.regexpArgs(e, 2, 1, 1)
	if err != nil {
		return nil, err
	}
	m := newMatcher(e.Args)
	return call(e.T, func(f *frame) error {
		a, p, flags := f.text(0), f.text(1), f.text(4)
		pos, nth := f.i64(2), f.i64(3)
		for _, row := range f.rows() {
			i := int(row)
			re, err := m.get(p.at(i), flags.at(i))
			if err != nil {
				return err
			}
			at, err := occurrence(re, a.at(i), pos.At(i), nth.At(i))
			if err != nil {
				return err
			}
			if at == nil {
				f.null(i)
				continue
			}
			if err := f.str.put(i, a.at(i)[at[0]:at[1]]); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

func (c *compiler) regexpReplace(e *plan.Call) (node, error) {
	args, err := c.regexpArgs(e, 3, 1, 0)
	if err != nil {
		return nil, err
	}
	m := newMatcher(e.Args)
	return call(e.T, func(f *frame) error {
		a, p, with, flags := f.text(0), f.text(1), f.text(2), f.text(5)
		pos, nth := f.i64(3), f.i64(4)
		for _, row := range f.rows() {
			i := int(row)
			re, err := m.get(p.at(i), flags.at(i))
			if err != nil {
				return err
			}
			from, err := offset(a.at(i), pos.At(i))
			if err != nil {
				return err
			}
			dst, err := re.replace(f.str.begin(i), a.at(i), with.at(i), from, nth.At(i))
			if err != nil {
				return err
			}
			if dst == nil {
				f.tooLong(i)
				continue
			}
			if err := f.str.end(dst); err != nil {
				return err
			}
		}
		return nil
	}, args...), textResult(e)
}

// replace appends s with its matches from an offset on, or the nth of them only,
// replaced; nil if that is too long.
func (p *pattern) replace(dst, s, with []byte, from int, nth int64) ([]byte, error) {
	start, done, more := len(dst), 0, true
	for count := int64(1); more; count++ {
		m, err := p.find(s, from)
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		from, more = after(s, m)
		if nth > 0 && count != nth {
			more = more && count < nth
			continue
		}
		dst = append(dst, s[done:m[0]]...)
		if dst, err = p.expand(dst, with, s, m); err != nil {
			return nil, err
		}
		done = m[1]
		if len(dst)-start > maxPacket {
			return nil, nil
		}
		if nth > 0 {
			break
		}
	}
	return append(dst, s[done:]...), nil
}

// expand appends a replacement, in which $n is a group and a backslash makes
// what follows literal.
func (p *pattern) expand(dst, with, s []byte, m []int) ([]byte, error) {
	if bytes.IndexByte(with, '$') < 0 && bytes.IndexByte(with, '\\') < 0 {
		return append(dst, with...), nil
	}
	groups := len(m)/2 - 1
	if p.end >= 0 {
		groups--
	}
	for k := 0; k < len(with); k++ {
		switch c := with[k]; {
		case c == '\\' && k+1 < len(with):
			k++
			dst = append(dst, with[k])
		case c == '$':
			n, width := 0, 0
			for k+1+width < len(with) && isDigit(with[k+1+width]) && n*10+int(with[k+1+width]-'0') <= groups {
				n = n*10 + int(with[k+1+width]-'0')
				width++
			}
			if width == 0 {
				return nil, mysqlerr.WrongRegexp()
			}
			if g := p.group(n); m[2*g] >= 0 {
				dst = append(dst, s[m[2*g]:m[2*g+1]]...)
			}
			k += width
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// group maps the number of a group as the pattern's writer counts to ours.
func (p *pattern) group(n int) int {
	if p.end > 0 && n >= p.end {
		return n + 1
	}
	return n
}
