package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refusal says why a command was not run, in words for the person who gave it.
type refusal string

func (r refusal) Error() string { return string(r) }

// command is one that starts with a backslash.
type command struct {
	name, args, help string
	local            bool // it starts programs or touches files; refused with --safe
	run              func(s *shell, ctx context.Context, argument string) error
}

// commands are all of them in the order in which \help lists them.
func commands() []command {
	return []command{
		{name: "d", args: "[PRODUCT]", help: "domains and products; or a product's columns and what applies to you", run: (*shell).describe},
		{name: "products", args: "[WORDS]", help: "the products that mention all of some words", run: (*shell).products},
		{name: "why", args: "DOMAIN.PRODUCT[.COLUMN]", help: "which policies filter or mask it for you", run: (*shell).why},
		{name: "explain", args: "[STATEMENT]", help: "how a statement, or the last one, would run", run: (*shell).explain},
		{name: "export", args: "FILE [FORMAT]", help: "write the last statement's rows to a new file", local: true, run: (*shell).export},
		{name: "watch", args: "[SECONDS]", help: "run the last statement again and again until Ctrl-C", run: (*shell).watch},
		{name: "e", help: "edit the last statement with $EDITOR and run it", local: true, run: (*shell).edit},
		{name: "purpose", args: "[NAME]", help: "show or choose the purpose that you ask for", run: (*shell).purpose},
		{name: "format", args: "[NAME]", help: "how rows are shown: auto|" + formatNames, run: (*shell).format},
		{name: "timing", args: "[on|off]", help: "say how long a statement took", run: (*shell).timing},
		{name: "pager", args: "[on|off]", help: "show long results through $PAGER", local: true, run: (*shell).pager},
		{name: "help", help: "this list", run: func(s *shell, _ context.Context, _ string) error { return s.help() }},
		{name: "q", help: "leave; so does Ctrl-D", run: func(*shell, context.Context, string) error { return errQuit }},
	}
}

