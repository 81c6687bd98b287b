package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// millis are times in reports, which differ.
var millis = regexp.MustCompile(`( +\d+ ms|"ms": \d+)`)

// TestFindings runs commands that find things over a mesh with two faults: a
// contract with an unknown key, and a policy test that fails.
func TestFindings(t *testing.T) {
	mesh := testMesh(t, 40)
	dir := filepath.Dir(mesh)
	edit(t, filepath.Join(dir, "checkout/policies/policies.yaml"), "expect: [[DE]]", `expect: [[DE]]
- test: "the owner, sees: 100% of countries"
  as: {roles: [checkout_owner, analyst], purpose: analytics}
  query: "SELECT DISTINCT country FROM checkout.orders ORDER BY 1"
  expect: [[DE], [FR]]
- {id: unused, match: {product: orders, column: note}, to: ["role:intern"], mask: "null"}`)
	datadriven.Walk(t, "testdata/findings", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "break":
				file, change, _ := strings.Cut(d.Input, "\n")
				from, to, _ := strings.Cut(change, " -> ")
				edit(t, filepath.Join(dir, file), from, to)
				return ""
			case "meshql":
				out := runCommand(t, "", strings.Fields(strings.ReplaceAll(d.Input, "MESH", dir))...)
				checkParses(t, d.Input, out)
				out = strings.ReplaceAll(strings.ReplaceAll(out, dir, "MESH"), strings.ReplaceAll(dir, ":", "%3A"), "MESH")
				return millis.ReplaceAllStringFunc(out, func(s string) string {
					if strings.HasPrefix(s, `"`) {
						return `"ms": N`
					}
					return "  N ms"
				})
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

// checkParses reads what machines are to read.
func checkParses(t *testing.T, command, out string) {
	t.Helper()
	out, _, _ = strings.Cut(out, "-- ")
	switch {
	case strings.Contains(command, "format json"), strings.Contains(command, "format sarif"):
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	case strings.Contains(command, "format junit"):
		var v struct {
			XMLName xml.Name `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(out), &v); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func edit(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("no %q in %s", from, file)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPush(t *testing.T) {
	dir := filepath.Dir(testMesh(t, 4))
	target := t.TempDir()
	folder, uri := filepath.Join(dir, "logistics"), "file://"+target
	if got, want := runCommand(t, "", "push", folder, uri), "version 1 of "+uri+" is in force: 3 files, 3 uploaded\n"; !strings.HasPrefix(got, want) {
		t.Errorf("first push: %s", got)
	}
	if got, want := runCommand(t, "", "push", folder, uri), "version 1 of "+uri+" has these files already\n"; !strings.HasPrefix(got, want) {
		t.Errorf("second push: %s", got)
	}
	edit(t, filepath.Join(folder, "domain.yaml"), "owner:", "ovner:")
	if got := runCommand(t, "", "push", folder, uri); !strings.Contains(got, "nothing pushed") || !strings.HasSuffix(got, "-- exit 1\n") {
		t.Errorf("push of a broken folder: %s", got)
	}
	if got := runCommand(t, "", "push", folder, "ftp://x"); !strings.HasSuffix(got, "-- exit 2\n") {
		t.Errorf("push to nowhere: %s", got)
	}
}
