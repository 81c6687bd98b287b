package main

import "strings"

// statement is one statement of a text.
type statement struct {
	text     string
	vertical bool // it ends with \G
}

// splitStatements cuts a text into its statements at semicolons, \g and \G
// outside quotes and comments. The rest after the last one is returned apart: it
// is a statement only if the text ends there. Comments alone are none.
func splitStatements(text string) (statements []statement, rest string) {
	start, blank := 0, true // blank: nothing but space and comments since start
	for i := 0; i < len(text); {
		c := text[i]
		if end := afterComment(text, i); end > i {
			i = end
			continue
		}
		vertical := strings.HasPrefix(text[i:], `\G`)
		switch {
		case c == '\'' || c == '"' || c == '`':
			i, blank = afterQuoted(text, i), false
		case c == ';', vertical, strings.HasPrefix(text[i:], `\g`):
			if !blank {
				statements = append(statements, statement{strings.TrimSpace(text[start:i]), vertical})
			}
			if i++; c == '\\' {
				i++
			}
			start, blank = i, true
		default:
			blank = blank && strings.IndexByte(" \t\r\n", c) >= 0
			i++
		}
	}
	if blank {
		return statements, ""
	}
	return statements, strings.TrimSpace(text[start:])
}

// afterComment returns where the comment that starts at i ends, or i if none
// does. What MySQL runs of a comment is none.
func afterComment(text string, i int) int {
	rest := text[i:]
	switch {
	case rest[0] == '#', rest == "--", strings.HasPrefix(rest, "-- "), strings.HasPrefix(rest, "--\t"), strings.HasPrefix(rest, "--\n"):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			return i + end + 1
		}
		return len(text)
	case strings.HasPrefix(rest, "/*") && !strings.HasPrefix(rest, "/*!"):
		if end := strings.Index(rest[2:], "*/"); end >= 0 {
			return i + 2 + end + 2
		}
		return len(text)
	}
	return i
}

func afterQuoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// openText reports whether a text ends inside quotes or a comment that the next
// line may go on with.
func openText(text string) bool {
	for i := 0; i < len(text); {
		if end := afterComment(text, i); end > i {
			if end == len(text) && strings.HasPrefix(text[i:], "/*") && !strings.HasSuffix(text, "*/") {
				return true
			}
			i = end
			continue
		}
		if c := text[i]; c == '\'' || c == '"' || c == '`' {
			end := afterQuoted(text, i)
			if end == len(text) && (len(text) == i+1 || text[end-1] != c) {
				return true
			}
			i = end
			continue
		}
		i++
	}
	return false
}