// command runs a line that starts with a backslash.
func (s *shell) command(ctx context.Context, line string) error {
	name, argument, _ := strings.Cut(strings.TrimPrefix(line, `\`), " ")
	argument = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), ";"))
	name = strings.TrimSuffix(name, ";")
	if name == "?" || name == "h" {
		name = "help"
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		if c.local && s.safe {
			return refusal(`\` + name + " is refused: --safe starts no programs and touches no files")
		}
		return c.run(s, ctx, argument)
	}
	return refusal(`no command \` + name + `; \help lists them`)
}

func (s *shell) help() error {
	for _, c := range commands() {
		fmt.Fprintf(s.out, "  %-34s %s\n", strings.TrimSpace(`\`+c.name+" "+c.args), c.help)
	}
	fmt.Fprintln(s.out, "\nStatements end with ; or with \\G to see rows vertically. Tab completes, Ctrl-R searches history, Ctrl-C interrupts.")
	return nil
}

// lastStatement is what commands about the last statement run.
func (s *shell) lastStatement() (string, error) {
	if s.last == "" {
		return "", refusal("there is no statement yet")
	}
	return s.last, nil
}

func (s *shell) explain(ctx context.Context, argument string) error {
	sql := argument
	if sql == "" {
		var err error
		if sql, err = s.lastStatement(); err != nil {
			return err
		}
	}
	if f := strings.Fields(sql); len(f) > 0 && !strings.EqualFold(f[0], "explain") {
		sql = "EXPLAIN " + sql
	}
	return s.show(ctx, sql, fitted(0))
}

func (s *shell) export(ctx context.Context, argument string) (err error) {
	fields := strings.Fields(argument)
	if len(fields) == 0 || len(fields) > 2 {
		return refusal(`\export FILE [FORMAT]: ` + formatNames)
	}
	name := strings.TrimPrefix(filepath.Ext(fields[0]), ".")
	if len(fields) == 2 {
		name = fields[1]
	}
	if name == "md" {
		name = "markdown"
	}
	write := formats[name]
	if write == nil {
		return refusal("in which format? " + formatNames)
	}
	sql, err := s.lastStatement()
	if err != nil {
		return err
	}
	r, err := s.client.Query(ctx, sql)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(fields[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(refusal(err.Error()), r.Close())
	}
	p := startProgress(s.err)
	n, err := write(ctx, f, p.count(r))
	p.end()
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(fields[0]))
	}
	fmt.Fprintf(s.err, "%s written to %s\n", plural(n, "row"), fields[0])
	return nil
}

// Bounds of \watch.
const (
	watchDefault = 2 * time.Second
	watchMost    = 24 * time.Hour
)

func (s *shell) watch(ctx context.Context, argument string) error {
	every := watchDefault
	if argument != "" {
		seconds, err := strconv.ParseFloat(argument, 64)
		if err != nil || seconds < 0.1 || seconds > watchMost.Seconds() {
			return refusal(`\watch SECONDS, at least 0.1`)
		}
		every = time.Duration(seconds * float64(time.Second))
	}
	sql, err := s.lastStatement()
	if err != nil {
		return err
	}
	kept := s.settings.Pager
	s.settings.Pager = pagerOff
	defer func() { s.settings.Pager = kept }()
	for {
		if width, _ := s.screen(); width > 0 {
			fmt.Fprint(s.out, "\x1b[H\x1b[2J")
		}
		fmt.Fprintf(s.err, "every %s, %s\n", every, time.Now().Format(time.TimeOnly))
		if err := s.run(ctx, statement{text: sql}); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		wait := time.NewTimer(every)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
	}
}

// edit opens the last statement in an editor and runs what comes back.
func (s *shell) edit(ctx context.Context, _ string) (err error) {
	f, err := os.CreateTemp("", "meshql-*.sql") // mode 0600
	if err != nil {
		return refusal(err.Error())
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	text := s.last
	if text != "" {
		text += ";\n"
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(refusal(err.Error()), f.Close())
	}
	if err := f.Close(); err != nil {
		return refusal(err.Error())
	}
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	cmd := exec.Command("sh", "-c", editor+` "$1"`, "sh", f.Name()) //nolint:gosec // the person's own editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return refusal("editor: " + err.Error())
	}
	edited, err := os.ReadFile(f.Name())
	if err != nil {
		return refusal(err.Error())
	}
	fmt.Fprintln(s.err, strings.TrimSpace(string(edited)))
	if !complete(string(edited)) {
		_, rest := splitStatements(string(edited))
		s.last = rest
		return refusal(`not run: it does not end with ; (\e goes on with it)`)
	}
	return s.enter(ctx, string(edited))
}

func (s *shell) purpose(ctx context.Context, argument string) error {
	if argument != "" {
		return s.show(ctx, "SET SESSION purpose = "+literal(argument), nil)
	}
	current, err := tableOf(ctx, s.client, "SELECT @@purpose")
	if err != nil {
		return err
	}
	held := s.client.Purposes(ctx)
	if len(held) == 0 {
		return refusal("you hold no purpose")
	}
	for _, p := range held {
		mark := " "
		if len(current) == 1 && current[0][0] == p {
			mark = "*"
		}
		fmt.Fprintf(s.out, "%s %s\n", mark, p)
	}
	return nil
}

func (s *shell) format(_ context.Context, argument string) error {
	switch {
	case argument == "auto":
		s.settings.Format = ""
	case formats[argument] != nil:
		s.settings.Format = argument
	case argument != "":
		return refusal("formats are auto|" + formatNames)
	}
	name := s.settings.Format
	if name == "" {
		name = "auto"
	}
	fmt.Fprintf(s.err, "format is %s\n", name)
	return nil
}

func (s *shell) timing(_ context.Context, argument string) error {
	on, err := onOff(argument, s.settings.Timing)
	if err != nil {
		return err
	}
	s.settings.Timing = on
	fmt.Fprintf(s.err, "timing is %s\n", map[bool]string{true: "on", false: "off"}[on])
	return nil
}

func (s *shell) pager(_ context.Context, argument string) error {
	on, err := onOff(argument, s.settings.Pager != pagerOff)
	if err != nil {
		return err
	}
	switch {
	case !on:
		s.settings.Pager = pagerOff
	case s.settings.Pager == pagerOff:
		s.settings.Pager = ""
	}
	name := pagerCommand(s.settings.Pager)
	if name == "" {
		name = pagerOff
	}
	fmt.Fprintf(s.err, "pager is %s\n", name)
	return nil
}

// onOff reads a switch's argument; without one it is turned over.
func onOff(argument string, now bool) (bool, error) {
	switch {
	case argument == "":
		return !now, nil
	case slices.Contains([]string{"on", "off"}, argument):
		return argument == "on", nil
	}
	return now, refusal("on or off?")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), what)
}
