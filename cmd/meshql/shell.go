package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// errQuit ends the prompt.
var errQuit = errors.New("quit")

// shell runs what a person enters at the prompt. It knows no line editor, so it
// is driven with text alone.
type shell struct {
	client   client
	out, err io.Writer
	settings settings
	safe     bool // no programs and no local files
	colour   bool
	// screen gives the terminal's size, zeros if there is none. Output then is
	// neither paged nor fitted, and no progress is shown.
	screen func() (width, height int)

	names *names // what completion offers; nil: not asked yet
	last  string // the last statement
}

// complete reports whether a text may be run, or the next line belongs to it.
func complete(text string) bool {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || strings.HasPrefix(trimmed, `\`) || isWordCommand(trimmed) {
		return true
	}
	_, rest := splitStatements(trimmed)
	return rest == ""
}

// isWordCommand reports whether a text without a semicolon is one of the few that
// need none, as MySQL's own client has them.
func isWordCommand(text string) bool {
	fields := strings.Fields(strings.TrimSuffix(text, ";"))
	switch {
	case len(fields) == 1:
		return strings.EqualFold(fields[0], "exit") || strings.EqualFold(fields[0], "quit") || strings.EqualFold(fields[0], "help")
	case len(fields) == 2:
		return strings.EqualFold(fields[0], "use") && !strings.Contains(text, "\n")
	}
	return false
}

// enter runs what was entered: one backslash command or statements, up to the
// first that fails. The error is errQuit, or says that the session is over.
func (s *shell) enter(ctx context.Context, text string) error {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, `\`) {
		return s.report(s.command(ctx, trimmed), "")
	}
	if isWordCommand(trimmed) {
		switch word := strings.ToLower(strings.TrimSuffix(trimmed, ";")); {
		case word == "help":
			return s.help()
		case !strings.HasPrefix(word, "use"):
			return errQuit
		}
	}
	statements, rest := splitStatements(trimmed)
	if rest != "" {
		statements = append(statements, statement{text: rest})
	}
	for i, st := range statements {
		s.last = st.text
		err := s.run(ctx, st)
		if err == nil {
			continue
		}
		if err := s.report(err, st.text); err != nil {
			return err
		}
		if left := len(statements) - i - 1; left > 0 {
			fmt.Fprintf(s.err, "%s after it not run\n", plural(left, "statement"))
		}
		return nil
	}
	return nil
}

// run runs one statement and shows its result.
func (s *shell) run(ctx context.Context, st statement) error {
	return s.show(ctx, st.text, s.writer(st.vertical))
}

// show runs a statement and writes its result, with what is to be said of it.
func (s *shell) show(ctx context.Context, sql string, write format) (err error) {
	begun := time.Now()
	var talk io.Writer
	width, height := s.screen()
	if width > 0 {
		talk = s.err
	}
	p := startProgress(talk)
	defer p.end()
	r, err := s.client.Query(ctx, sql)
	if err != nil {
		return err
	}
	s.changed(sql)
	columns, isPlan := len(r.Columns()), isPlan(r)
	out := &pager{out: s.out, lines: height - 2}
	if height > 0 && !s.safe {
		out.command = pagerCommand(s.settings.Pager)
	}
	n := 0
	if columns > 0 {
		n, err = write(ctx, afterProgress{out, p}, p.count(r))
	} else {
		err = r.Close()
	}
	p.end()
	took := time.Since(begun)
	if err = errors.Join(err, out.Close()); err != nil && !brokenPipe(err) {
		return err
	}
	if !isPlan {
		s.summary(ctx, columns > 0, n, took)
	}
	return nil
}

// summary says how many rows there were and how long that took, and the
// warnings.
func (s *shell) summary(ctx context.Context, hasRows bool, n int, took time.Duration) {
	line := "Query OK"
	switch {
	case hasRows && n == 0:
		line = "Empty set"
	case hasRows:
		line = plural(n, "row") + " in set"
	}
	warnings := s.client.Warnings(ctx)
	if len(warnings) > 0 {
		line += ", " + plural(len(warnings), "warning")
	}
	if s.settings.Timing {
		line += fmt.Sprintf(" (%.2f sec)", took.Seconds())
	}
	fmt.Fprintln(s.err, line)
	for i, w := range warnings {
		if i == maxShownWarnings {
			fmt.Fprintln(s.err, "SHOW WARNINGS lists the others")
			break
		}
		fmt.Fprintf(s.err, "%s %d: %s\n", w.Level, w.Code, printable(w.Message))
	}
}

// maxShownWarnings is how many warnings are shown below a result.
const maxShownWarnings = 3

// writer is the format in force.
func (s *shell) writer(vertical bool) format {
	if vertical {
		return writeVertical
	}
	if f := formats[s.settings.Format]; f != nil {
		return f
	}
	width, _ := s.screen()
	return fitted(width)
}

// changed forgets the names where a statement may have changed them.
func (s *shell) changed(sql string) {
	if f := strings.Fields(sql); len(f) > 0 && (strings.EqualFold(f[0], "use") || strings.EqualFold(f[0], "set")) {
		s.names = nil
	}
}

// known returns the names that the session knows, asking for them if need be.
func (s *shell) known(ctx context.Context) (*names, error) {
	if s.names != nil {
		return s.names, nil
	}
	n, err := loadNames(ctx, s.client)
	if err != nil {
		return nil, err
	}
	s.names = n
	return n, nil
}

// report shows an error that the session survives; others are returned.
func (s *shell) report(err error, sql string) error {
	var known *mysqlerr.Error
	var say refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &say):
		fmt.Fprintln(s.err, say)
		return nil
	case errors.As(err, &known):
		for line := range strings.Lines(errorLine(known)) {
			fmt.Fprintln(s.err, s.paint(colourRed, printable(strings.TrimSuffix(line, "\n"))))
		}
		s.caret(known, sql)
		return nil
	case brokenPipe(err):
		return nil
	}
	return err
}

// paint colours a text, if that is wanted.
func (s *shell) paint(colour, text string) string {
	if !s.colour {
		return text
	}
	return colour + text + colourOff
}

// errorLine is how an error is shown everywhere.
func errorLine(e *mysqlerr.Error) string {
	return fmt.Sprintf("ERROR %d (%s): %s", e.Code, e.State, strings.TrimSpace(e.Message))
}

// caret shows the line of the statement that an error is about, and what may
// have been meant.
func (s *shell) caret(e *mysqlerr.Error, sql string) {
	at, name := errorPosition(e, sql)
	hint := ""
	if name != "" && s.names != nil {
		hint = descriptor.DidYouMean(name, s.candidates(e.Code))
	}
	if at < 0 {
		if hint != "" {
			fmt.Fprintln(s.err, "  "+hint)
		}
		return
	}
	start := strings.LastIndexByte(sql[:at], '\n') + 1
	line, _, _ := strings.Cut(sql[start:], "\n")
	indent := displayWidth(printable(sql[start:at]))
	fmt.Fprintf(s.err, "  %s\n  %s%s\n", printable(line), strings.Repeat(" ", indent), strings.TrimRight(s.paint(colourBold, "^")+" "+hint, " "))
}

// candidates are the names that an error's code is about, among those that the
// session sees.
func (s *shell) candidates(code uint16) (out []string) {
	switch code {
	case 1049:
		return s.names.domains
	case 1146:
		for _, p := range s.names.products {
			out = append(out, p.domain+"."+p.name, p.name)
		}
	case 1054:
		for _, p := range s.names.products {
			if strings.Contains(strings.ToLower(s.last), strings.ToLower(p.name)) {
				for _, c := range p.columns {
					out = append(out, c.name)
				}
			}
		}
	}
	return out
}
