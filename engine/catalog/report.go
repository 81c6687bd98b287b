package catalog

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/meshql/meshql/governance/descriptor"
)

// Report says what was validated.
type Report struct {
	Domains, Contracts, PolicyFiles int
	Errors, Warnings                int
	Diagnostics                     Diagnostics
	// Sources are the files that were read, by the name in diagnostics. That of
	// identities is not among them.
	Sources map[string][]byte
}

// Text renders the report for people: each diagnostic with its line and a caret.
func (r *Report) Text() string {
	var b strings.Builder
	for _, d := range r.Diagnostics {
		one := d
		line, ok := r.line(d)
		if ok {
			one.Hint = ""
		}
		b.WriteString(one.String() + "\n")
		if ok {
			number := fmt.Sprintf("%5d", d.Line)
			fmt.Fprintf(&b, "%s | %s\n%s | %s^%s\n", number, line, strings.Repeat(" ", len(number)),
				strings.Repeat(" ", caretAt(line, d.Column)), strings.TrimRight(" "+d.Hint, " "))
		}
	}
	mark := "✓"
	if r.Errors > 0 {
		mark = "✗"
	}
	fmt.Fprintf(&b, "%s %s, %s in %s\n", mark, plural(r.Errors, "error"), plural(r.Warnings, "warning"), plural(r.Contracts, "contract"))
	return b.String()
}

// maxExcerpt is how long a line may be to be shown.
const maxExcerpt = 160

// line returns the line that a diagnostic is about, if it can be shown: not where
// a secret may stand.
func (r *Report) line(d descriptor.Diagnostic) (string, bool) {
	data, ok := r.Sources[d.File]
	if !ok || d.Rule == ruleSecret || d.Line < 1 || !utf8.Valid(data) {
		return "", false
	}
	lines := bytes.Split(data, []byte("\n"))
	if d.Line > len(lines) {
		return "", false
	}
	line := strings.TrimRight(string(lines[d.Line-1]), "\r")
	if utf8.RuneCountInString(line) > maxExcerpt || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return "", false
	}
	return strings.ReplaceAll(line, "\t", " "), true
}

func caretAt(line string, column int) int {
	return max(0, min(column-1, utf8.RuneCountInString(line)))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
