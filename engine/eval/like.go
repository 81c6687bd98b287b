package eval

import (
	"bytes"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// compileLike is value LIKE pattern, with a constant escape character.
func (c *compiler) compileLike(e *plan.Call) (node, error) {
	if err := arity(e, 2, 3); err != nil {
		return nil, err
	}
	escape := "\\"
	if len(e.Args) == 3 {
		v, _ := constValue(e.Args[2])
		s, ok := v.(string)
		if !ok || utf8.RuneCountInString(s) > 1 {
			return nil, internal("LIKE with an escape that is no constant code point")
		}
		escape = s
	}
	operands := &plan.Call{Func: e.Func, Args: e.Args[:2]}
	args, err := c.strictArgs(operands, vec.Bytes)
	if err != nil {
		return nil, err
	}
	binary, key := anyBinary(e.Args[:2]), collationWeights(e.Args[:2])
	var m *likeMatcher
	var source []byte
	matcher := func(pattern []byte) *likeMatcher {
		if m == nil || !bytes.Equal(source, pattern) {
			source = append(source[:0], pattern...)
			m = newLikeMatcher(source, escape, binary, key)
		}
		return m
	}
	return call(boolType, func(f *frame) error {
		a, p := f.text(0), f.text(1)
		if p.mask == 0 {
			m := matcher(p.at(0))
			for _, i := range f.rows() {
				f.out.Bool[i] = m.match(a.at(int(i)))
			}
			return nil
		}
		for _, i := range f.rows() {
			f.out.Bool[i] = matcher(p.at(int(i))).match(a.at(int(i)))
		}
		return nil
	}, args...), nil
}

// likeMatcher is a compiled pattern: what stands between its % signs. The first
// segment must stand at the start and the last at the end, the others follow
// each other anywhere between.
type likeMatcher struct {
	segments []likeSegment
	binary   bool
	key      func([]byte) []byte // values are matched by their collation keys
}

// likeSegment is a run of literal bytes and single wildcards. Where there is no
// wildcard, literal is all of it.
type likeSegment struct {
	literal []byte
	parts   []likePart // nil: the literal
}

// likePart is a literal, or one code point of any kind.
type likePart struct {
	literal []byte
	any     bool
}

func newLikeMatcher(pattern []byte, escape string, binary bool, key func([]byte) []byte) *likeMatcher {
	m := &likeMatcher{binary: binary, key: key}
	var parts []likePart
	var literal []byte
	flush := func() {
		if len(literal) > 0 {
			if key != nil {
				literal = key(literal)
			}
			parts = append(parts, likePart{literal: literal})
			literal = nil
		}
	}
	segment := func() {
		flush()
		s := likeSegment{parts: parts}
		if len(parts) == 0 {
			s = likeSegment{}
		} else if len(parts) == 1 && !parts[0].any {
			s = likeSegment{literal: parts[0].literal}
		}
		m.segments, parts = append(m.segments, s), nil
	}
	for len(pattern) > 0 {
		n := 1
		if !binary {
			_, n = utf8.DecodeRune(pattern)
		}
		ch := pattern[:n]
		pattern = pattern[n:]
		switch {
		case escape != "" && string(ch) == escape && len(pattern) > 0:
			n = 1
			if !binary {
				_, n = utf8.DecodeRune(pattern)
			}
			literal = append(literal, pattern[:n]...)
			pattern = pattern[n:]
		case ch[0] == '%':
			segment()
		case ch[0] == '_':
			flush()
			parts = append(parts, likePart{any: true})
		default:
			literal = append(literal, ch...)
		}
	}
	segment()
	return m
}

func (m *likeMatcher) match(s []byte) bool {
	if m.key != nil {
		s = m.key(s)
	}
	first := &m.segments[0]
	n := m.at(first, s)
	if n < 0 {
		return false
	}
	if len(m.segments) == 1 {
		return n == len(s)
	}
	s = s[n:]
	last := &m.segments[len(m.segments)-1]
	for k := 1; k < len(m.segments)-1; k++ {
		end := m.find(&m.segments[k], s)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	return m.ends(last, s)
}

// at returns the length of a match of the segment at the start of s, or -1.
func (m *likeMatcher) at(g *likeSegment, s []byte) int {
	if g.parts == nil {
		if !bytes.HasPrefix(s, g.literal) {
			return -1
		}
		return len(g.literal)
	}
	n := 0
	for _, p := range g.parts {
		switch {
		case !p.any:
			if !bytes.HasPrefix(s[n:], p.literal) {
				return -1
			}
			n += len(p.literal)
		case n == len(s):
			return -1
		default:
			n += m.step(s[n:])
		}
	}
	return n
}

// step returns the length of the first character of s.
func (m *likeMatcher) step(s []byte) int {
	switch {
	case m.key != nil:
		return 4
	case m.binary:
		return 1
	}
	_, n := utf8.DecodeRune(s)
	return n
}

// find returns where the first match of the segment in s ends, or -1.
func (m *likeMatcher) find(g *likeSegment, s []byte) int {
	if g.parts == nil && m.key == nil {
		k := bytes.Index(s, g.literal)
		if k < 0 {
			return -1
		}
		return k + len(g.literal)
	}
	for at := 0; ; at += m.step(s[at:]) {
		if n := m.at(g, s[at:]); n >= 0 {
			return at + n
		}
		if at >= len(s) {
			return -1
		}
	}
}

// ends reports whether s ends with the segment.
func (m *likeMatcher) ends(g *likeSegment, s []byte) bool {
	if g.parts == nil {
		return bytes.HasSuffix(s, g.literal)
	}
	for at := 0; ; at += m.step(s[at:]) {
		if n := m.at(g, s[at:]); n >= 0 && at+n == len(s) {
			return true
		}
		if at >= len(s) {
			return false
		}
	}
}
