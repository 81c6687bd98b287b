package catalog

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/meshql/meshql/engine/meshtest"
)

// TestOpenShop loads a whole mesh from folders.
func TestOpenShop(t *testing.T) {
	var log bytes.Buffer
	c, err := Open(t.Context(), Options{
		Mesh: meshtest.Write(t, t.TempDir(), meshtest.Shop(t, 10)), Poll: -1,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Log(log.String())
	for name, d := range sorted(c.Mesh().Domains) {
		if d.State != Ready {
			t.Errorf("%s is %s: %s", name, d.State, d.Reason)
		}
		for name, p := range sorted(d.Products) {
			t.Logf("%s.%s: %d columns, canonical %t", d.Name, name, len(p.Columns), p.Canonical)
		}
	}
	if p, ok := c.Mesh().Principal("ana"); !ok || p.Attributes["country"] != "DE" || p.Purpose != "analytics" {
		t.Errorf("ana is %+v", p)
	}
}
