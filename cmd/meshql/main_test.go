package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/planner/mysqltype"
)

// asMain makes the test binary the command itself, for tests that need a process.
const asMain = "MESHQL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// testMesh writes a shop with one product of many types, and returns its
// mesh.yaml. State and configuration go to folders of the test.
func testMesh(t *testing.T, orders int) string {
	t.Helper()
	m := meshtest.Shop(t, orders)
	m.Products = append(m.Products, meshtest.Product{
		Domain: "checkout", Name: "kinds", Columns: []meshtest.Column{
			{Name: "id", Type: meshtest.BigInt, Contract: []string{"primaryKey: true", "required: true"}},
			{Name: "note", Type: meshtest.Text}, {Name: "price", Type: meshtest.Money}, {Name: "day", Type: meshtest.Date},
			{Name: "at", Type: meshtest.Timestamp}, {Name: "share", Type: meshtest.Double}, {Name: "ok", Type: meshtest.Boolean},
			{Name: "doc", Type: mysqltype.Type{ID: mysqltype.JSON}}},
		Rows: [][]any{
			{int64(1), "grüß dich, 日本", int64(123450), int32(19782), int64(1_709_164_800_000_001), 0.1, true, `{"a": [1, "é"]}`},
			{int64(2), "tab\there, \"quotes\", back\\slash\nline|pipe", int64(-5), int32(0), int64(0), -1e300, false, `null`},
			{int64(3), nil, nil, nil, nil, nil, nil, nil},
			{int64(4), "", int64(0), int32(-1), int64(-1), 1e16, true, `"NULL"`},
		},
	})
	policies := m.Files["checkout/policies/policies.yaml"]
	m.Files["checkout/policies/policies.yaml"] = "- {id: kinds, match: {product: kinds}, grant: select, to: [\"role:analyst\"]}\n" + policies
	dir := t.TempDir()
	t.Setenv("MESHTEST_HASH_KEY", strings.Repeat("5a", 32))
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("NO_COLOR", "1")
	t.Setenv("PAGER", "")
	return meshtest.Write(t, dir, m)
}

// runCommand runs a command line in this process and gives all that it wrote, with
// the exit code where it is not 0.
func runCommand(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, talk bytes.Buffer
	code := run(context.WithoutCancel(t.Context()), args, strings.NewReader(stdin), &out, &talk)
	text := out.String()
	if talk.Len() > 0 {
		text += "-- stderr\n" + talk.String()
	}
	if code != exitOK {
		text += fmt.Sprintf("-- exit %d\n", code)
	}
	return text
}

// TestSQL runs scripts: "sql" gives its input to -e, "stdin" pipes it.
func TestSQL(t *testing.T) {
	mesh := testMesh(t, 40)
	datadriven.Walk(t, "testdata/sql", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			args := []string{"sql", "--mesh", mesh}
			user := "ana"
			for _, a := range d.CmdArgs {
				switch a.Key {
				case "user":
					user = a.Vals[0]
				default:
					args = append(args, "--"+a.Key+"="+a.Vals[0])
				}
			}
			args = append(args, "--user", user)
			if d.Cmd == "stdin" {
				return runCommand(t, d.Input, args...)
			}
			return runCommand(t, "", append(args, "-e", d.Input)...)
		})
	})
}

// TestShell drives the prompt without a terminal: "enter" runs what was typed,
// "complete" lists what may stand at the |.
func TestShell(t *testing.T) {
	mesh := testMesh(t, 40)
	datadriven.Walk(t, "testdata/shell", func(t *testing.T, path string) {
		shells := map[string]*shell{}
		var out bytes.Buffer
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			user, width := "ana", 0
			d.MaybeScanArgs(t, "user", &user)
			d.MaybeScanArgs(t, "width", &width)
			s := shells[user]
			if s == nil {
				s = testShell(t, mesh, user, &out)
				shells[user] = s
			}
			s.safe = d.HasArg("safe")
			if _, err := s.known(t.Context()); err != nil {
				t.Fatal(err)
			}
			switch d.Cmd {
			case "complete":
				return completeAt(s, d.Input)
			case "enter":
				out.Reset()
				s.settings.Format = ""
				if width > 0 {
					s.screen = func() (int, int) { return width, 0 }
				}
				err := s.enter(t.Context(), d.Input)
				s.screen = func() (int, int) { return 0, 0 }
				if err != nil {
					fmt.Fprintf(&out, "-- %v\n", err)
				}
				return out.String()
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

func testShell(t *testing.T, mesh, user string, out *bytes.Buffer) *shell {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Mesh: mesh})
	if err != nil {
		t.Fatal(err)
	}
	c, err := openLocal(t.Context(), e, user, "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shell{client: c, out: out, err: out, screen: func() (int, int) { return 0, 0 }}
}

// completeAt lists the candidates at the | of a text, by kind.
func completeAt(s *shell, text string) string {
	before, after, _ := strings.Cut(text, "|")
	c := completer{names: s.names, domain: s.client.Domain(), commands: commands()}
	prefix, found := c.complete(before, after)
	var b strings.Builder
	fmt.Fprintf(&b, "%q\n", prefix)
	kind := ""
	for i, f := range found {
		if f.kind != kind {
			kind = f.kind
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(kind + ":")
		}
		b.WriteString(" " + f.value)
	}
	b.WriteByte('\n')
	return b.String()
}
