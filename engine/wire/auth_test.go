package wire

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/planner/mysqlerr"
)

func TestLogin(t *testing.T) {
	f := serve(t, 16, nil)
	for _, user := range []string{"ana", "double", "salted", "native"} {
		for round := range 3 { // the second takes what the first left in the cache
			var got string
			db := f.open(t, user, overTLS)
			if err := db.QueryRow("SELECT CURRENT_USER()").Scan(&got); err != nil || got != user+"@%" {
				t.Errorf("%s, round %d: %q, %v", user, round, got, err)
			}
		}
	}
	// In clear text the fast path lets in who needs no more than it.
	for _, user := range []string{"ana", "double", "salted", "native"} {
		if err := f.open(t, user, "allowNativePasswords=true").Ping(); err != nil {
			t.Errorf("%s in clear text: %v", user, err)
		}
	}
	for _, user := range []string{"ana", "double", "salted", "native", "nobody", "nosuch", ""} {
		for _, params := range []string{overTLS, "allowNativePasswords=true"} {
			for _, password := range []string{"Secret", "", "secret ", strings.Repeat("s", 5000)} {
				err := pingAs(f, user, password, params)
				if code(err) != mysqlerr.AccessDenied("").Code {
					t.Errorf("%s with %.10q, %s: %v", user, password, params, err)
				}
				f.clock.advance(time.Hour)
			}
		}
	}
}

// TestLoginClearTextCold: a salted verifier cannot check a scramble, so in clear
// text nobody is let in by it before a login over TLS, nor told why.
func TestLoginClearTextCold(t *testing.T) {
	f := serve(t, 16, nil)
	for _, user := range []string{"salted", "nosuch", "nobody"} {
		c := f.dial(t)
		c.hello(user, sha2Plugin, c.scramble("secret"))
		if p := c.mustRead(); errorOf(p) != 1045 || !bytes.HasSuffix(p, fmt.Appendf(nil, "Access denied for user '%s'", user)) {
			t.Errorf("%s: %q", user, p)
		}
	}
}

// TestLoginPathTellsNothing: over TLS a wrong password takes the same packets
// whoever the user is.
func TestLoginPathTellsNothing(t *testing.T) {
	f := serve(t, 16, nil)
	if err := pingAs(f, "salted", "secret", overTLS); err != nil { // now in the cache
		t.Fatal(err)
	}
	for _, user := range []string{"double", "salted", "ana", "nobody", "nosuch"} {
		c := f.dial(t)
		c.startTLS()
		c.hello(user, sha2Plugin, c.scramble("wrong"))
		if p := c.mustRead(); !bytes.Equal(p, []byte{1, 4}) {
			t.Errorf("%s: %q, want to be asked for the password", user, p)
		}
		c.write([]byte("wrong\x00"))
		want := fmt.Sprintf("\xff\x15\x04#28000Access denied for user '%s'", user)
		if p := c.mustRead(); string(p) != want {
			t.Errorf("%s: %q", user, p)
		}
		if _, err := c.read(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v after the error", user, err)
		}
	}
}

func TestWrongAnswers(t *testing.T) {
	f := serve(t, 16, nil)
	for _, user := range []string{"double", "salted", "native", "nosuch"} {
		for _, plugin := range []string{sha2Plugin, "mysql_native_password", "mysql_clear_password", "sha256_password", ""} {
			for n := range 40 {
				c := f.dial(t)
				c.hello(user, plugin, make([]byte, n))
				for {
					p, err := c.read()
					if err != nil || errorOf(p) != 0 {
						break
					}
					if p[0] == 0 {
						t.Fatalf("%s: %d zeros for %q log in", user, n, plugin)
					}
					c.write(make([]byte, n))
				}
				c.conn.Close() // done
				f.clock.advance(time.Hour)
			}
		}
	}
}

func TestTLSRequired(t *testing.T) {
	f := serve(t, 16, func(cfg *Config) {
		config, err := ephemeralTLS()
		if err != nil {
			t.Fatal(err)
		}
		cfg.TLS, cfg.RequireTLS = config, true
	})
	if err := pingAs(f, "double", "secret", overTLS); err != nil {
		t.Error(err)
	}
	c := f.dial(t)
	c.hello("double", sha2Plugin, c.scramble("secret"))
	if p, err := c.read(); err == nil {
		t.Errorf("a login in clear text was answered with %q", p)
	}
}

