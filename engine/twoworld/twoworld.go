package twoworld

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/demo"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/governance"
)

// Canary finds hidden values: words of texts and digits of numbers.
var Canary = regexp.MustCompile(`(?i)canary|7331733173`)

// Now is when decisions are made.
var Now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Options say which of the worlds to write.
type Options struct {
	User   string
	Second bool // the other of the two worlds
	// Discover leaves the demo's policies that list products for everyone; else
	// what the user may not read is not there at all.
	Discover bool
	Orders   int
}

// Guest is a user without roles, which the worlds add to the demo's.
const Guest = "guest"

// HashKey is for the demo's hash masks.
var HashKey = strings.Repeat("5a", 32)

// Write writes a world below dir and returns the path of its mesh.yaml.
func Write(tb testing.TB, dir string, o Options) string {
	tb.Helper()
	tb.Setenv(demo.HashKeyVariable, HashKey)
	main, err := demo.Write(tb.Context(), dir, o.Orders)
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, dir: dir, o: o, rand: rand.New(rand.NewPCG(7, 1))}
	if o.Second {
		w.rand = rand.New(rand.NewPCG(8, 2))
	}
	w.edit("identity.yaml", func(s string) string {
		return s + "  " + Guest + ": {password: \"$A$005$anaMESHQLmeshqlMESHQLeanyMPcq5pjmxH6QcvviEHphecAt9GMGJdxe1FHtS5\"}\n"
	})
	if !o.Discover {
		for _, d := range []string{"checkout", "customers", "logistics"} {
			w.edit(d+"/policies/policies.yaml", without(`id: find`))
		}
	}
	c, err := catalog.Open(tb.Context(), catalog.Options{Mesh: main, Poll: -1, Functions: mysqlfn.New()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	mesh := c.Mesh()
	p, ok := mesh.Principal(o.User)
	if !ok {
		tb.Fatalf("no user %s", o.User)
	}
	for _, name := range sorted(mesh.Domains) {
		d := mesh.Domains[name]
		if d.State != catalog.Ready {
			tb.Fatalf("%s is %s: %s", name, d.State, d.Reason)
		}
		w.domain(d, p, mesh.Policies)
	}
	if o.Second {
		w.others()
	}
	return main
}

// world is one of the two while it is written.
type world struct {
	tb   testing.TB
	dir  string
	o    Options
	rand *rand.Rand
}

func (w *world) domain(d *catalog.Domain, p *governance.Principal, policies *governance.Policies) {
	seen, owned := false, false
	for _, name := range sorted(d.Products) {
		product := d.Products[name]
		if !product.Canonical {
			continue
		}
		decision := policies.Decide(p, product.Relation, Now)
		owned = owned || decision.Owner
		seen = seen || decision.Access != governance.NoAccess
		w.product(product, decision)
	}
	if !w.o.Second {
		return
	}
	if !seen {
		w.edit("mesh.yaml", without("  "+d.Name+": {"))
		return
	}
	if !owned {
		w.edit(d.Name+"/policies/policies.yaml", func(s string) string {
			return "- {id: canary.other, to: [\"role:nobody\"], rows: \"'CANARY' = 'x'\"}\n" + s
		})
	}
}

// product writes the data anew and, in the second world, the contract.
func (w *world) product(p *catalog.Product, d *governance.Decision) {
	contract := p.Domain + "/products/" + p.Name + "/v1/contract.odcs.yaml"
	if d.Access != governance.Select {
		if !w.o.Second {
			w.write(p, w.read(p).scrambled(w.rand))
			return
		}
		if d.Access == governance.NoAccess {
			w.remove(filepath.Dir(contract))
			w.remove(p.Domain + "/data/" + p.Name)
			w.edit(p.Domain+"/policies/policies.yaml", func(s string) string {
				s = strings.ReplaceAll(s, "[orders, "+p.Name+"]", "[orders]")
				return without("product: " + p.Name)(s)
			})
			if p.Name == "surveys" {
				w.edit("guild/policies.yaml", func(s string) string {
					return regexp.MustCompile(`(?m)^- id: guild.small_groups\n(  .*\n)+`).ReplaceAllString(s, "")
				})
			}
			return
		}
		w.edit(contract, func(s string) string {
			s = strings.ReplaceAll(s, "version: 1.0.0", "version: 1.7.0")
			s = regexp.MustCompile(`(description|purpose|limitations): .*`).ReplaceAllString(s, "$1: CANARY text")
			return s + "      - name: canary_extra\n        logicalType: string\n        description: CANARY\n"
		})
		t := w.read(p).scrambled(w.rand)
		t.rows = t.rows[:len(t.rows)/3]
		w.write(p, t)
		return
	}
	t := w.read(p)
	hidden := 1 // much here is little there, so that plans differ
	if w.o.Second == (p.Name == "orders") {
		hidden = 6
	}
	changed := t.hide(w.tb, w.rand, d, hidden)
	if w.o.Second {
		for i, c := range d.Columns {
			if !c.Visible {
				w.edit(contract, t.replaceColumn(i, p.Columns[i].Name))
				changed = true
			}
		}
	}
	if changed {
		w.write(p, t)
	}
}

// others changes users and policies that do not concern the user.
func (w *world) others() {
	w.edit("identity.yaml", func(s string) string {
		for _, u := range []string{"ana", "owen", "mara", "sam"} {
			if u != w.o.User {
				s = strings.ReplaceAll(s, "  "+u+":\n", "  canary_"+u+":\n")
			}
		}
		return s
	})
	w.edit("guild/policies.yaml", func(s string) string {
		s = strings.ReplaceAll(s, "guild.confidential", "guild.canary_confidential")
		if w.o.User != "mara" {
			s = strings.ReplaceAll(s, "guild.consent", "guild.canary_consent")
		}
		return s
	})
}

func (w *world) edit(path string, f func(string) string) {
	w.tb.Helper()
	path = filepath.Join(w.dir, filepath.FromSlash(path))
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(f(string(data))), 0o600)
	}
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) remove(path string) {
	if err := os.RemoveAll(filepath.Join(w.dir, filepath.FromSlash(path))); err != nil {
		w.tb.Fatal(err)
	}
}

// without drops the lines that contain a text.
func without(part string) func(string) string {
	return func(s string) string {
		return strings.Join(slices.DeleteFunc(strings.SplitAfter(s, "\n"), func(line string) bool { return strings.Contains(line, part) }), "")
	}
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
