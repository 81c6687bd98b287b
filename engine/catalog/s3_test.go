package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/connectors/objstore/s3test"
)

// TestObjectStorage runs a mesh of two domains on a real server, each with a user
// of its own: pushed, read, changed, and one of them locked out.
func TestObjectStorage(t *testing.T) {
	server := s3test.Start(t)
	w := newWorld(t)
	var mesh strings.Builder
	mesh.WriteString("-- mesh.yaml --\nmesh: shop\nidentity: {file: identity.yaml}\ndomains:\n")
	domains := map[string]*s3test.Domain{}
	push := func(name, text string) error {
		t.Helper()
		w.write(t, "-- src-"+name+"/domain.yaml --\ndomain: "+name+"\ndescription: "+text+"\n-- src-"+name+`/policies/p.yaml --
- {id: read, grant: select}
-- src-`+name+`/products/a/v1/contract.odcs.yaml --
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
status: active
servers: [{server: s, type: local, path: ../../../data/a/, format: parquet}]
schema: [{name: a, properties: [{name: id, logicalType: integer}]}]
`)
		d := domains[name]
		_, found, err := Push(t.Context(), PushOptions{
			Folder: filepath.Join(w.dir, "src-"+name),
			To:     Storage{URI: "s3://" + d.Bucket + "/mesh", Endpoint: d.Endpoint, Credentials: "env:" + strings.ToUpper(name)},
		})
		if found.Err() != nil {
			t.Fatal(found)
		}
		return err
	}
	for _, name := range []string{"checkout", "customers"} {
		d := server.Domain(name)
		domains[name] = d
		t.Setenv(strings.ToUpper(name)+"_ACCESS_KEY_ID", d.Secret.AccessKeyID)
		t.Setenv(strings.ToUpper(name)+"_SECRET_ACCESS_KEY", d.Secret.SecretAccessKey)
		mesh.WriteString("  " + name + ": {uri: \"s3://" + d.Bucket + "/mesh/\", endpoint: \"" + d.Endpoint + "\", credentials: \"env:" + strings.ToUpper(name) + "\"}\n")
		if err := push(name, "first"); err != nil {
			t.Fatal(err)
		}
	}
	w.write(t, mesh.String()+"-- identity.yaml --\nusers: {}")
	c, err := Open(t.Context(), Options{Mesh: w.dir, Poll: -1, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	w.catalog = c
	check := func(when, domain string, state State, description string) {
		t.Helper()
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := c.Mesh().Domains[domain]
		if d.State != state || state != Denied && (d.Description != description || d.Products["a"] == nil) {
			t.Errorf("%s %s is %s, %q: %s", when, domain, d.State, d.Description, d.Reason)
		}
	}
	check("at first", "checkout", Ready, "first")
	if err := push("checkout", "second"); err != nil {
		t.Fatal(err)
	}
	check("after a push", "checkout", Ready, "second")

	server.Revoke(domains["checkout"])
	check("locked out", "checkout", Stale, "second")
	check("beside one that is locked out", "customers", Ready, "first")
	if err := push("checkout", "third"); err == nil {
		t.Error("pushed with a revoked key")
	}
	w.now = w.now.Add(61 * time.Second)
	check("a minute later", "checkout", Denied, "")
	check("a minute later", "customers", Ready, "first")

	for _, secret := range []string{domains["checkout"].Secret.SecretAccessKey, domains["checkout"].Endpoint} {
		if reason := c.Mesh().Domains["checkout"].Reason; strings.Contains(reason, secret) {
			t.Errorf("the reason says %q", reason)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, "index.json")); err == nil {
		t.Error("an index was written beside the mesh")
	}
}
