package twoworld

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Statement is one to be asked in both worlds.
type Statement struct {
	SQL     string
	File    string
	Ordered bool // its order is total
}

// Statements reads files of statements that end with a semicolon at the end of
// a line. One after the line "-- ordered" has a total order.
func Statements(tb testing.TB, pattern string) []Statement {
	tb.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no statements in %s: %v", pattern, err)
	}
	var out []Statement
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		for text := range strings.SplitSeq(string(data), ";\n") {
			s := Statement{File: filepath.Base(path)}
			for line := range strings.Lines(text) {
				switch {
				case strings.HasPrefix(line, "-- ordered"):
					s.Ordered = true
				case strings.HasPrefix(line, "--"):
				default:
					s.SQL += line
				}
			}
			if s.SQL = strings.TrimSpace(s.SQL); s.SQL != "" {
				out = append(out, s)
			}
		}
	}
	return out
}
