package engine_test

import (
	"os/exec"
	"strings"
	"testing"
)

// order is the packages of the module, each of which may import only those that
// stand above it. A folder stands for the packages below it too, unless they are
// named themselves.
var order = []string{
	"engine/vec",
	"planner/mysqltype",
	"planner/mysqlerr",
	"connectors/objstore",
	"connectors/parquet",
	"connectors",
	"planner/plan",
	"planner/expr",
	"governance/descriptor",
	"governance",
	"testdata",
	"engine/demo",
	"engine/meshtest",
	"engine/catalog",
	"planner/naive",
	"planner/bind",
	"planner/optimize",
	"planner",
	"engine/mysqlfn",
	"engine/eval",
	"engine/exec",
	"engine/twoworld",
	"engine",
	"engine/wire",
	"cmd",
}

const module = "github.com/meshql/meshql/"

func rank(pkg string) int {
	best, at := -1, -1
	for i, o := range order {
		if (pkg == o || strings.HasPrefix(pkg, o+"/")) && len(o) > best {
			best, at = len(o), i
		}
	}
	return at
}

// TestImportsPointDown holds every import of the module against the order.
func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		names := strings.Fields(line)
		pkg := strings.TrimPrefix(names[0], module)
		if rank(pkg) < 0 {
			t.Errorf("package %s has no place in the order", pkg)
		}
		for _, imported := range names[1:] {
			dep, ours := strings.CutPrefix(imported, module)
			if ours && rank(dep) > rank(pkg) {
				t.Errorf("%s imports %s, which stands below it", pkg, dep)
			}
		}
	}
}
