package engine

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshql/meshql/engine/demo"
)

// TestDemoPolicies runs the policy tests of the demo mesh, and finds that they
// touch every policy.
func TestDemoPolicies(t *testing.T) {
	t.Setenv(demo.HashKeyVariable, strings.Repeat("k", 32))
	dir := t.TempDir()
	mesh, err := demo.Write(t.Context(), dir, 4_000)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), Config{Mesh: mesh, AuditLog: filepath.Join(dir, "audit.jsonl"), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	results, err := e.PolicyTests(t.Context())
	if err != nil || len(results) == 0 {
		t.Fatalf("%d tests, %v", len(results), err)
	}
	covered := map[string]bool{}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: want %q, got %q", r.Name, r.Want, r.Got)
		}
		for _, p := range r.Policies {
			covered[p.Layer+" "+p.Policy] = true
		}
	}
	for _, r := range e.Catalog().Mesh().Policies.Rules() {
		if !covered[r.Layer+" "+r.ID] {
			t.Errorf("no test is bound by %s of %s", r.ID, r.Layer)
		}
	}
}
