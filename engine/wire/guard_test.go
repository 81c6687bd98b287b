package wire

import (
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Quiet(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// TestSilentSockets: sockets that say nothing keep nobody out, and go.
func TestSilentSockets(t *testing.T) {
	f := serve(t, 16, func(cfg *Config) { cfg.limits.handshake = 3 * time.Second })
	var silent []net.Conn
	for i := range 150 {
		c, err := net.Dial("tcp", f.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // a test's socket
		if i%2 == 0 {   // half of a login packet's header
			c.Write([]byte{0, 1}) // may be gone
		}
		silent = append(silent, c)
	}
	if err := pingAs(f, "double", "secret", overTLS); err != nil {
		t.Error(err)
	}
	for _, c := range silent {
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
	}
	eventually(t, "no connection", func() bool { return f.connections() == 0 })
}

func TestConnectionCaps(t *testing.T) {
	f := serve(t, 16, func(cfg *Config) { cfg.limits.perAddress = 3 })
	for range 3 {
		f.login(t, "ana").ping()
	}
	c, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // a test's socket
	if n, _ := io.Copy(io.Discard, c); n != 0 {
		t.Error("a fourth connection is greeted")
	}
	other := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err = other.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Skip("no second loopback address")
	}
	defer c.Close() // a test's socket
	if n, err := c.Read(make([]byte, 10)); n == 0 {
		t.Error("another address is kept out:", err)
	}
}

// TestBeforeLogin: what is no login ends the connection, without an answer, and
// without the memory that its header promises.
func TestBeforeLogin(t *testing.T) {
	f := serve(t, 16, nil)
	login := func(n int) []byte { // a login with attributes of n bytes
		p := make([]byte, 32)
		binary.LittleEndian.PutUint32(p, clientProtocol41|clientSecure|clientPluginAuth|1<<20)
		p = append(p, "ana\x00\x00caching_sha2_password\x00"...)
		p = append(append(p, 0xfd, byte(n), byte(n>>8), byte(n>>16)), make([]byte, n)...)
		return append([]byte{byte(len(p)), byte(len(p) >> 8), byte(len(p) >> 16), 1}, p...)
	}
	for name, bytes := range map[string][]byte{
		"PROXY":             []byte("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
		"PROXY v2":          []byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\x00\x01\x00\x02"),
		"HTTP":              []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"TLS at once":       {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3},
		"a promise":         {0xff, 0xff, 0xff, 1},
		"64 KiB":            login(preAuthBytes),
		"no TLS after all":  append([]byte{32, 0, 0, 1, 0, 0x0a, 0x08, 0}, make([]byte, 100)...),
		"a wrong sequence":  {1, 0, 0, 9, 0},
		"an empty packet":   {0, 0, 0, 1},
		"protocol 3":        {4, 0, 0, 1, 0, 0, 0, 0},
		"no user's end":     append([]byte{40, 0, 0, 1, 0, 2, 0, 0}, []byte(strings.Repeat("x", 36))...),
		"a query, no login": append([]byte{9, 0, 0, 0, comQuery}, "SELECT 1"...),
	} {
		c := f.dial(t)
		c.conn.Write(bytes) // the read tells
		if tcp, ok := c.conn.(*net.TCPConn); ok {
			tcp.CloseWrite() // the same
		}
		if p, err := c.read(); err == nil && errorOf(p) == 0 {
			t.Errorf("%s is answered with %q", name, p)
		}
	}
	c := f.dial(t)
	c.conn.Write(login(preAuthBytes - 200)) // the read tells
	if p := c.mustRead(); p[0] != 0xfe {
		t.Errorf("a login of nearly 64 KiB is answered with %q", p)
	}
	eventually(t, "connections gone", func() bool { return f.connections() <= 1 })
}

// TestTLSStripped: bytes sent in clear text behind the request for TLS are not
// taken for what is sent within it.
func TestTLSStripped(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.dial(t)
	p := make([]byte, 32)
	binary.LittleEndian.PutUint32(p, clientProtocol41|clientSecure|clientPluginAuth|capabilitySSL)
	c.write(p)
	c.hello("ana", sha2Plugin, nil)
	conn := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's certificate
	if err := conn.Handshake(); err == nil {
		t.Error("TLS begins after a login in clear text")
	}
}

// slowly is a query that runs for long without a row.
const slowly = "SELECT COUNT(*) FROM checkout.orders a, checkout.orders b, checkout.orders c WHERE a.order_id + b.order_id + c.order_id = -1"

// floods is a query whose result is longer than the buffers between two sockets.
const floods = "SELECT a.*, b.* FROM checkout.orders a, checkout.orders b"

func (f *fixture) running() int {
	f.handler.mu.Lock()
	defer f.handler.mu.Unlock()
	return len(f.handler.running)
}

func TestClientGone(t *testing.T) {
	f := serve(t, 8000, nil)
	for _, query := range []string{slowly, floods} {
		for _, pipelined := range []bool{false, true} {
			c := f.login(t, "owen")
			c.command(append([]byte{comQuery}, query...)...)
			if pipelined {
				c.command(comPing)
			}
			eventually(t, "the query runs", func() bool { return f.running() == 1 })
			c.conn.Close() // the point
			begun := time.Now()
			eventually(t, "the query ends", func() bool { return f.running() == 0 })
			t.Logf("%.30s pipelined %v: ended after %v", query, pipelined, time.Since(begun))
			eventually(t, "the connection ends", func() bool { return f.connections() == 0 })
		}
	}
}

func TestClientNeverReads(t *testing.T) {
	f := serve(t, 8000, func(cfg *Config) { cfg.limits.write = 50 * time.Millisecond })
	for _, withTLS := range []bool{false, true} {
		c := f.login(t, "owen") // and now the cache knows owen
		if !withTLS {
			c.conn.Close() // its end is not the point
			c = f.dial(t)
			c.hello("owen", sha2Plugin, c.scramble("secret"))
			c.mustRead()
			c.mustRead()
		}
		c.command(append([]byte{comQuery}, floods...)...)
		eventually(t, "the connection ends", func() bool { return f.connections() == 0 && f.running() == 0 })
	}
}

func TestIdle(t *testing.T) {
	f := serve(t, 16, nil)
	c := f.login(t, "ana")
	c.command(append([]byte{comQuery}, "SET wait_timeout = 1"...)...)
	if p := c.mustRead(); p[0] != 0 {
		t.Fatalf("%q", p)
	}
	if _, err := c.read(); err == nil || f.connections() > 1 {
		t.Error("an idle connection stays", err)
	}
	for value, want := range map[string]uint16{"0": 1231, "'x'": 1231, "31536000": 0, "DEFAULT": 0} {
		_, err := f.open(t, "ana", overTLS).Exec("SET SESSION wait_timeout = " + value)
		if code(err) != want {
			t.Errorf("wait_timeout = %s: %v", value, err)
		}
	}
}

// TestFailsInMidStream: the rows that were sent are followed by the reason.
func TestFailsInMidStream(t *testing.T) {
	f := serve(t, 40_000, nil)
	for _, params := range []string{overTLS, "allowNativePasswords=true"} {
		for _, prepared := range []bool{false, true} {
			if err := pingAs(f, "owen", "secret", overTLS); err != nil { // fills the cache
				t.Fatal(err)
			}
			db := f.open(t, "owen", params)
			db.SetMaxOpenConns(1)
			query, args := "SELECT 9223372036854740000 + order_id FROM checkout.orders", []any(nil)
			if prepared {
				query, args = "SELECT ? + order_id FROM checkout.orders", []any{int64(9223372036854740000)}
			}
			rows, err := db.Query(query, args...)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				n++
			}
			if n == 0 || code(rows.Err()) != 1690 {
				t.Errorf("%s, prepared %v: %d rows, then %v", params, prepared, n, rows.Err())
			}
			rows.Close() // failed
			if err := db.Ping(); err != nil {
				t.Error(err)
			}
			if n := f.connections(); n > 2 {
				t.Errorf("%d connections: the failure has cost one", n)
			}
			db.Close() // done
		}
	}
}

func TestKill(t *testing.T) {
	f := serve(t, 2000, nil)
	for _, statement := range []string{"KILL QUERY ", "KILL "} {
		owen, ana := f.open(t, "owen", overTLS), f.open(t, "ana", overTLS)
		victim, err := owen.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var id uint64
		if err := victim.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		go func() { failed <- victim.QueryRowContext(t.Context(), slowly).Scan(new(int)) }()
		eventually(t, "the query runs", func() bool { return f.running() == 1 })
		if _, err := ana.Exec(statement + fmt.Sprint(id)); code(err) != 1094 {
			t.Errorf("%sof another's: %v", statement, err)
		}
		if _, err := owen.Exec(statement + fmt.Sprint(id)); err != nil {
			t.Error(err)
		}
		err = <-failed
		if statement == "KILL QUERY " && (code(err) != 1317 || victim.PingContext(t.Context()) != nil) {
			t.Errorf("%s: %v", statement, err)
		}
		if statement == "KILL " && (err == nil || victim.PingContext(t.Context()) == nil) {
			t.Errorf("%s: %v", statement, err)
		}
		victim.Close() // may be dead
	}
}

// TestShutdown: what runs may finish, for a while; then it ends with 1053.
func TestShutdown(t *testing.T) {
	f := serve(t, 2000, func(cfg *Config) { cfg.limits.drain = time.Hour })
	db := f.open(t, "owen", overTLS)
	idle := f.login(t, "ana")
	failed := make(chan error, 1)
	go func() { failed <- db.QueryRow(slowly).Scan(new(int)) }()
	eventually(t, "the query runs", func() bool { return f.running() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Shutdown(ctx) }()
	eventually(t, "no new connections", func() bool {
		c, err := net.Dial("tcp", f.Addr().String())
		if err == nil {
			c.Close() // only asks
		}
		return err != nil
	})
	eventually(t, "closing", func() bool { f.handler.mu.Lock(); defer f.handler.mu.Unlock(); return f.handler.closing })
	idle.command(append([]byte{comQuery}, "SELECT 1"...)...)
	if p := idle.mustRead(); errorOf(p) != 1053 {
		t.Errorf("a statement during shutdown: %q", p)
	}
	cancel()
	if err := <-failed; code(err) != 1053 {
		t.Errorf("the running statement: %v", err)
	}
	if err := <-done; err == nil {
		t.Error("Shutdown says nothing of interrupted statements")
	}
	if n := f.connections(); n != 0 {
		t.Errorf("%d connections after Shutdown", n)
	}
}

// TestShutdownDrains: statements that end in time are whole.
func TestShutdownDrains(t *testing.T) {
	f := serve(t, 20_000, func(cfg *Config) { cfg.limits.drain = time.Hour })
	db := f.open(t, "owen", overTLS)
	rows, err := db.Query("SELECT * FROM checkout.orders")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- f.Shutdown(t.Context()) }()
	n := 0
	for rows.Next() {
		n++
	}
	if n != 20_000 || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
	rows.Close() // read to its end
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestManyRows is a result of 100,000 rows.
func TestManyRows(t *testing.T) {
	f := serve(t, 100_000, nil)
	db := f.open(t, "owen", overTLS)
	for _, args := range [][]any{nil, {0}} {
		begun := time.Now()
		query := "SELECT * FROM checkout.orders"
		if args != nil {
			query += " WHERE order_id >= ?"
		}
		rows, err := db.Query(query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var n, sum int64
		var r [6]sql.RawBytes
		for rows.Next() {
			if err := rows.Scan(&r[0], &r[1], &r[2], &r[3], &r[4], &r[5]); err != nil {
				t.Fatal(err)
			}
			n++
			for _, b := range r {
				sum += int64(len(b))
			}
		}
		if n != 100_000 || rows.Err() != nil {
			t.Errorf("%d rows, %v", n, rows.Err())
		}
		rows.Close() // read to its end
		t.Logf("prepared %v: %d rows, %d bytes in %v", args != nil, n, sum, time.Since(begun))
	}
}

// TestPacketTracker cuts a stream of packets at every place.
func TestPacketTracker(t *testing.T) {
	stream := []byte{3, 0, 0, 7, 'a', 'b', 'c', 0, 0, 0, 8, 2, 0, 0, 9, 'd', 'e'}
	for cut := range len(stream) - 6 {
		var tracker packetTracker
		tracker.track(append([]byte(nil), stream[:cut]...), 0)
		end, sequence := tracker.last(stream[cut:])
		if cut+end != 11 || sequence != 9 {
			t.Errorf("cut at %d: the last packet is at %d with number %d", cut, cut+end, sequence)
		}
	}
}
