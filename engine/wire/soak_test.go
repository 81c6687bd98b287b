package wire

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meshql/meshql/engine"
)

// soakQueries fail or answer; each is small enough for many at once.
var soakQueries = []string{
	"SELECT COUNT(*) FROM checkout.orders",
	"SELECT country, SUM(total) FROM checkout.orders GROUP BY country ORDER BY country",
	"SELECT * FROM checkout.orders ORDER BY total DESC LIMIT 10",
	"SELECT o.country, COUNT(*) FROM checkout.orders o JOIN customers.profiles p ON p.customer_id = o.customer_id GROUP BY o.country",
	"SELECT * FROM checkout.orders",
	"SELECT 9223372036854775807 + order_id FROM checkout.orders",
	"SELECT nosuch FROM checkout.orders",
	"SELECT * FROM mesh.domains",
	"SHOW PROCESSLIST",
	slowly,
	floods,
}

// TestSoak lets 64 clients query, kill, break off and disconnect while policies
// change, and looks for what is left. MESHQL_SOAK=1 makes it long.
func TestSoak(t *testing.T) {
	clients, operations := 8, 25
	if os.Getenv("MESHQL_SOAK") == "1" {
		clients, operations = 64, 100
	}
	f := serve(t, 500, func(cfg *Config) { cfg.limits.perAddress = 512 })
	if err := pingAs(f, "ana", "secret", overTLS); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no connection", func() bool { return f.connections() == 0 })
	goroutines, files := runtime.NumGoroutine(), openFiles(t)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var wg, policies sync.WaitGroup
	stop := make(chan struct{})
	policies.Go(func() { f.changePolicies(t, stop) })
	var answered, failed, broken atomic.Int64
	for i := range clients {
		wg.Go(func() {
			c := &soakClient{t: t, f: f, patience: 20 * clients, r: rand.New(rand.NewPCG(seed, uint64(i))), answered: &answered, failed: &failed, broken: &broken}
			c.run(operations)
		})
	}
	wg.Wait()
	close(stop)
	policies.Wait()
	t.Logf("%d statements answered, %d failed, %d broken off", answered.Load(), failed.Load(), broken.Load())
	if err := pingAs(f, "ana", "secret", overTLS); err != nil {
		t.Error("afterwards:", err)
	}
	eventually(t, "no connection", func() bool { return f.connections() == 0 && f.running() == 0 })
	eventually(t, "no session", func() bool { return f.sessions(t) == 0 })
	eventually(t, "no goroutine left", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "no file left", func() bool { return openFiles(t) <= files })
}

// soakClient is one client; its choices follow from the seed.
type soakClient struct {
	t                        *testing.T
	f                        *fixture
	r                        *rand.Rand
	patience                 int // milliseconds at most that it waits
	answered, failed, broken *atomic.Int64
}

func (c *soakClient) run(operations int) {
	var db *sql.DB
	defer func() { db.Close() }() // a test's pool
	for i := range operations {
		if i == 0 || c.r.IntN(10) == 0 {
			if db != nil {
				db.Close() // a test's pool
			}
			user := []string{"ana", "owen"}[c.r.IntN(2)]
			var err error
			if db, err = sql.Open("mysql", fmt.Sprintf("%s:secret@tcp(%s)/?%s", user, c.f.Addr(), overTLS)); err != nil {
				c.t.Error(err)
				return
			}
		}
		c.step(db)
	}
}

func (c *soakClient) step(db *sql.DB) {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Duration(1+c.r.IntN(c.patience))*time.Millisecond)
	defer cancel()
	if c.r.IntN(8) == 0 {
		c.kill(db)
		return
	}
	query, args := soakQueries[c.r.IntN(len(soakQueries))], []any(nil)
	if c.r.IntN(3) == 0 {
		query, args = "SELECT COUNT(*), ? FROM checkout.orders WHERE order_id > ?", []any{"x", c.r.IntN(500)}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	for n := 0; err == nil && rows.Next(); n++ {
		if n == 5 && c.r.IntN(4) == 0 {
			break // with rows left
		}
	}
	if err == nil {
		err = rows.Err()
		rows.Close() // may be broken off
	}
	switch {
	case err == nil:
		c.answered.Add(1)
	case code(err) != 0:
		c.failed.Add(1)
	default:
		c.broken.Add(1)
	}
}

// kill ends some statement or connection of the user's.
func (c *soakClient) kill(db *sql.DB) {
	rows, err := db.Query("SELECT id FROM information_schema.processlist")
	if err != nil {
		return
	}
	var ids []uint64
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err == nil {
			ids = append(ids, id)
		}
	}
	rows.Close() // read to its end
	if len(ids) > 0 {
		db.Exec([]string{"KILL ", "KILL QUERY "}[c.r.IntN(2)] + fmt.Sprint(ids[c.r.IntN(len(ids))])) // may be gone
	}
}

// changePolicies takes ana's grant and gives it back, until told to stop.
func (f *fixture) changePolicies(t *testing.T, stop chan struct{}) {
	path := filepath.Join(f.folder, "checkout", "policies", "policies.yaml")
	policies, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		text := policies
		if i%2 == 0 {
			text = []byte("- {id: read, match: {product: orders}, grant: select, to: [\"role:checkout_owner\"]}\n")
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Error(err)
		}
		if err := f.engine.Catalog().Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// sessions is how many sessions of ana's and owen's the engine still has.
func (f *fixture) sessions(t *testing.T) int {
	n := -2 // those that ask
	for _, user := range []string{"ana", "owen"} {
		s, err := f.engine.Session(t.Context(), engine.Identity{User: user})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Query(t.Context(), "SELECT id FROM information_schema.processlist")
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := r.Next(t.Context())
			if err != nil {
				break
			}
			n += b.Rows()
		}
		r.Close() // only counted
		s.Close() // never fails
	}
	return n
}

// openFiles is how many descriptors the process has, 0 where that is unknown.
func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("descriptors are not counted")
		return 0
	}
	return len(entries)
}
