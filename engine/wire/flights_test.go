package wire

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/objstore/s3test"
	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/testdata/mesh"
)

// flightsPolicies let everyone read all of aviation, but keep travellers from
// one airport and from exact delays and destinations.
const flightsPolicies = `- {id: read, grant: select}
- {id: hub, match: {product: flights}, to: ["role:traveller"], rows: "origin <> user.hub"}
- {id: home, match: {product: flights}, to: ["role:local"], rows: "origin = user.hub"}
- {id: late, match: {product: flights, column: delay}, to: ["role:traveller"], mask: "bucket(15)"}
- {id: where, match: {product: flights, column: destination}, to: ["role:traveller"], mask: "partial(1, 0)"}
`

const flightsIdentity = `users:
  owner: {password: %[1]q, roles: [aviation_owner, logistics_owner]}
  traveller: {password: %[1]q, roles: [traveller], attributes: {hub: ATL}}
  local: {password: %[1]q, roles: [local], attributes: {hub: SEA}}
  lost: {password: %[1]q, roles: [traveller]}
`

// flightsWorld is a mesh of which two domains have a bucket and a user of their
// own on one server, and a third has a contract that cannot be read.
type flightsWorld struct {
	server  *s3test.Server
	domains map[string]*s3test.Domain
	clock   *clock
	file    string // the flights
}

// TestFlights asks MariaDB's client about flights under policies. MESHQL_FLIGHTS
// names a Parquet file of more flights with the columns date, delay, distance,
// origin and destination: then the answers are logged, not compared.
func TestFlights(t *testing.T) {
	w := &flightsWorld{domains: map[string]*s3test.Domain{}, file: os.Getenv("MESHQL_FLIGHTS")}
	m := newMariaDB(t, func(change func(*Config)) *fixture { return w.start(t, change) })
	datadriven.RunTest(t, "testdata/flights", func(t *testing.T, d *datadriven.TestData) string {
		m.t = t
		switch d.Cmd {
		case "client":
			var user string
			d.ScanArgs(t, "user", &user)
			begun := time.Now()
			out := m.run(user, d.Input, "--batch")
			if w.file != "" && !d.HasArg("always") {
				t.Logf("%s: %s\n%s%v", user, d.Input, out, time.Since(begun))
				return d.Expected
			}
			return out
		case "revoke":
			w.server.Revoke(w.domains[strings.TrimSpace(d.Input)])
		case "reload":
			w.clock.advance(2 * time.Minute)
			if err := m.f.engine.Catalog().Reload(t.Context()); err != nil {
				return err.Error()
			}
		default:
			d.Fatalf(t, "no such command")
		}
		return ""
	})
}

func (w *flightsWorld) start(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	t.Setenv("MESHTEST_HASH_KEY", "0123456789abcdef0123456789abcdef")
	w.server = s3test.Start(t)
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	meshtest.Write(t, source, meshtest.Shop(t, 40)) // checkout and logistics
	if err := os.RemoveAll(filepath.Join(source, "mesh.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "demo"), mesh.Files); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "demo", "aviation"), filepath.Join(source, "aviation")); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("source/aviation/policies/policies.yaml", flightsPolicies)
	write("source/checkout/policies/policies.yaml", "- {id: read, grant: select}\n")
	if w.file != "" {
		data, err := os.ReadFile(w.file)
		if err != nil {
			t.Fatal(err)
		}
		write("source/aviation/data/flights/2001-01.parquet", string(data))
	}
	write("source/logistics/products/shipments/v1/contract.odcs.yaml", "apiVersion: [v3.1.0\n")

	var list strings.Builder
	for _, name := range []string{"aviation", "checkout"} {
		fmt.Fprintf(&list, "  %s: %s\n", name, w.push(t, name, filepath.Join(source, name)))
	}
	write("mesh/mesh.yaml", "mesh: flights\nidentity: {file: identity.yaml}\nattributes: {country: string, hub: string}\npurposes: [analytics]\n"+
		"entities: {customer: {format: integer}}\nhash_key: \"env:MESHTEST_HASH_KEY\"\ndomains:\n"+list.String()+"  logistics: {uri: \"file://../source/logistics\"}\n")
	write("mesh/identity.yaml", fmt.Sprintf(flightsIdentity, meshtest.Password))

	w.clock = &clock{t: time.Now()}
	e, err := engine.Open(t.Context(), engine.Config{Mesh: filepath.Join(dir, "mesh", "mesh.yaml"), AuditLog: filepath.Join(dir, "audit.jsonl"), Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{engine: e, clock: w.clock}
	cfg := Config{Engine: e, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}
	change(&cfg)
	if f.Server, err = Listen(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Shutdown(context.WithoutCancel(t.Context())); err != nil { // the test's own has ended
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// push publishes a domain's folder, data first, and returns its entry in
// mesh.yaml.
func (w *flightsWorld) push(t *testing.T, name, folder string) string {
	t.Helper()
	d := w.server.Domain(name)
	w.domains[name] = d
	t.Setenv(strings.ToUpper(name)+"_ACCESS_KEY_ID", d.Secret.AccessKeyID)
	t.Setenv(strings.ToUpper(name)+"_SECRET_ACCESS_KEY", d.Secret.SecretAccessKey)
	store, err := objstore.OpenS3(d.Config())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "data", "*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no data of %s: %v", name, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(folder, file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(t.Context(), "mesh/"+filepath.ToSlash(rel), data, objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	_, found, err := catalog.Push(t.Context(), catalog.PushOptions{Folder: folder,
		To: catalog.Storage{URI: "s3://" + d.Bucket + "/mesh", Endpoint: d.Endpoint, Credentials: "env:" + strings.ToUpper(name)}})
	if err != nil || found.Err() != nil {
		t.Fatalf("push %s: %v, %v", name, err, found)
	}
	return fmt.Sprintf("{uri: \"s3://%s/mesh\", endpoint: %q, credentials: \"env:%s\"}", d.Bucket, d.Endpoint, strings.ToUpper(name))
}
