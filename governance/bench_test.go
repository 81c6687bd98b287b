package governance

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecide decides over a relation of 30 columns that a dozen policies
// match.
func BenchmarkDecide(b *testing.B) {
	w := newWorld()
	columns := []string{"country varchar", "flag bool"}
	for i := range 28 {
		columns = append(columns, fmt.Sprintf("c%d varchar pii", i))
	}
	w.relations("d.p: " + strings.Join(columns, ", "))
	w.in.Guild = []File{w.file("- {id: pii, match: {tag: pii}, mask: hash}\n- {id: consent, match: {domain: d}, rows: flag}\n")}
	var policies strings.Builder
	for i := range 5 {
		fmt.Fprintf(&policies, "- {id: g%d, grant: select, to: [role:r%d], rows: \"country = user.country\"}\n", i, i)
		fmt.Fprintf(&policies, "- {id: m%d, match: {column: c%d}, mask: \"partial(1, 1)\", to: [role:r%d]}\n", i, i, i)
	}
	w.domain("d").Files = []File{w.file(policies.String())}
	ps, diagnostics := Compile(w.in)
	if len(diagnostics) > 5 {
		b.Fatal(diagnostics)
	}
	r, p := w.relation("d.p"), principal([]string{"role:r1", "role:r2", "country=DE"})
	for b.Loop() {
		if ps.Decide(p, r, today).Access != Select {
			b.Fatal("no access")
		}
	}
}
