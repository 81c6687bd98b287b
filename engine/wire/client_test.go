package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/meshtest"
)

// fixture is a server over a small mesh.
type fixture struct {
	*Server
	engine *engine.Engine
	clock  *clock
	folder string
}

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// users are the shop's people, and three whose verifiers are of each form.
func users() string {
	return fmt.Sprintf(`users:
  ana: {password: %[1]q, roles: [analyst], attributes: {country: DE}, purposes: [analytics], default_purpose: analytics}
  owen: {password: %[1]q, roles: [checkout_owner, analyst], purposes: [analytics]}
  guest: {password: %[1]q}
  double: {password: %[2]q, roles: [analyst]}
  salted: {password: %[3]q, roles: [analyst]}
  native: {password: %[4]q, roles: [analyst]}
  nobody: {roles: [analyst]}
`, meshtest.Password, catalog.NewVerifier("secret"), catalog.NewSaltedVerifier("secret"), catalog.NewNativeVerifier("secret"))
}

// serve serves the shop with n orders.
func serve(t testing.TB, n int, change func(*Config)) *fixture {
	t.Helper()
	mesh := meshtest.Shop(t, n)
	mesh.Files["identity.yaml"] = users()
	return serveMesh(t, mesh, change)
}

func serveMesh(t testing.TB, mesh meshtest.Mesh, change func(*Config)) *fixture {
	t.Helper()
	t.Setenv("MESHTEST_HASH_KEY", "0123456789abcdef0123456789abcdef")
	f := &fixture{clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, folder: t.TempDir()}
	e, err := engine.Open(t.Context(), engine.Config{Mesh: meshtest.Write(t, f.folder, mesh), Workers: 2, AuditLog: filepath.Join(t.TempDir(), "audit.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	f.engine = e
	cfg := Config{Engine: e, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), limits: defaultLimits, now: f.clock.now}
	cfg.limits.drain = time.Millisecond
	if change != nil {
		change(&cfg)
	}
	if f.Server, err = Listen(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Shutdown(t.Context()) // a test may leave statements behind
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// open returns a pool of go-sql-driver.
func (f *fixture) open(t testing.TB, user, params string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", fmt.Sprintf("%s:secret@tcp(%s)/?%s", user, f.Addr(), params))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) // a test pool
	return db
}

const overTLS = "tls=skip-verify"

// code returns the number of a MySQL error, 0 for another.
func code(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// rawClient speaks the protocol packet by packet.
type rawClient struct {
	t    testing.TB
	conn net.Conn
	salt []byte
	seq  byte
}

// Capabilities that rawClient announces.
const (
	clientProtocol41 = 0x200
	clientSecure     = 0x8000
	clientPluginAuth = 0x80000
	clientDepEOF     = 0x1000000
)

// dial reads the greeting.
func (f *fixture) dial(t testing.TB) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() }) // a test's socket
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := &rawClient{t: t, conn: conn}
	p := c.mustRead()
	at := bytes.IndexByte(p, 0) + 1 + 4
	c.salt = append(append([]byte(nil), p[at:at+8]...), p[at+8+1+2+1+2+2+1+10:][:12]...)
	return c
}

func (c *rawClient) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	c.seq = head[3] + 1
	p := make([]byte, payload(head))
	_, err := io.ReadFull(c.conn, p)
	return p, err
}

func (c *rawClient) mustRead() []byte {
	c.t.Helper()
	p, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

func (c *rawClient) write(p []byte) {
	n := len(p)
	c.conn.Write(append([]byte{byte(n), byte(n >> 8), byte(n >> 16), c.seq}, p...)) // the next read fails
	c.seq++
}

func (c *rawClient) command(p ...byte) {
	c.seq = 0
	c.write(p)
}

func (c *rawClient) startTLS() {
	c.t.Helper()
	p := make([]byte, 32)
	binary.LittleEndian.PutUint32(p, clientProtocol41|clientSecure|clientPluginAuth|clientDepEOF|capabilitySSL)
	c.write(p)
	conn := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's certificate
	if err := conn.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn = conn
}

// hello sends a login with an answer to the salt; plugin is what it is for.
func (c *rawClient) hello(user, plugin string, answer []byte) {
	p := make([]byte, 32)
	flags := uint32(clientProtocol41 | clientSecure | clientPluginAuth | clientDepEOF)
	if _, ok := c.conn.(*tls.Conn); ok {
		flags |= capabilitySSL
	}
	binary.LittleEndian.PutUint32(p, flags)
	p[8] = 255
	p = append(append(p, user...), 0)
	p = append(append(p, byte(len(answer))), answer...)
	c.write(append(append(p, plugin...), 0))
}

const sha2Plugin = "caching_sha2_password"

// scramble is caching_sha2_password's answer.
func (c *rawClient) scramble(password string) []byte {
	one := sha256.Sum256([]byte(password))
	two := sha256.Sum256(one[:])
	mask := sha256.Sum256(append(two[:], c.salt...))
	subtle.XORBytes(mask[:], mask[:], one[:])
	return mask[:]
}

// login logs in over TLS.
func (f *fixture) login(t testing.TB, user string) *rawClient {
	t.Helper()
	c := f.dial(t)
	c.startTLS()
	c.hello(user, sha2Plugin, c.scramble("secret"))
	for {
		p := c.mustRead()
		switch {
		case p[0] == 0:
			return c
		case p[0] == 1 && p[1] == 4:
			c.write([]byte("secret\x00"))
		case p[0] == 1:
		default:
			t.Fatalf("login: %q", p)
		}
	}
}

// errorOf returns the number of an ERR packet, 0 for another packet.
func errorOf(p []byte) uint16 {
	if len(p) < 3 || p[0] != 0xff {
		return 0
	}
	return binary.LittleEndian.Uint16(p[1:])
}

// ping checks that the connection is in order.
func (c *rawClient) ping() {
	c.t.Helper()
	c.command(comPing)
	if p := c.mustRead(); p[0] != 0 {
		c.t.Fatalf("ping: %q", p)
	}
	if c.seq != 2 {
		c.t.Fatalf("ping: answered with sequence %d", c.seq-1)
	}
}

// connections is how many connections hold a place.
func (f *fixture) connections() int {
	f.guard.mu.Lock()
	defer f.guard.mu.Unlock()
	return len(f.guard.open)
}
