package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/wire"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// startServer serves a mesh on loopback and returns its port.
func startServer(t *testing.T, mesh string) string {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Mesh: mesh, AuditLog: filepath.Join(t.TempDir(), "audit.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	wire.Quiet(slog.New(slog.DiscardHandler))
	s, err := wire.Listen(t.Context(), wire.Config{Engine: e, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Shutdown(context.Background()), e.Close()); err != nil {
			t.Error(err)
		}
	})
	_, port, _ := strings.Cut(s.Addr().String(), ":")
	return port
}

// TestRemoteAnswersAsLocal runs the same script in process and at a server.
func TestRemoteAnswersAsLocal(t *testing.T) {
	mesh := testMesh(t, 40)
	port := startServer(t, mesh)
	t.Setenv("MESHQL_PASSWORD", "secret")
	for _, format := range formatList() {
		for _, sql := range []string{
			"SELECT * FROM checkout.kinds ORDER BY id",
			"SELECT 1/0 AS x",
			"USE checkout; SELECT COUNT(*) AS n, SUM(total) AS t FROM orders",
			"SELECT 1; SELECT * FROM checkout.nope",
			"SELECT email FROM customers.profiles ORDER BY 1 LIMIT 3",
			"SELEC 1",
		} {
			local := runCommand(t, "", "sql", "--mesh", mesh, "--user", "ana", "--format", format, "-e", sql)
			remote := runCommand(t, "", "sql", "--host", "127.0.0.1", "--port", port, "--user", "ana", "--format", format, "-e", sql)
			if local != remote {
				t.Errorf("%s of %s:\nlocal\n%s\nremote\n%s", format, sql, local, remote)
			}
		}
	}
	t.Setenv("MESHQL_PASSWORD", "wrong")
	if out := runCommand(t, "", "sql", "--host", "127.0.0.1", "--port", port, "--user", "ana", "-e", "SELECT 1"); !strings.Contains(out, "ERROR 1045 (28000)") || !strings.HasSuffix(out, "-- exit 3\n") {
		t.Errorf("a wrong password gives\n%s", out)
	}
}

// TestRemoteShell gives the prompt's commands a server.
func TestRemoteShell(t *testing.T) {
	port := startServer(t, testMesh(t, 40))
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t.Context(), serverFlags{host: "127.0.0.1", port: number}, "ana", "secret", "checkout")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	s := &shell{client: c, out: &out, err: &out, screen: func() (int, int) { return 0, 0 }}
	for _, text := range []string{`\d`, `\d orders`, `\why customers.profiles.email`, `\purpose`, "use customers", "SELECT COUNT(*) FROM profiles;", `\explain`} {
		if err := s.enter(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.known(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"rows filtered, by region of domain checkout", "masked with hash, by guild.pii of the guild", "* analytics", "governed customers.profiles"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if got := s.client.Domain(); got != "customers" {
		t.Errorf("current domain %q", got)
	}
	if got := completeAt(s, "SELECT em|  FROM profiles"); !strings.Contains(got, "email") {
		t.Errorf("completed %s", got)
	}
}

// TestRemoteInterrupt interrupts a statement at a server; the connection goes on.
func TestRemoteInterrupt(t *testing.T) {
	port := startServer(t, testMesh(t, 4000))
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t.Context(), serverFlags{host: "127.0.0.1", port: number}, "ana", "secret", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		r, err := c.Query(ctx, strings.TrimSuffix(crossJoin, ";"))
		if err == nil {
			_, err = each(ctx, r, func([]cell) error { return nil })
		}
		done <- err
	}()
	watch, err := dial(t.Context(), serverFlags{host: "127.0.0.1", port: number}, "ana", "secret", "")
	if err != nil {
		t.Fatal(err)
	}
	for { // until it runs
		list, err := tableOf(t.Context(), watch, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%CROSS JOIN%' AND INFO NOT LIKE '%PROCESSLIST%'")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			break
		}
	}
	cancel()
	var known *mysqlerr.Error
	if err := <-done; !errors.As(err, &known) || known.Code != 1317 {
		t.Errorf("interrupted with %v", err)
	}
	if err := watch.Close(); err != nil {
		t.Error(err)
	}
	if got, err := tableOf(t.Context(), c, "SELECT 'alive'"); err != nil || got[0][0] != "alive" {
		t.Errorf("afterwards %v, %v", got, err)
	}
}
