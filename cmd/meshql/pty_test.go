//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience is how long a test waits for what must come before it fails.
const patience = 30 * time.Second

// terminal is the command running on a pseudo-terminal.
type terminal struct {
	t   *testing.T
	pty *os.File
	cmd *exec.Cmd

	mu   sync.Mutex
	text strings.Builder // all output so far
	more chan struct{}   // something was read
	read int             // how much of it was expected already
}

// startTerminal runs the command and waits for its first prompt.
func startTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1", "TERM=xterm", "INPUTRC=/dev/null")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, pty: f, cmd: cmd, more: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 32<<10)
		for {
			n, err := f.Read(buf)
			x.mu.Lock()
			x.text.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = f.Close()
		<-done
	})
	x.expect("meshql> ")
	return x
}

// send types text, or what a terminal sends for keys.
func (x *terminal) send(text string) {
	x.t.Helper()
	if _, err := io.WriteString(x.pty, text); err != nil {
		x.t.Fatal(err)
	}
}

// expect waits for a text in the output after what was expected before, and
// returns what stood before it.
func (x *terminal) expect(want string) string {
	x.t.Helper()
	deadline := time.After(patience)
	for {
		x.mu.Lock()
		all := x.text.String()
		x.mu.Unlock()
		if i := strings.Index(all[x.read:], want); i >= 0 {
			before := all[x.read : x.read+i]
			x.read += i + len(want)
			return before
		}
		select {
		case <-x.more:
		case <-deadline:
			x.t.Fatalf("no %q in what followed:\n%q", want, all[max(x.read, len(all)-2000):])
		}
	}
}

// answer waits for a text in a result, and then for the prompt that follows it.
func (x *terminal) answer(want string) string {
	x.t.Helper()
	before := x.expect(want)
	x.expect("> ")
	return before
}

// Keys as a terminal sends them.
const (
	keyUp    = "\x1b[A"
	keyDown  = "\x1b[B"
	keyRight = "\x1b[C"
	keyLeft  = "\x1b[D"
	keyHome  = "\x1b[H"
	keyEnd   = "\x1b[F"
	ctrlC    = "\x03"
	ctrlD    = "\x04"
)

func startSQL(t *testing.T, orders int, args ...string) *terminal {
	t.Helper()
	return startTerminal(t, append([]string{"sql", "--mesh", testMesh(t, orders), "--user", "ana"}, args...)...)
}

// TestKeysInStatement edits the first line of a statement of three.
func TestKeysInStatement(t *testing.T) {
	x := startSQL(t, 40)
	x.send("SELECT 'a',\r")
	x.send("  'b',\r")
	x.send("  'z'")
	x.send(keyUp + keyUp + keyHome + keyRight + keyRight + keyRight + keyRight + keyRight + keyRight + keyRight)
	x.send("'first', ")
	x.send(keyDown + keyDown + keyEnd + ", 'last'" + keyLeft + keyRight + ";\r")
	x.expect("│ first │ a │ b │ z │ last │\r\n")
	x.answer("1 row in set")
	x.send(ctrlD)
	x.expectExit(0)
}

// expectExit waits for the process to end.
func (x *terminal) expectExit(code int) {
	x.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(patience):
		x.t.Fatal("the process does not end")
	}
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("exit code %d, want %d", got, code)
	}
}

// TestHistoryRecall recalls whole statements, in a later process too.
func TestHistoryRecall(t *testing.T) {
	x := startSQL(t, 40)
	x.send("SELECT 'one',\r'two';\r")
	x.expect("│ one │ two │")
	x.answer("1 row in set")
	x.send("SELECT 'my password' AS kept;\r")
	x.answer("1 row in set")
	x.send(keyUp + "\r") // a statement with a password was not kept
	x.expect("│ one │ two │")
	x.answer("1 row in set")
	x.send(`\q` + "\r")
	x.expectExit(0)

	path := filepath.Join(os.Getenv("XDG_STATE_HOME"), "meshql", "history.jsonl")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("history has mode %o", mode)
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(kept), "password") {
		t.Error("history holds a statement with a password")
	}

	y := startTerminal(t, x.cmd.Args[1:]...)
	y.send(keyUp + keyUp + "\r")
	y.expect("│ one │ two │")
}

