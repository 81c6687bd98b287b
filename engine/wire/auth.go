package wire

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // mysql_native_password is defined by it
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/dolthub/vitess/go/mysql"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"

	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// principal is what authentication found out: a user of the identity file.
type principal struct{ user string }

// Get implements mysql.Getter.
func (p principal) Get() *querypb.VTGateCallerID { return &querypb.VTGateCallerID{Username: p.user} }

// authenticator checks logins against the identity file in force: with
// caching_sha2_password, or with mysql_native_password for users whose verifier
// is of that kind. In every method it refuses a connection without TLS where TLS
// is required, and slows down who guesses.
type authenticator struct {
	mesh       func() *catalog.Mesh
	requireTLS bool
	guesses    *guessLimiter
	decoy      catalog.Verifier

	mu    sync.Mutex
	cache map[string][sha256.Size]byte // user → SHA256(SHA256(password)), proved against cached[user]
	proof map[string]catalog.Verifier  // the verifier that cache was proved against
}

func newAuthenticator(mesh func() *catalog.Mesh, requireTLS bool, now func() time.Time) (*authenticator, error) {
	decoy, err := catalog.ParseVerifier(catalog.NewSaltedVerifier(rand.Text()))
	if err != nil {
		return nil, fmt.Errorf("decoy: %w", err)
	}
	return &authenticator{mesh: mesh, decoy: decoy, requireTLS: requireTLS, guesses: newGuessLimiter(now),
		cache: make(map[string][sha256.Size]byte), proof: make(map[string]catalog.Verifier)}, nil
}

// AuthMethods implements mysql.AuthServer.
func (a *authenticator) AuthMethods() []mysql.AuthMethod {
	return []mysql.AuthMethod{
		sha2Method{mysql.NewSha2CachingAuthMethod(a, a, a), a},
		nativeMethod{mysql.NewMysqlNativeAuthMethod(a, a), a},
	}
}

// DefaultAuthMethodDescription implements mysql.AuthServer.
func (a *authenticator) DefaultAuthMethodDescription() mysql.AuthMethodDescription {
	return mysql.CachingSha2Password
}

// HandleUser implements mysql.UserValidator; the methods below decide instead.
func (a *authenticator) HandleUser(string, net.Addr) bool { return true }

// sha2Method serves everyone whose verifier is not native, known or not, so that
// a name that does not exist looks like one whose password is wrong.
type sha2Method struct {
	mysql.AuthMethod
	a *authenticator
}

func (m sha2Method) HandleUser(c *mysql.Conn, user string) bool {
	tellTLS(c)
	return !m.a.native(user)
}

// tellTLS lets the protocol library know of TLS, which the guard ended below it.
func tellTLS(c *mysql.Conn) {
	if guard(c).tls != nil {
		c.Capabilities |= capabilitySSL
	}
}

func (m sha2Method) HandleAuthPluginData(c *mysql.Conn, user string, salt, answer []byte, addr net.Addr) (mysql.Getter, error) {
	return m.a.attempt(c, user, addr, func() (mysql.Getter, error) {
		if n := len(answer); n != sha256.Size && n > 1 || len(salt) == 0 {
			return nil, denied(user)
		}
		return m.AuthMethod.HandleAuthPluginData(c, user, salt, answer, addr)
	})
}

type nativeMethod struct {
	mysql.AuthMethod
	a *authenticator
}

func (m nativeMethod) HandleUser(_ *mysql.Conn, user string) bool { return m.a.native(user) }

func (m nativeMethod) HandleAuthPluginData(c *mysql.Conn, user string, salt, answer []byte, addr net.Addr) (mysql.Getter, error) {
	return m.a.attempt(c, user, addr, func() (mysql.Getter, error) {
		if len(answer) != sha1.Size || len(salt) == 0 {
			return nil, denied(user)
		}
		return m.AuthMethod.HandleAuthPluginData(c, user, salt, answer, addr)
	})
}

// attempt runs one login. Every failure counts as a guess, also one that the
// client breaks off when it has learned enough, unless it had proved itself.
func (a *authenticator) attempt(c *mysql.Conn, user string, addr net.Addr, login func() (mysql.Getter, error)) (mysql.Getter, error) {
	if a.requireTLS && !c.TLSEnabled() {
		return nil, sqlError(mysqlerr.TLSRequired())
	}
	if !a.guesses.allow(user, host(addr)) {
		return nil, mysql.NewSQLError(mysql.ERAccessDeniedError, mysql.SSAccessDeniedError, "Access denied for user '%s'; too many failed logins, try again later", user)
	}
	g, err := login()
	if err != nil {
		if !guard(c).proved {
			a.guesses.failed(user, host(addr))
		}
		return nil, err
	}
	a.guesses.succeeded(user, host(addr))
	return g, nil
}

func denied(user string) error { return sqlError(mysqlerr.AccessDenied(user)) }

// verifier returns the user's, or a decoy and false for one who cannot log in, so
// that the check costs the same time.
func (a *authenticator) verifier(user string) (catalog.Verifier, bool) {
	if v, ok := a.mesh().Identity.Verifier(user); ok {
		return v, true
	}
	return a.decoy, false
}

