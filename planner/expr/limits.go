package expr

import (
	"fmt"

	"github.com/meshql/meshql/planner/mysqlerr"
)

// Limits bound a text before any parser sees it.
type Limits struct {
	Bytes  int // of text
	Tokens int // words, numbers, strings and signs
	Depth  int // of parentheses
}

// DefaultLimits suit statements that people and tools write.
var DefaultLimits = Limits{Bytes: 256 << 10, Tokens: 100_000, Depth: 200}

// checkText applies DefaultLimits to a text of one or more statements.
func checkText(sql string) error { return DefaultLimits.Check(sql) }

// Check returns mysqlerr.TooComplex for a text beyond the limits. It reads the
// text once and keeps nothing.
func (l Limits) Check(sql string) error {
	if len(sql) > l.Bytes {
		return mysqlerr.TooComplex(fmt.Sprintf("it has more than %d bytes", l.Bytes))
	}
	tokens, depth := 0, 0
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case isSpace(c):
			i++
			continue
		case c == '\'' || c == '"' || c == '`':
			i = skipQuoted(sql, i)
		case c == '#' || c == '-' && startsLineComment(sql[i:]):
			i = skipLine(sql, i)
			continue
		case c == '/' && i+1 < len(sql) && sql[i+1] == '*' && !executable(sql[i+2:]):
			i = skipComment(sql, i)
			continue
		case isWord(c):
			for i < len(sql) && isWord(sql[i]) {
				i++
			}
		default:
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
			i++
		}
		tokens++
		if tokens > l.Tokens {
			return mysqlerr.TooComplex(fmt.Sprintf("it has more than %d words", l.Tokens))
		}
		if depth > l.Depth {
			return mysqlerr.TooComplex(fmt.Sprintf("it is nested deeper than %d levels", l.Depth))
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// skipQuoted returns the position after the string or name that starts at i. A
// doubled quote ends one and starts another, which counts the same.
func skipQuoted(sql string, i int) int {
	quote := sql[i]
	for i++; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			if quote != '`' {
				i++
			}
		case quote:
			return i + 1
		}
	}
	return len(sql)
}

func startsLineComment(s string) bool {
	return len(s) >= 2 && s[1] == '-' && (len(s) == 2 || isSpace(s[2]))
}

func skipLine(sql string, i int) int {
	for i < len(sql) && sql[i] != '\n' {
		i++
	}
	return i
}

// executable reports whether the text after "/*" is read as code by a parser:
// /*! … */, /*+ … */, /*T! … */ and /*M! … */.
func executable(s string) bool {
	for k := 0; k < len(s) && k < 2; k++ {
		if s[k] == '!' || s[k] == '+' {
			return true
		}
	}
	return false
}

func skipComment(sql string, i int) int {
	for i += 2; i+1 < len(sql); i++ {
		if sql[i] == '*' && sql[i+1] == '/' {
			return i + 2
		}
	}
	return len(sql)
}
