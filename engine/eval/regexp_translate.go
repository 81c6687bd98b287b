package eval

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/meshql/meshql/planner/mysqlerr"
)

// MySQL's regular expressions are ICU's; ours run in linear time. What both have
// is translated to mean the same; what only ICU has (look-around, backreferences,
// possessive quantifiers, \b, class algebra) is refused by name.

// lineEnd is what ICU takes for the end of a line.
const lineEnd = `\n\x0B\f\r\x{85}\x{2028}\x{2029}`

// endGroup names the line end that $ allows before the end of the text; it is
// no part of the match.
const endGroup = "meshql_end"

// pattern is a compiled regular expression.
type pattern struct {
	re       *regexp.Regexp
	end      int  // index of endGroup, -1 if the pattern has no $
	anchored bool // it asks for the start of the text somewhere
	fixed    bool // it matches at the start of the text only
}

// flags of a pattern.
type regexpFlags struct{ fold, dotAll bool }

// parseFlags reads a match_type over what the collation says.
func parseFlags(s string, fold bool) (regexpFlags, error) {
	f := regexpFlags{fold: fold}
	for _, c := range s {
		switch c {
		case 'c':
			f.fold = false
		case 'i':
			f.fold = true
		case 'n':
			f.dotAll = true
		case 'm', 'u':
			return f, mysqlerr.Unsupported("match type " + string(c) + " of a regular expression")
		default:
			return f, mysqlerr.WrongRegexp()
		}
	}
	return f, nil
}

func compilePattern(source string, flags regexpFlags) (*pattern, error) {
	t := &translator{in: source, flags: flags}
	if err := t.run(); err != nil {
		return nil, err
	}
	prefix := ""
	if t.flags.fold {
		prefix = "(?i)"
	}
	re, err := regexp.Compile(prefix + t.out.String())
	if err != nil {
		return nil, mysqlerr.WrongRegexp()
	}
	return &pattern{re, re.SubexpIndex(endGroup), t.anchored, t.fixed}, nil
}

// find returns the submatches of the first match at or after from, nil for
// none; the end of a line that $ passed over is not in the match.
func (p *pattern) find(s []byte, from int) ([]int, error) {
	switch {
	case from > 0 && p.fixed:
		return nil, nil
	case from > 0 && p.anchored:
		return nil, unsupportedRegexp("^ together with a position or several matches")
	}
	m := p.re.FindSubmatchIndex(s[from:])
	for i := range m {
		if m[i] >= 0 {
			m[i] += from
		}
	}
	if m != nil && p.end >= 0 && m[2*p.end] >= 0 && m[2*p.end+1] == m[1] {
		m[1] = m[2*p.end]
	}
	return m, nil
}

// after returns where the search for the match after m goes on: behind it, and
// behind a code point if it is empty; false at the end of the string.
func after(s []byte, m []int) (int, bool) {
	if m[1] > m[0] {
		return m[1], true
	}
	if m[1] >= len(s) {
		return 0, false
	}
	_, size := utf8.DecodeRune(s[m[1]:])
	return m[1] + size, true
}

type translator struct {
	in    string
	at    int
	out   strings.Builder
	flags regexpFlags
	// ended and anchored say that endGroup and the start of the text are used.
	ended, anchored, fixed bool
}

func (t *translator) run() error {
	if err := t.leadingFlags(); err != nil {
		return err
	}
	t.fixed = strings.HasPrefix(t.in[t.at:], "^") && !strings.Contains(t.in, "|")
	for t.at < len(t.in) {
		c := t.in[t.at]
		switch c {
		case '\\':
			if err := t.escape(false); err != nil {
				return err
			}
		case '[':
			if err := t.class(); err != nil {
				return err
			}
		case '.':
			t.at++
			if t.flags.dotAll {
				t.out.WriteString(`(?s:.)`)
			} else {
				t.out.WriteString(`[^` + lineEnd + `]`)
			}
		case '$':
			t.at++
			t.endOfText()
		case '^':
			t.at++
			t.anchored = true
			t.out.WriteByte(c)
		case '(':
			if err := t.group(); err != nil {
				return err
			}
		case '{':
			if !t.repetition() {
				return mysqlerr.WrongRegexp()
			}
		case '+':
			if t.at > 0 && strings.IndexByte("*+?}", t.in[t.at-1]) >= 0 && !(t.at > 1 && t.in[t.at-2] == '\\') {
				return unsupportedRegexp("possessive quantifiers")
			}
			t.out.WriteByte(c)
			t.at++
		default:
			t.out.WriteByte(c)
			t.at++
		}
	}
	return nil
}

func unsupportedRegexp(what string) error {
	return mysqlerr.Unsupported(what + " in a regular expression")
}

// leadingFlags reads (?i) and (?s) where they hold for the whole pattern.
func (t *translator) leadingFlags() error {
	rest, ok := strings.CutPrefix(t.in, "(?")
	if !ok {
		return nil
	}
	end := strings.IndexByte(rest, ')')
	if end <= 0 || strings.Trim(rest[:end], "is") != "" {
		return nil
	}
	t.flags.fold = t.flags.fold || strings.Contains(rest[:end], "i")
	t.flags.dotAll = t.flags.dotAll || strings.Contains(rest[:end], "s")
	t.at = end + 3
	return nil
}

