package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/governance/descriptor"
)

// prompt opens a user's session of an engine and prompts for statements.
func prompt(cmd *cobra.Command, e *engine.Engine, user string) (err error) {
	c, err := openLocal(cmd.Context(), e, user, "", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return repl(cmd, c, replFlags{})
}

// replFlags are what the command line says about the prompt.
type replFlags struct {
	format string
	safe   bool
}

// repl prompts for statements on a terminal until its end. Ctrl-C interrupts what
// runs, not the prompt.
func repl(cmd *cobra.Command, c client, flags replFlags) error {
	set, err := promptSettings(flags)
	if err != nil {
		return err
	}
	s := &shell{client: c, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), settings: set, safe: flags.safe, colour: colours(), screen: screenSize}
	editor, err := newEditor(s)
	if err != nil {
		return err
	}

	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	signal.Reset(os.Interrupt) // from here on it is the statement's that runs
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	ended := context.AfterFunc(cmd.Context(), func() { // told to end while a key is waited for
		if term.Restore(fd, state) == nil {
			os.Exit(exitInterrupted)
		}
	})
	defer ended()

	fmt.Fprintf(s.err, "meshql %s; statements end with ;  \\help lists commands\n", engine.Version)
	for {
		text, err := editor.read()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("terminal: %w", err)
		}
		err = interruptible(cmd.Context(), interrupts, func(ctx context.Context) error { return s.enter(ctx, text) })
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// interruptible runs fn with a context that an interrupt cancels.
func interruptible(ctx context.Context, interrupts <-chan os.Signal, fn func(context.Context) error) error {
	select {
	case <-interrupts: // of what ran before
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-interrupts:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := fn(ctx)
	cancel()
	<-done
	return err
}

// promptSettings are those of the configuration file, which --safe does not read
// programs from, and of flags.
func promptSettings(flags replFlags) (settings, error) {
	path, err := settingsPath()
	if err != nil {
		return settings{}, err
	}
	set, err := readSettings(path)
	var found descriptor.Diagnostics
	if errors.As(err, &found) {
		return set, fmt.Errorf("configuration: %w", found)
	}
	if err != nil {
		return set, err
	}
	if flags.format != "" {
		set.Format = flags.format
	}
	return set, nil
}

// screenSize is the size of the terminal that output goes to, or zeros.
func screenSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// lineEditor reads what is typed at the prompt, a whole statement at a time.
type lineEditor struct {
	*readline.Shell
	room *room
}

func (e *lineEditor) read() (string, error) {
	e.Line().Set()
	e.Cursor().Set(0)
	e.room.begin()
	return e.Readline()
}

// newEditor sets the line editor up for SQL.
func newEditor(s *shell) (*lineEditor, error) {
	editor := readline.NewShell(inputrc.WithApp("meshql"))
	for name, value := range map[string]any{
		"enable-bracketed-paste":       true, // a paste is text, and runs nothing
		"input-meta":                   true, // ü and é are letters
		"output-meta":                  true,
		"convert-meta":                 false,
		"completion-ignore-case":       true,
		"multiline-column":             false,
		"echo-control-characters":      false,
		"menu-complete-display-prefix": true,  // Tab shows what there is before it takes the first
		"cursor-position-probe":        false, // its answer swallows keys typed meanwhile
		"autopairs":                    false,
		"history-autosuggest":          false,
	} {
		if err := editor.Config.Set(name, value); err != nil {
			return nil, fmt.Errorf("line editor: %w", err)
		}
	}
	bindings := map[string]string{
		`\e[A`: "up-line-or-history", `\eOA`: "up-line-or-history", `\M-[A`: "up-line-or-history", `\M-OA`: "up-line-or-history",
		`\e[B`: "down-line-or-history", `\eOB`: "down-line-or-history", `\M-[B`: "down-line-or-history", `\M-OB`: "down-line-or-history",
		`\e[H`: "beginning-of-line", `\eOH`: "beginning-of-line", `\e[1~`: "beginning-of-line", `\M-[H`: "beginning-of-line", `\M-OH`: "beginning-of-line",
		`\e[F`: "end-of-line", `\eOF`: "end-of-line", `\e[4~`: "end-of-line", `\M-[F`: "end-of-line", `\M-OF`: "end-of-line",
		`\e[3~`: "delete-char", `\C-i`: "menu-complete", `\C-C`: dropLine,
	}
	for keys, action := range bindings {
		if err := editor.Config.Bind("emacs", inputrc.Unescape(keys), action, false); err != nil {
			return nil, fmt.Errorf("line editor: %w", err)
		}
	}
	editor.Keymap.Register(map[string]func(){dropLine: func() {
		editor.Display.AcceptLine()
		editor.History.Accept(false, false, readline.ErrInterrupt)
	}})
	path := ""
	if !s.safe {
		var err error
		if path, err = statePath("history.jsonl"); err != nil {
			return nil, err
		}
	}
	if s.safe {
		refuse := func() { editor.Hint.SetTemporary("--safe starts no editor") }
		editor.Keymap.Register(map[string]func(){"edit-command-line": refuse, "edit-and-execute-command": refuse})
	}
	h, err := openHistory(path)
	if err != nil {
		return nil, err
	}
	editor.History.Add("statements", h)
	free := &room{out: s.err, screen: s.screen}
	editor.Prompt.Primary(func() string {
		text := promptText(s.client.Domain())
		free.prompt = len(text)
		free.keep(string(*editor.Line()), editor.Cursor().Pos())
		return s.paint(colourBold, text)
	})
	editor.Prompt.Secondary(func() string { return "    -> " })
	editor.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	if s.colour && s.settings.Highlight {
		highlight := highlighter()
		editor.SyntaxHighlighter = func(line []rune) string { return highlight(string(line)) }
	}
	editor.Completer = func(line []rune, cursor int) readline.Completions { return s.completions(line, cursor) }
	return &lineEditor{editor, free}, nil
}

// dropLine is the editor's command for Ctrl-C. Its own eats the key that follows.
const dropLine = "drop-line"

func promptText(domain string) string {
	if domain == "" {
		return "meshql> "
	}
	return domain + "> "
}

// completionTimeout is how long Tab waits for a server's names.
const completionTimeout = 3 * time.Second

// completions are the completer's words as the line editor takes them.
func (s *shell) completions(line []rune, cursor int) readline.Completions {
	ctx, cancel := context.WithTimeout(context.Background(), completionTimeout)
	defer cancel()
	known, err := s.known(ctx)
	if err != nil {
		return readline.CompleteMessage("names are not available")
	}
	c := completer{names: known, domain: s.client.Domain(), commands: commands()}
	prefix, found := c.complete(string(line[:cursor]), string(line[cursor:]))
	if _, height := s.screen(); height > 0 {
		found = found[:min(len(found), max(height-8, 8))]
	}
	typed := "" // the editor takes an empty prefix for the whole word, signs and all
	if prefix == "" {
		before := string(line[:cursor])
		typed = before[strings.LastIndexAny(before, " \t\n")+1:]
	}
	values := make([]readline.Completion, len(found))
	var open []rune
	for i, f := range found {
		values[i] = readline.Completion{Value: typed + f.value, Display: f.value, Description: f.description, Tag: f.kind}
		if f.open {
			r := []rune(f.value)
			open = append(open, r[len(r)-1])
		}
	}
	out := readline.CompleteRaw(values).NoSort()
	if len(open) > 0 {
		out = out.NoSpace(open...)
	}
	out.PREFIX = typed + prefix
	return out
}
