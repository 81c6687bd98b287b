package wire

import (
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// mariaDB is MariaDB's command-line client. The server's certificate is its
// authority.
type mariaDB struct {
	t      testing.TB
	f      *fixture
	binary string
	ca     string
}

// newMariaDB serves a mesh over TLS for the client. Without the client the test
// is skipped, or fails if MESHQL_REQUIRE_CLIENTS is 1.
func newMariaDB(t testing.TB, start func(change func(*Config)) *fixture) *mariaDB {
	t.Helper()
	binary, err := exec.LookPath("mariadb")
	if err != nil {
		if os.Getenv("MESHQL_REQUIRE_CLIENTS") == "1" {
			t.Fatal("no mariadb client; install mariadb-client")
		}
		t.Skip("no mariadb client; install mariadb-client")
	}
	m := &mariaDB{t: t, binary: binary, ca: filepath.Join(t.TempDir(), "ca.pem")}
	config, err := ephemeralTLS()
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]})
	if err := os.WriteFile(m.ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	m.f = start(func(cfg *Config) { cfg.TLS, cfg.RequireTLS = config, true })
	return m
}

// run gives the client statements and returns what it prints, also of failures.
func (m *mariaDB) run(user, statements string, flags ...string) string {
	m.t.Helper()
	host, port, err := net.SplitHostPort(m.f.Addr().String())
	if err != nil {
		m.t.Fatal(err)
	}
	args := append([]string{"--no-defaults", "--host=" + host, "--port=" + port, "--protocol=tcp", "--user=" + user, "--force",
		"--ssl-ca=" + m.ca, "--ssl-verify-server-cert", "--default-character-set=utf8mb4"}, flags...)
	cmd := exec.CommandContext(m.t.Context(), m.binary, args...)
	cmd.Env = append(os.Environ(), "MYSQL_PWD=secret", "HOME="+m.t.TempDir())
	cmd.Stdin = strings.NewReader(statements + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		m.t.Fatal(err)
	}
	return string(out)
}

// TestMariaDBClient runs statements as a terminal's user would.
func TestMariaDBClient(t *testing.T) {
	m := newMariaDB(t, func(change func(*Config)) *fixture { return serve(t, 40, change) })
	datadriven.RunTest(t, "testdata/mariadb", func(t *testing.T, d *datadriven.TestData) string {
		m.t = t
		var user string
		d.ScanArgs(t, "user", &user)
		flags := []string{"--table"}
		if d.HasArg("flags") {
			flags = nil
			for _, a := range d.CmdArgs {
				if a.Key == "flags" {
					flags = a.Vals
				}
			}
		}
		return m.run(user, d.Input, flags...)
	})
}
