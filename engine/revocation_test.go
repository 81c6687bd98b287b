package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// changing is an open mesh whose files and clock change.
type changing struct {
	*Engine
	tb  testing.TB
	dir string
	now atomic.Pointer[time.Time]
}

func openChanging(tb testing.TB, orders int) *changing {
	tb.Helper()
	tb.Setenv("MESHTEST_HASH_KEY", strings.Repeat("5a", 32))
	c := &changing{tb: tb, dir: tb.TempDir()}
	c.now.Store(&testNow)
	var err error
	c.Engine, err = Open(tb.Context(), Config{Mesh: meshtest.Write(tb, c.dir, meshtest.Shop(tb, orders)), AuditLog: filepath.Join(c.dir, "audit.jsonl"),
		Workers: 1, Now: func() time.Time { return *c.now.Load() }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// change replaces a text in a file of the mesh and loads it.
func (c *changing) change(file, from, to string) {
	c.tb.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(file))
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), from) {
		c.tb.Fatalf("%s has no %q: %v", file, from, err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), from, to)), 0o600); err != nil {
		c.tb.Fatal(err)
	}
	if err := c.catalog.Reload(c.tb.Context()); err != nil {
		c.tb.Fatal(err)
	}
}

func (c *changing) as(user string) *Session {
	c.tb.Helper()
	s, err := c.Session(c.tb.Context(), Identity{User: user, Client: "test"})
	if err != nil {
		c.tb.Fatal(err)
	}
	return s
}

// drain reads a result to its end or error.
func drain(ctx context.Context, r *Result) (rows int, err error) {
	for {
		b, err := r.Next(ctx)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return rows, errors.Join(err, r.Close())
		}
		rows += b.Rows()
	}
}

func codeOf(err error) uint16 {
	if err == nil {
		return 0
	}
	return mysqlerr.From(err).Code
}

// TestRevocationWhileRunning changes what a principal may see in the midst of a
// result: not one more row leaves.
func TestRevocationWhileRunning(t *testing.T) {
	const policies = "checkout/policies/policies.yaml"
	for name, change := range map[string]func(c *changing){
		"grant withdrawn": func(c *changing) { c.change(policies, `"role:analyst", "role:support"`, `"role:support"`) },
		"rows withdrawn": func(c *changing) {
			c.change(policies, "country = user.country", "country = user.country AND total > 10")
		},
		"column masked": func(c *changing) { c.change(policies, `column: total}, to: ["role:support"]`, "column: total}") },
		"column denied": func(c *changing) {
			c.change(policies, `mask: "bucket(100)"`, "mask: deny")
			c.change(policies, `column: total}, to: ["role:support"]`, "column: total}")
		},
		"guild's filter": func(c *changing) {
			c.change("guild/policies.yaml", "- id: guild.pii", "- {id: guild.new, match: {product: checkout.orders}, rows: \"total > 10\"}\n- id: guild.pii")
		},
		"role withdrawn": func(c *changing) {
			c.change("identity.yaml", "roles: [analyst], attributes: {country: DE}", "attributes: {country: DE}")
		},
		"attribute changed": func(c *changing) { c.change("identity.yaml", "country: DE", "country: FR") },
		"user removed":      func(c *changing) { c.change("identity.yaml", "  ana:", "  anna:") },
		"purpose withdrawn": func(c *changing) {
			c.change(policies, `to: ["role:analyst", "role:support"]}`, `to: ["role:analyst", "role:support"], purposes: [analytics]}`)
			c.change("identity.yaml", "purposes: [analytics], default_purpose: analytics}", "purposes: []}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := openChanging(t, 40_000)
			s := c.as("ana")
			r, err := s.Query(t.Context(), "SELECT order_id, total FROM checkout.orders")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			change(c)
			rows, err := drain(t.Context(), r)
			if rows != 0 || codeOf(err) != 1142 {
				t.Errorf("%d more rows and %v, want none and 1142", rows, err)
			}
		})
	}
}

