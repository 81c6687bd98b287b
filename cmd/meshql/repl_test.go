package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		text string
		want settings
		err  string
	}{
		{"", defaultSettings(), ""},
		{"format: vertical\npager: \"less -S\"\ntiming: false\nhighlight: false\n", settings{Format: "vertical", Pager: "less -S"}, ""},
		{"pager: \"off\"\n", settings{Pager: pagerOff, Timing: true, Highlight: true}, ""},
		{"colour: red\n", defaultSettings(), "colour"},
		{"timing: often\n", defaultSettings(), "true or false"},
		{"format: xml\n", defaultSettings(), "table|vertical"},
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readSettings(path)
		if got != c.want {
			t.Errorf("%q gives %+v", c.text, got)
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: error %v", c.text, err)
		}
	}
	if got, err := readSettings(filepath.Join(t.TempDir(), "none")); err != nil || got != defaultSettings() {
		t.Errorf("without a file: %+v, %v", got, err)
	}
}

func TestHistoryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history.jsonl")
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SELECT 1;", "SELECT 1;", "SELECT\n  'ü';", "  ", "SET PASSWORD = 'x'", "CREATE USER a IDENTIFIED  BY 'x'"} {
		if _, err := h.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if h, err = openHistory(path); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", h.entries); got != `["SELECT 1;" "SELECT\n  'ü';"]` {
		t.Errorf("history holds %s", got)
	}
	for i := range 2*maxHistory + 1 {
		h.entries = nil
		if _, err := h.Write(fmt.Sprintf("SELECT %d;", i)); err != nil {
			t.Fatal(err)
		}
	}
	if h, err = openHistory(path); err != nil {
		t.Fatal(err)
	}
	if h.Len() != maxHistory {
		t.Errorf("%d entries", h.Len())
	}
	if last, _ := h.GetLine(h.Len() - 1); last != fmt.Sprintf("SELECT %d;", 2*maxHistory) {
		t.Errorf("last entry %s", last)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n != maxHistory {
		t.Errorf("the file has %d lines", n)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
}

// TestCompleteStatement says what may be run, and what goes on in the next line.
func TestCompleteStatement(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "SELECT 1": false, "SELECT 1;": true, "SELECT ';": false, "SELECT ';';": true, "SELECT 1\n\\G": true, "-- note": true,
		"SELECT 1; SELECT": false, `\d orders`: true, "quit": true, "exit;": true, "use checkout": true, "use\ncheckout": false, "/* open": true,
		"SELECT `a;b`;": true, "SELECT 'it''s';": true, `SELECT 'a\';`: false, "help": true, "SELECT 1 # c;": false,
	} {
		if got := complete(text); got != want {
			t.Errorf("complete(%q) = %v", text, got)
		}
	}
}

func TestHighlightChangesNothing(t *testing.T) {
	highlight := highlighter()
	strip := strings.NewReplacer(colourOff, "", colourDim, "", colourGreen, "", colourBlue, "", colourMagenta, "", colourCyan, "")
	for _, sql := range []string{"SELECT 'ü', 1.5 FROM a.b -- c\nWHERE x = \"y\";", "", "SELECT 'open", "\t/* x\ny */ count(*)", "\\d x", "SELECT '\n\n'", "é\n"} {
		if got := strip.Replace(highlight(sql)); got != sql {
			t.Errorf("%q became %q", sql, got)
		}
	}
	if got := highlight("SELECT 1"); !strings.Contains(got, colourBlue+"SELECT"+colourOff) {
		t.Errorf("not coloured: %q", got)
	}
}

func TestRoom(t *testing.T) {
	var out bytes.Buffer
	r := &room{out: &out, screen: func() (int, int) { return 20, 10 }, prompt: 8}
	for _, step := range []struct {
		line   string
		cursor int
		want   string
	}{
		{"", 0, "\n\x1b[1A"},
		{"SELECT", 6, "\n\x1b[1A"},
		{"SELECT", 6, ""},                   // nothing changed
		{"SELECT 1,\n2", 11, "\n\n\x1b[2A"}, // a second row
		{"SELECT 1,\n23", 12, "\n\x1b[1A"},  // seen from it
		{"SELECT 1,\n23", 3, "\n\x1b[1A"},
		{"SELECT 1,\n23", 4, "\n\n\x1b[2A"},
		{strings.Repeat("x", 500), 500, strings.Repeat("\n", 9) + "\x1b[9A"}, // never more than a screen
	} {
		out.Reset()
		r.keep(step.line, step.cursor)
		if got := out.String(); got != step.want {
			t.Errorf("%.20q at %d: wrote %q, want %q", step.line, step.cursor, got, step.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	if got := progressLine(3400*time.Millisecond, 1234567); got != "3.4 s, 1,234,567 rows; Ctrl-C interrupts" {
		t.Error(got)
	}
	p := startProgress(nil)
	p.end()
	p.end()
}

// TestBrokenPipe ends quietly when nobody reads on.
func TestBrokenPipe(t *testing.T) {
	mesh := testMesh(t, 4000)
	cmd := exec.Command(os.Args[0], "sql", "--mesh", mesh, "--user", "ana", "-e", strings.Repeat("SELECT * FROM checkout.orders;", 100))
	cmd.Env = append(os.Environ(), asMain+"=1")
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if talk.Len() > 0 {
		t.Errorf("it said %s", talk.String())
	}
}

// TestExport writes a new file for its owner alone, and no other.
func TestExport(t *testing.T) {
	mesh := testMesh(t, 40)
	var out bytes.Buffer
	s := testShell(t, mesh, "ana", &out)
	path := filepath.Join(t.TempDir(), "orders.csv")
	for _, text := range []string{"SELECT country, COUNT(*) AS n FROM checkout.orders GROUP BY country;", `\export ` + path, `\export ` + path} {
		if err := s.enter(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != "country,n\nDE,10\n" {
		t.Errorf("exported %q", data)
	}
	if !strings.Contains(out.String(), "1 row written to") || !strings.Contains(out.String(), "file exists") {
		t.Errorf("it said %s", out.String())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
