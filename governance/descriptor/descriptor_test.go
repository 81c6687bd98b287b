package descriptor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

type sample struct {
	Position
	Name    string            `yaml:"name,required"`
	Count   int8              `yaml:"count"`
	Size    uint              `yaml:"size"`
	Ratio   float64           `yaml:"ratio"`
	On      *bool             `yaml:"on"`
	Tags    []string          `yaml:"tags"`
	Attrs   map[string]string `yaml:"attrs"`
	Any     any               `yaml:"any"`
	Expr    Text              `yaml:"expr"`
	Nested  []sample          `yaml:"nested"`
	Raw     *Node             `yaml:"raw"`
	Ignored string
}

// TestGoldens runs testdata: `parse` prints the tree as JSON, `decode` a struct;
// both print diagnostics instead if there are any.
func TestGoldens(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			input := strings.NewReplacer(`␀`, "\x00", `␍`, "\r", `⟨bom⟩`, "\uFEFF", `⟨bad⟩`, "\xff").Replace(d.Input)
			switch d.Cmd {
			case "parse":
				n, err := Parse([]byte(input), "f.yaml")
				if err != nil {
					return err.Error()
				}
				out, err := json.Marshal(n.Any())
				if err != nil {
					return err.Error()
				}
				return string(out)
			case "decode":
				var s sample
				if err := Decode([]byte(input), "f.yaml", &s); err != nil {
					return err.Error()
				}
				s.Raw = nil
				out, err := json.Marshal(s)
				if err != nil {
					return err.Error()
				}
				return string(out)
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

// TestBombs holds that hostile files are refused, quickly and with a diagnostic.
func TestBombs(t *testing.T) {
	bombs := map[string]string{
		"size":            strings.Repeat("#", MaxSize+1),
		"flow sequences":  strings.Repeat("[", MaxSize-1),
		"flow mappings":   strings.Repeat("{a: ", MaxSize/4),
		"block sequences": strings.Repeat("- ", MaxSize/2),
		"question marks":  strings.Repeat("? ", MaxSize/2),
		"colons":          strings.Repeat("a: ", MaxSize/3),
		"flow colons":     "{" + strings.Repeat("a: ", MaxSize/3-1),
		"anchors":         strings.Repeat("&a ", MaxSize/3),
		"tags":            strings.Repeat("!a ", MaxSize/3),
		"laughs":          "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
		"indentation":     indented(700),
		"documents":       strings.Repeat("---\n", MaxSize/4),
		"quotes":          strings.Repeat(`"`, MaxSize),
		"block scalars":   strings.Repeat("|\n", MaxSize/2),
	}
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			n, err := Parse([]byte(text), "bomb.yaml")
			if err == nil {
				t.Fatalf("parsed to %v", n.Kind)
			}
			if len(err.Error()) > 1<<14 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
		})
	}
}

func indented(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(data), "\n\n") {
			_, input, _ := strings.Cut(block, "\n")
			input, _, _ = strings.Cut(input, "----")
			f.Add([]byte(input))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data, "f.yaml")
		if err != nil {
			if len(err.(Diagnostics)) == 0 {
				t.Error("an error without diagnostics")
			}
			return
		}
		checkTree(t, n, 1)
		var s sample
		_ = Decode(data, "f.yaml", &s)
	})
}

func checkTree(t *testing.T, n *Node, depth int) {
	if depth > MaxDepth {
		t.Fatal("too deep")
	}
	for _, item := range n.Items {
		checkTree(t, item, depth+1)
	}
	for _, e := range n.Entries {
		checkTree(t, e.Value, depth+1)
	}
}
