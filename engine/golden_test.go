package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// testNow is when the goldens' statements run.
var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// openMesh opens a mesh written to a folder of the test.
func openMesh(tb testing.TB, m meshtest.Mesh) *Engine {
	tb.Helper()
	tb.Setenv("MESHTEST_HASH_KEY", strings.Repeat("5a", 32))
	dir := tb.TempDir()
	e, err := Open(context.Background(), Config{Mesh: meshtest.Write(tb, dir, m), AuditLog: filepath.Join(dir, "audit.jsonl"),
		Workers: 2, Now: func() time.Time { return testNow }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// render runs a statement and gives everything that its principal can observe:
// column names and types, rows, error and warnings.
func render(ctx context.Context, s *Session, sql string, args ...any) string {
	var b strings.Builder
	r, err := s.Query(ctx, sql, args...)
	if err == nil {
		err = renderRows(ctx, &b, s, r)
	}
	if err != nil {
		e := mysqlerr.From(err)
		fmt.Fprintf(&b, "ERROR %d (%s): %s\n", e.Code, e.State, e.Message)
	}
	for _, w := range s.Warnings() {
		if w.Level != "Error" {
			fmt.Fprintf(&b, "%s %d: %s\n", w.Level, w.Code, w.Message)
		}
	}
	return b.String()
}

func renderRows(ctx context.Context, b *strings.Builder, s *Session, r *Result) error {
	names := make([]string, len(r.Columns()))
	for i, c := range r.Columns() {
		names[i] = c.Name + " " + c.Type.String()
	}
	if len(names) == 0 {
		b.WriteString("ok\n")
	} else {
		fmt.Fprintf(b, "-- %s\n", strings.Join(names, ", "))
	}
	for {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return r.Close()
		}
		if err != nil {
			return errors.Join(err, r.Close())
		}
		for k := range batch.Rows() {
			row := batch.Sel.At(k)
			cells := make([]string, len(names))
			for i, c := range r.Columns() {
				v, err := batch.Col(ctx, i)
				if err != nil {
					return errors.Join(err, r.Close())
				}
				if v.IsNull(row) {
					cells[i] = "NULL"
				} else {
					cells[i] = string(mysqltype.AppendText(nil, c.Type, v, row, s.location))
				}
			}
			fmt.Fprintln(b, strings.Join(cells, " | "))
		}
	}
}

// TestGoldens runs the statements in testdata/sql. "as" opens a session of a
// user, "query" runs one statement; rows are sorted where the query does not
// order them ("sorted").
func TestGoldens(t *testing.T) {
	datadriven.Walk(t, "testdata/sql", func(t *testing.T, path string) {
		e := openMesh(t, meshtest.Shop(t, 100))
		sessions := map[string]*Session{}
		user := "ana"
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "as":
				user = strings.TrimSpace(d.Input)
				return ""
			case "query":
			default:
				t.Fatalf("unknown command %s", d.Cmd)
			}
			s := sessions[user]
			if s == nil {
				var err error
				if s, err = e.Session(t.Context(), Identity{User: user, Client: "test"}); err != nil {
					return err.Error() + "\n"
				}
				sessions[user] = s
			}
			out := render(t.Context(), s, d.Input)
			if d.HasArg("sorted") {
				out = sortRows(out)
			}
			return out
		})
		for _, s := range sessions {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// sortRows orders the lines after the header.
func sortRows(out string) string {
	lines := strings.SplitAfter(out, "\n")
	if len(lines) > 1 {
		rows := lines[1:]
		for i := 1; i < len(rows); i++ {
			for j := i; j > 0 && rows[j] < rows[j-1] && rows[j] != ""; j-- {
				rows[j], rows[j-1] = rows[j-1], rows[j]
			}
		}
	}
	return strings.Join(lines, "")
}