// TestPaste pastes 300 lines: nothing runs before Enter, everything after.
func TestPaste(t *testing.T) {
	x := startSQL(t, 40)
	var paste strings.Builder
	for range 299 {
		paste.WriteString("-- a line of a script\r")
	}
	paste.WriteString("SELECT 40 + 2 AS answer;")
	x.send("\x1b[200~" + paste.String() + "\x1b[201~")
	x.send(" SELECT 'after' AS typed;")
	x.send("\r")
	before := x.expect("│ answer │")
	if strings.Contains(before, "row in set") {
		t.Error("something ran before Enter")
	}
	x.expect("│     42 │")
	x.expect("│ after │")
	x.answer("1 row in set")
	x.send("\x1b[200~SELECT 'never';\rSELECT 'ever';\r\x1b[201~")
	x.send(ctrlC)
	x.send("SELECT 'alive' AS state;\r")
	if between := x.expect("│ alive │"); strings.Contains(between, "row in set") {
		t.Error("a pasted statement ran without Enter")
	}
}

func TestLettersSurvive(t *testing.T) {
	x := startSQL(t, 40)
	x.send("SELECT 'Grüße, café, 日本' AS `größe`;\r")
	x.expect("│ größe")
	x.expect("│ Grüße, café, 日本 │")
}

func TestCompletion(t *testing.T) {
	x := startSQL(t, 40)
	x.send("USE checkout;\r")
	x.answer("Query OK")
	x.send("SELECT COUNT(*) AS most FROM orders o WHERE o.cust\t >= 0;\r")
	x.expect("o.customer_id")
	x.expect("│   10 │")
}

// TestInterrupt interrupts a statement; the prompt goes on.
func TestInterrupt(t *testing.T) {
	x := startSQL(t, 4000)
	x.send(crossJoin + "\r")
	x.expect("Ctrl-C interrupts") // it runs, and progress shows
	x.send(ctrlC)
	x.answer("ERROR 1317 (70100)")
	x.send("SELECT 'alive' AS state;\r")
	x.expect("│ alive │")
	x.answer("1 row in set")
	x.send(ctrlC) // at the prompt it only drops the line
	x.send("SELECT 'still' AS state;\r")
	x.expect("│ still │")
}

// crossJoin runs for longer than anyone waits.
const crossJoin = "SELECT COUNT(*) FROM checkout.orders a CROSS JOIN checkout.orders b CROSS JOIN checkout.orders c CROSS JOIN checkout.orders d WHERE a.total + b.total + c.total + d.total < 0;"

func TestWhyAtPrompt(t *testing.T) {
	x := startSQL(t, 40, "--safe")
	x.send(`\why customers.profiles.email` + "\r")
	x.expect("customers.profiles.email: masked with hash, by guild.pii of the guild")
	x.expect("> ")
	x.send(`\e` + "\r")
	x.answer("--safe")
	x.send("\x18\x05") // Ctrl-X Ctrl-E, the line editor's own
	x.send("SELECT 'alive' AS state;\r")
	x.expect("│ alive │")
}

// TestPager shows what is longer than the screen through $PAGER, and only that.
func TestPager(t *testing.T) {
	mesh := testMesh(t, 400)
	t.Setenv("PAGER", "sed 's/^/paged /'")
	x := startTerminal(t, "sql", "--mesh", mesh, "--user", "ana")
	x.send("SELECT 'short' AS s;\r")
	if before := x.expect("│ short │"); strings.Contains(before, "paged") {
		t.Error("a short result was paged")
	}
	x.answer("1 row in set")
	x.send("SELECT order_id FROM checkout.orders;\r")
	x.expect("paged │        0 │")
	x.answer("100 rows in set")
	x.send(`\pager off` + "\r")
	x.answer("pager is off")
	x.send("SELECT order_id FROM checkout.orders;\r")
	if before := x.expect("100 rows in set"); strings.Contains(before, "paged") {
		t.Error("paged though it is off")
	}
}
