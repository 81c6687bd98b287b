package engine

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine/twoworld"
)

// TestAttacks runs the catalogue of attacks, in testdata/attacks at the module's
// root, as each principal: what comes out is golden and holds no canary.
func TestAttacks(t *testing.T) {
	sessions := map[string]*Session{}
	for _, user := range principals {
		w := worlds{user: user}
		w.paths[0] = twoworld.Write(t, t.TempDir(), twoworld.Options{User: user, Discover: true, Orders: worldOrders})
		w.paths[1] = w.paths[0]
		sessions[user] = w.open(t, 2).sessions[0]
	}
	datadriven.Walk(t, "../testdata/attacks", func(t *testing.T, path string) {
		user := "ana"
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "as" {
				user = strings.TrimSpace(d.Input)
				sessions[user].Reset()
				return ""
			}
			out := render(t.Context(), sessions[user], d.Input)
			for line := range strings.Lines(out) {
				if twoworld.Canary.MatchString(line) && !twoworld.Canary.MatchString(d.Input) {
					t.Errorf("%s: a hidden value is seen\n%s\n%s", user, d.Input, line)
				}
			}
			return out
		})
	})
}