func (t *translator) endOfText() {
	if t.ended {
		t.out.WriteString(`(?:\r\n|[` + lineEnd + `])?\z`)
		return
	}
	t.ended = true
	t.out.WriteString(`(?P<` + endGroup + `>\r\n|[` + lineEnd + `])?\z`)
}

// group reads an opening parenthesis and what kind of group it is.
func (t *translator) group() error {
	rest := t.in[t.at+1:]
	if !strings.HasPrefix(rest, "?") {
		t.out.WriteByte('(')
		t.at++
		return nil
	}
	switch {
	case strings.HasPrefix(rest, "?:"):
		t.out.WriteString("(?:")
		t.at += 3
	case strings.HasPrefix(rest, "?i:"):
		t.out.WriteString("(?i:")
		t.at += 4
	case strings.HasPrefix(rest, "?="), strings.HasPrefix(rest, "?!"), strings.HasPrefix(rest, "?<="), strings.HasPrefix(rest, "?<!"):
		return unsupportedRegexp("look-around")
	case strings.HasPrefix(rest, "?>"):
		return unsupportedRegexp("atomic groups")
	case strings.HasPrefix(rest, "?<"):
		t.out.WriteString("(?<")
		t.at += 3
	default:
		return unsupportedRegexp("these group options")
	}
	return nil
}

// repetition copies {n}, {n,} or {n,m}.
func (t *translator) repetition() bool {
	end := strings.IndexByte(t.in[t.at:], '}')
	if end < 2 || !isDigit(t.in[t.at+1]) || strings.Trim(t.in[t.at+1:t.at+end], "0123456789,") != "" {
		return false
	}
	t.out.WriteString(t.in[t.at : t.at+end+1])
	t.at += end + 1
	return true
}

// escape reads a backslash and what it makes special.
func (t *translator) escape(inClass bool) error {
	if t.at+1 == len(t.in) {
		return mysqlerr.WrongRegexp()
	}
	c := t.in[t.at+1]
	t.at += 2
	class := func(set string, negated bool) error {
		switch {
		case inClass && negated:
			return unsupportedRegexp("a negated class in a class")
		case inClass:
			t.out.WriteString(set)
		case negated:
			t.out.WriteString("[^" + set + "]")
		default:
			t.out.WriteString("[" + set + "]")
		}
		return nil
	}
	switch c {
	case 'd', 'D':
		return class(`\p{Nd}`, c == 'D')
	case 'w', 'W':
		return class(`\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}`, c == 'W')
	case 's', 'S':
		return class(`\t\n\x0B\f\r\x{85}\p{Z}`, c == 'S')
	case 'A', 'z':
		if inClass {
			return mysqlerr.WrongRegexp()
		}
		t.anchored = t.anchored || c == 'A'
		t.out.WriteString(`\` + string(c))
		return nil
	case 'Z':
		if inClass {
			return mysqlerr.WrongRegexp()
		}
		t.endOfText()
		return nil
	case 'n', 't', 'r', 'f', 'a', 'x', 'p', 'P':
		t.out.WriteString(`\` + string(c))
		return nil
	case 'v':
		return class(`\n\x0B\f\r\x{85}\x{2028}\x{2029}`, false)
	case 'u':
		if t.at+4 > len(t.in) || strings.Trim(t.in[t.at:t.at+4], "0123456789abcdefABCDEF") != "" {
			return mysqlerr.WrongRegexp()
		}
		t.out.WriteString(`\x{` + t.in[t.at:t.at+4] + `}`)
		t.at += 4
		return nil
	}
	if isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return unsupportedRegexp(`\` + string(c))
	}
	if c >= 0x80 {
		t.out.WriteByte(c) // the first byte of a code point that stands for itself
		return nil
	}
	t.out.WriteString(regexp.QuoteMeta(string(c)))
	return nil
}

// class reads a bracket expression.
func (t *translator) class() error {
	t.out.WriteByte('[')
	t.at++
	if t.at < len(t.in) && t.in[t.at] == '^' {
		t.out.WriteByte('^')
		t.at++
	}
	for first := true; t.at < len(t.in); first = false {
		c := t.in[t.at]
		rest := t.in[t.at:]
		switch {
		case c == ']' && !first:
			t.out.WriteByte(']')
			t.at++
			return nil
		case c == ']':
			t.out.WriteString(`\]`)
			t.at++
		case c == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "[:"):
			end := strings.Index(rest, ":]")
			set, ok := posixClasses[rest[2:max(2, end)]]
			if !ok {
				return unsupportedRegexp("this class name")
			}
			t.out.WriteString(set)
			t.at += end + 2
		case c == '[':
			return unsupportedRegexp("a class in a class")
		case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "--"):
			return unsupportedRegexp("class algebra")
		default:
			t.out.WriteByte(c)
			t.at++
		}
	}
	return mysqlerr.WrongRegexp()
}

// posixClasses are the POSIX classes as ICU has them: of all of Unicode.
var posixClasses = map[string]string{
	"alpha": `\p{L}\p{Nl}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{Nl}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\t\n\x0B\f\r\x{85}\p{Z}`, "blank": `\t\p{Zs}`, "punct": `\p{P}`, "cntrl": `\p{Cc}`, "xdigit": `0-9A-Fa-f`,
}
