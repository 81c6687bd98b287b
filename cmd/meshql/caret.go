package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/meshql/meshql/planner/mysqlerr"
)

var (
	syntaxNear  = regexp.MustCompile(`(?s) near '(.*)' at line (\d+)$`)
	unknownName = regexp.MustCompile(`^(?:Unknown (?:column|database) |Table )'([^']+)'`)
)

// errorPosition finds where in a statement an error is, from what its message
// quotes: the byte, or -1 if that cannot be told, and the name that is not known.
func errorPosition(e *mysqlerr.Error, sql string) (at int, name string) {
	if m := syntaxNear.FindStringSubmatch(e.Message); m != nil && e.Code == 1064 {
		line, err := strconv.Atoi(m[2])
		if err != nil || m[1] == "" {
			return len(sql), ""
		}
		return findAfter(sql, m[1], line), ""
	}
	m := unknownName.FindStringSubmatch(e.Message)
	if m == nil {
		return -1, ""
	}
	written := m[1]
	if _, short := cutPath(written); e.Code != 1146 || !strings.Contains(strings.ToLower(sql), strings.ToLower(written)) {
		written = short
	}
	_, name = cutPath(m[1])
	at = -1
	for i := 0; i < len(sql); {
		if end := afterComment(sql, i); end > i {
			i = end
			continue
		}
		if sql[i] == '\'' || sql[i] == '"' {
			i = afterQuoted(sql, i)
			continue
		}
		n := wordLength(sql[i:])
		if word := sql[i : i+n]; n > 0 && (strings.EqualFold(unquote(word), written) || strings.HasSuffix(strings.ToLower(unquote(word)), "."+strings.ToLower(written))) {
			if at >= 0 {
				return -1, name // more than one place
			}
			at = i
		}
		i += max(n, 1)
	}
	return at, name
}

// findAfter finds text in sql on a line, counted from 1, or -1.
func findAfter(sql, text string, line int) int {
	from := 0
	for range line - 1 {
		next := strings.IndexByte(sql[from:], '\n')
		if next < 0 {
			break
		}
		from += next + 1
	}
	if at := strings.Index(sql[from:], text); at >= 0 {
		return from + at
	}
	return strings.LastIndex(sql, text)
}