// TestRevocationReachesOperators holds that the recheck ends a statement whose
// operators still work on its first row.
func TestRevocationReachesOperators(t *testing.T) {
	c := openChanging(t, 4_000)
	s := c.as("ana")
	r, err := s.Query(t.Context(), "SELECT COUNT(*) FROM checkout.orders a JOIN checkout.orders b ON a.total + b.total <> 0 JOIN checkout.orders d ON a.total + d.total <> 0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := drain(context.Background(), r)
		ended <- err
	}()
	c.change("checkout/policies/policies.yaml", `"role:analyst", "role:support"`, `"role:support"`)
	s.recheck()
	if err := <-ended; codeOf(err) != 1142 {
		t.Errorf("ended with %v, want 1142", err)
	}
}

// TestUntil lets a grant end in the midst of a result and of a session.
func TestUntil(t *testing.T) {
	c := openChanging(t, 40_000)
	c.change("checkout/policies/policies.yaml", `to: ["role:analyst", "role:support"]}`, `to: ["role:analyst", "role:support"], until: 2026-03-01}`)
	s := c.as("ana")
	r, err := s.Query(t.Context(), "SELECT order_id FROM checkout.orders")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)
	c.now.Store(&last)
	if _, err := r.Next(t.Context()); err != nil {
		t.Errorf("the grant's last second: %v", err)
	}
	over := last.Add(time.Second)
	c.now.Store(&over)
	if rows, err := drain(t.Context(), r); rows != 0 || codeOf(err) != 1142 {
		t.Errorf("%d more rows and %v, want none and 1142", rows, err)
	}
	if _, err := s.Query(t.Context(), "SELECT order_id FROM checkout.orders"); codeOf(err) != 1049 {
		t.Errorf("the next statement: %v, want 1049", err)
	}
}

// TestChangeBetweenStatements changes policies and identity under an open
// session with prepared statements, variables and a current domain.
func TestChangeBetweenStatements(t *testing.T) {
	c := openChanging(t, 400)
	s := c.as("ana")
	ask := func(want, sql string) {
		t.Helper()
		out := render(t.Context(), s, sql)
		if _, rows, _ := strings.Cut(out, "\n"); strings.HasPrefix(out, "-- ") {
			out = strings.ReplaceAll(strings.TrimSpace(rows), "\n", "; ")
		} else if strings.HasPrefix(out, "ERROR ") {
			out = strings.Fields(out)[1]
		}
		if strings.TrimSpace(out) != want {
			t.Errorf("%s: %q, want %q", sql, out, want)
		}
	}
	ask("ok", "USE checkout")
	ask("ok", "PREPARE q FROM 'SELECT COUNT(*), MAX(total) < 1e9 FROM orders WHERE country = ?'")
	ask("ok", "SET @c = 'DE'")
	ask("ok", "SET @f = 'FR'")
	ask("100 | 1", "EXECUTE q USING @c")
	ask("0 | NULL", "EXECUTE q USING @f")
	c.change("identity.yaml", "country: DE", "country: FR")
	ask("0 | NULL", "EXECUTE q USING @c")
	ask("100 | 1", "EXECUTE q USING @f")
	c.change("checkout/policies/policies.yaml", `column: total}, to: ["role:support"], mask: "bucket(100)"`, `column: total}, mask: "null"`)
	ask("100 | NULL", "EXECUTE q USING @f")
	c.change("checkout/policies/policies.yaml", `mask: "null"`, "mask: deny")
	ask("1054", "EXECUTE q USING @f")
	ask("FR", "SELECT DISTINCT country FROM orders")
	c.change("identity.yaml", "roles: [analyst], attributes: {country: FR}", "attributes: {country: FR}")
	ask("1049", "EXECUTE q USING @f")
	ask("1049", "SELECT COUNT(*) FROM orders")
	ask("1049", "SHOW TABLES")
	c.change("identity.yaml", "  ana:", "  anna:")
	ask("1045", "SELECT 1")
}
