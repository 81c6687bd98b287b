package governance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzPolicyFile holds that no policy file makes Compile or Decide fail, as the
// guild's or as a domain's.
func FuzzPolicyFile(f *testing.F) {
	files, err := filepath.Glob("testdata/[a-z]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, block := range strings.Split(string(data), "\n\n") {
			if command, input, _ := strings.Cut(block, "\n"); strings.HasPrefix(command, "guild") || strings.HasPrefix(command, "domain") {
				input, _, _ = strings.Cut(input, "----")
				f.Add(input)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data string) {
		w := newWorld()
		w.relations(relationText)
		w.in.Guild = []File{{Name: "guild.yaml", Data: []byte(data)}}
		w.domain("d").Files = []File{{Name: "d.yaml", Data: []byte(data)}, {Name: "grant.yaml", Data: []byte("- {id: zz_all, grant: select}")}}
		ps, _ := Compile(w.in)
		ps.Decide(principal([]string{"role:a", "country=DE"}), w.relation("d.p"), today)
	})
}
