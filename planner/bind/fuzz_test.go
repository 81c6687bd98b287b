package bind_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// FuzzSelect: any text is bound or refused with a condition of mysqlerr's table,
// never with a panic or an internal error; what is bound prints.
func FuzzSelect(f *testing.F) {
	for _, sql := range goldenQueries(f) {
		f.Add(sql)
	}
	m := small(f)
	f.Fuzz(func(t *testing.T, sql string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		bound, err := bindText(ctx, m, sql, expr.DefaultLimits, int64(1), "x", nil)
		if err != nil {
			var e *mysqlerr.Error
			if !errors.As(err, &e) || e.Code == 1105 {
				t.Fatalf("%q: %v", sql, err)
			}
			return
		}
		plan.Format(bound.Plan, plan.FormatOptions{Types: true, IDs: true})
		if err := contract(bound.Plan); err != nil {
			t.Fatalf("%q: %v", sql, err)
		}
	})
}

// goldenQueries are the statements of the golden files.
func goldenQueries(t testing.TB) []string {
	files, err := filepath.Glob("testdata/queries/*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || info.IsDir() {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var sql []string
		reading := false
		for s := bufio.NewScanner(f); s.Scan(); {
			switch line := s.Text(); {
			case strings.HasPrefix(line, "bind"):
				reading, sql = true, nil
			case line == "----" && reading:
				out = append(out, strings.Join(sql, "\n"))
				reading = false
			case reading:
				sql = append(sql, line)
			}
		}
	}
	return out
}
