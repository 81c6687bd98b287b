package main

import "strings"

// splitStatements cuts a text into its statements at semicolons outside quotes
// and comments. The rest after the last semicolon is returned apart; it is a
// statement only if the text ends there.
func splitStatements(text string) (statements []string, rest string) {
	start := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"' || c == '`':
			i = afterQuoted(text, i)
		case c == '#', strings.HasPrefix(text[i:], "-- "), strings.HasPrefix(text[i:], "--\n"):
			i = afterLine(text, i)
		case strings.HasPrefix(text[i:], "/*"):
			if end := strings.Index(text[i+2:], "*/"); end >= 0 {
				i += 2 + end + 2
			} else {
				i = len(text)
			}
		case c == ';':
			if s := strings.TrimSpace(text[start:i]); s != "" {
				statements = append(statements, s)
			}
			i++
			start = i
		default:
			i++
		}
	}
	return statements, strings.TrimSpace(text[start:])
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

func afterLine(text string, i int) int {
	if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
		return i + end + 1
	}
	return len(text)
}
