package descriptor

import (
	"encoding/json"
	"errors"
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
			var ds Diagnostics
			if !errors.As(err, &ds) || len(ds) == 0 {
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

func TestNodePaths(t *testing.T) {
	n, err := Parse([]byte("a:\n  - b: 1\n  - c: [x]\n"), "f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Position{
		"": {1, 1}, "a": {2, 3}, "a/0": {2, 5}, "a/0/b": {2, 8}, "a/1/c/0": {3, 9}, "a/1/d": {3, 5}, "a/9": {2, 3}, "z/0": {1, 1},
	} {
		if got := n.Find(strings.Split(path, "/")...).Position; got != want {
			t.Errorf("%s is at %v, want %v", path, got, want)
		}
	}
	var none *Node
	if none.Get("a").Scalar() != nil || n.Get("z").Scalar() != nil || n.Find("a", "0", "b").Scalar() != int64(1) {
		t.Error("scalars")
	}
}

func TestDiagnostics(t *testing.T) {
	ds := Diagnostics{
		{File: "b.yaml", Position: Position{2, 3}, Rule: "MQ004", Message: "unknown key", Hint: "leave it out"},
		{File: "a.yaml", Rule: "MQ123", Severity: Warning, Message: "few values"},
		{Rule: "MQ113", Severity: Warning, Message: "refused"},
	}
	ds.Sort()
	want := "warning MQ113 refused\na.yaml: warning MQ123 few values\nb.yaml:2:3: error MQ004 unknown key; leave it out"
	if ds.Error() != want {
		t.Error(ds.Error())
	}
	if ds.Err() == nil || ds[:2].Err() != nil {
		t.Error("only errors are an error")
	}
	long := strings.Repeat("x", 100)
	for name, hint := range map[string]string{"nme": `did you mean "name"?`, "q": "", "ab": "", long: "", "NAME": `did you mean "name"?`} {
		if got := DidYouMean(name, []string{"name", "names", "column"}); got != hint {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestGoTypes(t *testing.T) {
	var v struct {
		U64   uint64          `yaml:"u"`
		I64   int64           `yaml:"i"`
		F     float64         `yaml:"f"`
		G     float32         `yaml:"g"`
		Map   map[string]bool `yaml:"m"`
		Chan  chan int        `yaml:"c"`
		Ptr   *string         `yaml:"p"`
		Empty *string         `yaml:"e"`
	}
	if err := Decode([]byte("{u: 18446744073709551615, i: -5, f: 18446744073709551615, g: 3, m: {a: true}, p: x, e: null}"), "f", &v); err != nil {
		t.Fatal(err)
	}
	if v.U64 != 1<<64-1 || v.I64 != -5 || v.F != 1<<64 || v.G != 3 || !v.Map["a"] || *v.Ptr != "x" || v.Empty != nil {
		t.Errorf("%+v", v)
	}
	for _, bad := range []string{"{c: 1}", "{u: -1}", "{f: .nan}", "{f: x}", "{i: 18446744073709551615}", "{u: 99999999999999999999999}", "{m: {a: 1}}", "[", "{i: 1.5}"} {
		if Decode([]byte(bad), "f", &v) == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
