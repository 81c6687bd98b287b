package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
)

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

// editorSettings are the library's where its defaults do not do.
var editorSettings = map[string]any{
	"enable-bracketed-paste":       true, // a paste is text, and runs nothing
	"input-meta":                   true, // ü and é are letters
	"output-meta":                  true,
	"convert-meta":                 false,
	"completion-ignore-case":       true,
	"menu-complete-display-prefix": true,  // Tab shows what there is before it takes the first
	"cursor-position-probe":        false, // its answer swallows keys typed meanwhile; see room
	"multiline-column":             false,
	"echo-control-characters":      false,
}

// editorKeys are what keys do, in the two ways in which terminals send them.
var editorKeys = map[string][]string{
	"up-line-or-history":   {`\e[A`, `\eOA`, `\M-[A`, `\M-OA`},
	"down-line-or-history": {`\e[B`, `\eOB`, `\M-[B`, `\M-OB`},
	"beginning-of-line":    {`\e[H`, `\eOH`, `\e[1~`, `\M-[H`, `\M-OH`},
	"end-of-line":          {`\e[F`, `\eOF`, `\e[4~`, `\M-[F`, `\M-OF`},
	"delete-char":          {`\e[3~`},
	"menu-complete":        {`\C-i`},
	dropLine:               {`\C-C`},
}

// dropLine is the editor's command for Ctrl-C. Its own eats the key that follows.
const dropLine = "drop-line"

// newEditor sets the line editor up for SQL.
func newEditor(s *shell) (*lineEditor, error) {
	e := &lineEditor{readline.NewShell(inputrc.WithApp("meshql")), &room{out: s.out, screen: s.screen}}
	for name, value := range editorSettings {
		if err := e.Config.Set(name, value); err != nil {
			return nil, fmt.Errorf("line editor: %w", err)
		}
	}
	for action, keys := range editorKeys {
		for _, k := range keys {
			if err := e.Config.Bind("emacs", inputrc.Unescape(k), action, false); err != nil {
				return nil, fmt.Errorf("line editor: %w", err)
			}
		}
	}
	e.Keymap.Register(map[string]func(){dropLine: func() {
		e.Display.AcceptLine()
		e.History.Accept(false, false, readline.ErrInterrupt)
	}})
	if s.safe {
		e.refusePrograms()
	}
	if err := e.recall(s.safe); err != nil {
		return nil, err
	}
	e.Prompt.Primary(func() string {
		text := promptText(s.client.Domain())
		e.room.prompt = len(text)
		e.room.keep(string(*e.Line()), e.Cursor().Pos())
		return s.paint(colourBold, text)
	})
	e.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	if s.colour && s.settings.Highlight {
		highlight := highlighter()
		e.SyntaxHighlighter = func(line []rune) string { return highlight(string(line)) }
	}
	e.Completer = s.completions
	return e, nil
}

// refusePrograms takes the commands away that start an editor.
func (e *lineEditor) refusePrograms() {
	refused := map[string]func(){}
	for name := range e.Keymap.Commands() {
		if strings.Contains(name, "edit-command-line") || strings.Contains(name, "edit-and-execute") {
			refused[name] = func() { e.Hint.SetTemporary("--safe starts no editor") }
		}
	}
	e.Keymap.Register(refused)
}

// recall gives the editor its history, without a file if it may touch none.
func (e *lineEditor) recall(safe bool) error {
	path := ""
	if !safe {
		var err error
		if path, err = statePath("history.jsonl"); err != nil {
			return err
		}
	}
	h, err := openHistory(path)
	if err != nil {
		return err
	}
	e.History.Add("statements", h)
	return nil
}

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