func TestCheckAddress(t *testing.T) {
	for listen, ok := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true, "127.9.9.9:0": true,
		"0.0.0.0:0": false, ":0": false, "[::]:0": false, "192.0.2.1:0": false, "localhost.example:0": false, "127.0.0.1": false} {
		if err := checkAddress(Config{Listen: listen}); (err == nil) != ok {
			t.Errorf("%s without TLS: %v", listen, err)
		}
	}
	if err := checkAddress(Config{Listen: "127.0.0.1:0", RequireTLS: true}); err == nil {
		t.Error("TLS required without a certificate")
	}
}

// TestGuesses: failures count, also those that the client breaks off once it is
// asked for the password, for users who exist and for those who do not.
func TestGuesses(t *testing.T) {
	f := serve(t, 16, nil)
	for _, user := range []string{"double", "salted", "nosuch"} {
		breakOff := func() {
			c := f.dial(t)
			c.startTLS()
			c.hello(user, sha2Plugin, c.scramble("wrong"))
			if p := c.mustRead(); !bytes.Equal(p, []byte{1, 4}) {
				t.Fatalf("%s: %q", user, p)
			}
			c.conn.Close() // the point
			eventually(t, "no connection", func() bool { return f.connections() == 0 })
		}
		for range lockAfter {
			breakOff()
			f.clock.advance(time.Minute + 5*time.Second)
		}
		if err := pingAs(f, user, "secret", overTLS); code(err) != 1045 || !strings.Contains(err.Error(), "try again later") {
			t.Errorf("%s after %d guesses: %v", user, lockAfter, err)
		}
		f.clock.advance(lockFor)
		if err := pingAs(f, user, "secret", overTLS); (err == nil) != (user != "nosuch") {
			t.Errorf("%s when the wait is over: %v", user, err)
		}
	}
}

func TestGuessLimiter(t *testing.T) {
	c := &clock{t: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	g := newGuessLimiter(c.now)
	for i := 1; i <= lockAfter+2; i++ {
		g.failed("ana", "192.0.2.1")
		var want time.Duration
		switch {
		case i >= lockAfter:
			want = lockFor
		case i > freeGuesses:
			want = time.Second << (i - freeGuesses - 1)
		}
		if !g.allow("ana", "192.0.2.2") || !g.allow("owen", "192.0.2.1") {
			t.Error("another user or address waits too")
		}
		if want > 0 {
			c.advance(want - 1)
			if g.allow("ana", "192.0.2.1") {
				t.Errorf("failure %d: allowed before %v", i, want)
			}
			c.advance(1)
		}
		if !g.allow("ana", "192.0.2.1") {
			t.Errorf("failure %d: not allowed after %v", i, want)
		}
	}
	g.succeeded("ana", "192.0.2.1")
	g.failed("ana", "192.0.2.1")
	if !g.allow("ana", "192.0.2.1") {
		t.Error("a success does not forget failures")
	}
	for i := range 2 * maxGuessKeys {
		g.failed(fmt.Sprint(i), "192.0.2.1")
	}
	if len(g.tail) > maxGuessKeys {
		t.Errorf("%d users remembered", len(g.tail))
	}
}

// TestIdentity: attributes that a client claims are nothing to the engine.
func TestIdentity(t *testing.T) {
	f := serve(t, 16, nil)
	db := f.open(t, "ana", overTLS+"&connectionAttributes=_user:owen,program_name:owen,roles:checkout_owner,purpose:fulfilment")
	var user, countries string
	if err := db.QueryRow("SELECT CURRENT_USER(), GROUP_CONCAT(DISTINCT country) FROM checkout.orders").Scan(&user, &countries); err != nil {
		t.Fatal(err)
	}
	if user != "ana@%" || countries != "DE" {
		t.Errorf("%s sees %s", user, countries)
	}
}

func pingAs(f *fixture, user, password, params string) error {
	db, err := sql.Open("mysql", fmt.Sprintf("%s:%s@tcp(%s)/?%s", user, password, f.Addr(), params))
	if err != nil {
		return err
	}
	defer db.Close() // a test's pool
	return db.Ping()
}