func (a *authenticator) native(user string) bool {
	v, ok := a.verifier(user)
	return ok && v.IsNative()
}

// UserEntryWithHash implements mysql.HashStorage (mysql_native_password).
func (a *authenticator) UserEntryWithHash(_ *mysql.Conn, salt []byte, user string, answer []byte, _ net.Addr) (mysql.Getter, error) {
	v, ok := a.verifier(user)
	if !ok || !v.CheckNative(salt, answer) {
		return nil, denied(user)
	}
	return principal{user}, nil
}

// UserEntryWithCacheHash implements mysql.CachingStorage: the fast path of
// caching_sha2_password, for who has logged in before under this verifier. Over
// TLS everyone else, known or not, is asked for the password.
func (a *authenticator) UserEntryWithCacheHash(c *mysql.Conn, salt []byte, user string, answer []byte, _ net.Addr) (mysql.Getter, mysql.CacheState, error) {
	v, ok := a.verifier(user)
	if ok && len(answer) == sha256.Size && a.checkFast(user, v, salt, answer) {
		guard(c).proved = true // though it may be gone before it is told
		return principal{user}, mysql.AuthAccepted, nil
	}
	if !c.TLSEnabled() || len(answer) != sha256.Size {
		return nil, mysql.AuthRejected, denied(user)
	}
	return nil, mysql.AuthNeedMoreData, nil
}

func (a *authenticator) checkFast(user string, v catalog.Verifier, salt, answer []byte) bool {
	if v.CanScramble() {
		return v.CheckScramble(salt, answer)
	}
	a.mu.Lock()
	stage2, known := a.cache[user]
	known = known && a.proof[user].Equal(v)
	a.mu.Unlock()
	return known && checkSha2(salt, answer, stage2)
}

// UserEntryWithPassword implements mysql.PlainTextStorage: the full path, which
// the library only takes over TLS.
func (a *authenticator) UserEntryWithPassword(c *mysql.Conn, user, password string, _ net.Addr) (mysql.Getter, error) {
	if !c.TLSEnabled() {
		return nil, denied(user)
	}
	v, ok := a.verifier(user)
	if v.CanScramble() {
		a.decoy.CheckPassword(password) // the other forms cost much more time
	}
	if !v.CheckPassword(password) || !ok {
		return nil, denied(user)
	}
	stage1 := sha256.Sum256([]byte(password))
	a.mu.Lock()
	a.cache[user], a.proof[user] = sha256.Sum256(stage1[:]), v
	a.mu.Unlock()
	return principal{user}, nil
}

// checkSha2 reports whether answer is XOR(SHA256(password),
// SHA256(SHA256(SHA256(password)), salt)) for the password that stage2 =
// SHA256(SHA256(password)) stands for.
func checkSha2(salt, answer []byte, stage2 [sha256.Size]byte) bool {
	h := sha256.New()
	h.Write(stage2[:])
	h.Write(salt)
	mask := h.Sum(nil)
	stage1 := make([]byte, sha256.Size)
	subtle.XORBytes(stage1, answer, mask)
	got := sha256.Sum256(stage1)
	return subtle.ConstantTimeCompare(got[:], stage2[:]) == 1
}

func host(addr net.Addr) string {
	h, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return h
}

// Limits of guessing: after freeGuesses failures a user at an address waits,
// twice as long each time, and after lockAfter for lockFor.
const (
	freeGuesses  = 3
	lockAfter    = 10
	lockFor      = 5 * time.Minute
	maxGuessKeys = 10_000
)

// guessLimiter counts failed logins by user and address.
type guessLimiter struct {
	now  func() time.Time
	mu   sync.Mutex
	tail map[string]*guessState
}

type guessState struct {
	failures int
	until    time.Time
}

func newGuessLimiter(now func() time.Time) *guessLimiter {
	return &guessLimiter{now: now, tail: make(map[string]*guessState)}
}

func (g *guessLimiter) allow(user, host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.tail[user+"\x00"+host]
	return s == nil || !g.now().Before(s.until)
}

func (g *guessLimiter) failed(user, host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := user + "\x00" + host
	s := g.tail[key]
	if s == nil {
		if len(g.tail) >= maxGuessKeys {
			g.forget()
		}
		s = &guessState{}
		g.tail[key] = s
	}
	s.failures++
	switch {
	case s.failures >= lockAfter:
		s.until = g.now().Add(lockFor)
	case s.failures > freeGuesses:
		s.until = g.now().Add(time.Second << (s.failures - freeGuesses - 1))
	}
}

// forget drops entries whose wait is over, and if none is, all.
func (g *guessLimiter) forget() {
	now := g.now()
	for k, s := range g.tail {
		if !now.Before(s.until) {
			delete(g.tail, k)
		}
	}
	if len(g.tail) >= maxGuessKeys {
		clear(g.tail)
	}
}

func (g *guessLimiter) succeeded(user, host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tail, user+"\x00"+host)
}
