package wire

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/twoworld"
)

// TestNonInterference asks a sample of the statements over the wire, as text and
// prepared, in two worlds that differ only in what the user may not see.
func TestNonInterference(t *testing.T) {
	corpus := twoworld.Statements(t, "../../testdata/queries/*.sql")
	for k, user := range []string{"ana", "mara", "sam"} {
		t.Run(user, func(t *testing.T) {
			var conns [2]*sql.Conn
			for i := range conns {
				conns[i] = connect(t, twoworld.Options{User: user, Second: i == 1, Discover: true, Orders: 1_000})
			}
			for i, s := range corpus {
				if i%4 != k && s.File != "hidden.sql" {
					continue
				}
				for _, prepared := range []bool{false, true} {
					a, b := observe(t, conns[0], s, prepared), observe(t, conns[1], s, prepared)
					if a != b {
						t.Errorf("%s (prepared: %v): the worlds differ\n%.2000s\n--- other\n%.2000s", s.SQL, prepared, a, b)
					}
					if found := twoworld.Canary.FindString(a + b); found != "" && !twoworld.Canary.MatchString(s.SQL) {
						t.Errorf("%s: a hidden value is seen: %s", s.SQL, found)
					}
				}
			}
		})
	}
}

// connect serves a world and logs its user in.
func connect(t *testing.T, o twoworld.Options) *sql.Conn {
	t.Helper()
	dir := t.TempDir()
	e, err := engine.Open(t.Context(), engine.Config{Mesh: twoworld.Write(t, dir, o), AuditLog: filepath.Join(dir, "audit.jsonl"), Workers: 1,
		Now: func() time.Time { return twoworld.Now }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{Engine: e, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.TLSConfig = o.User, o.User, "tcp", s.Addr().String(), "skip-verify"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), db.Close(), s.Shutdown(context.Background()), e.Close()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// observe is all that a client learns from a statement.
func observe(t *testing.T, c *sql.Conn, s twoworld.Statement, prepared bool) string {
	t.Helper()
	out, err := ask(t, c, s, prepared)
	if err != nil {
		var m *mysql.MySQLError
		if !errors.As(err, &m) {
			t.Fatalf("%s: %s", s.SQL, err)
		}
		return fmt.Sprintf("ERROR %d (%s): %s", m.Number, m.SQLState, m.Message)
	}
	warnings, err := ask(t, c, twoworld.Statement{SQL: "SHOW WARNINGS"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return out + warnings
}

func ask(t *testing.T, c *sql.Conn, s twoworld.Statement, prepared bool) (string, error) {
	query := func() (*sql.Rows, error) { return c.QueryContext(t.Context(), s.SQL) }
	if prepared {
		st, err := c.PrepareContext(t.Context(), s.SQL)
		if err != nil {
			return "", err
		}
		defer st.Close()
		query = func() (*sql.Rows, error) { return st.QueryContext(t.Context()) }
	}
	rows, err := query()
	if err != nil {
		return "", err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return "", err
	}
	var header strings.Builder
	cells := make([]sql.NullString, len(types))
	into := make([]any, len(types))
	for i, c := range types {
		length, _ := c.Length()
		nullable, _ := c.Nullable()
		fmt.Fprintf(&header, "%s %s %d %v|", c.Name(), c.DatabaseTypeName(), length, nullable)
		into[i] = &cells[i]
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprint(cells))
	}
	if !s.Ordered {
		slices.Sort(lines)
	}
	return header.String() + "\n" + strings.Join(lines, "\n"), rows.Err()
}
