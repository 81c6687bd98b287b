package demo

import (
	"testing"

	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/mysqlfn"
)

// TestDemoMesh holds that the demo mesh's files are without fault.
func TestDemoMesh(t *testing.T) {
	t.Setenv("MESHQL_DEMO_HASH_KEY", "0123456789abcdef0123456789abcdef")
	r, err := catalog.Validate(t.Context(), "../../testdata/mesh", catalog.Options{Functions: mysqlfn.New()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Domains != 4 || r.Errors > 0 {
		t.Errorf("%d domains\n%s", r.Domains, r.Text())
	}
	c, err := catalog.Open(t.Context(), catalog.Options{Mesh: "../../testdata/mesh", Poll: -1, Functions: mysqlfn.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, d := range c.Mesh().Domains {
		if d.State != catalog.Ready {
			t.Errorf("%s is %s: %s", name, d.State, d.Reason)
		}
	}
}
