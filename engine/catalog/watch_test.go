package catalog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
)

const twoDomains = `-- mesh.yaml --
mesh: shop
domains:
  shop: {uri: "file://./shop"}
  far: {uri: "s3://far/mesh"}
identity: {file: identity.yaml}
purposes: [analytics]
-- identity.yaml --
users: {ana: {roles: [analyst], purposes: [analytics]}}
-- shop/domain.yaml --
domain: shop
description: generation 0
-- shop/policies/p.yaml --
- {id: read, grant: select}
-- shop/products/a/v1/contract.odcs.yaml --
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
status: active
servers: [{server: s, type: local, path: ../../../data/a/, format: parquet}]
schema: [{name: a, properties: [{name: id, logicalType: integer}]}]
-- far-src/domain.yaml --
domain: far
`

// TestSwapIsAtomic rewrites a domain while others read meshes: whatever they see
// is of one generation, and versions only grow.
func TestSwapIsAtomic(t *testing.T) {
	w := newWorld(t)
	w.write(t, twoDomains)
	c, err := Open(t.Context(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	w.catalog = c
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			var last uint64
			for ctx.Err() == nil {
				m := c.Mesh()
				if m.Version < last {
					t.Errorf("version %d after %d", m.Version, last)
				}
				last = m.Version
				d := m.Domains["shop"]
				var generation int
				if _, err := fmt.Sscanf(d.Description, "generation %d", &generation); err != nil {
					t.Errorf("description %q", d.Description)
				}
				p := d.Products["a"]
				if p == nil || p.Version != fmt.Sprintf("1.%d.0", generation) || m.Policies.Denied(p.Relation) {
					t.Errorf("a mixture: generation %d with %+v", generation, p)
					return
				}
			}
		})
	}
	for i := 1; i <= 20; i++ {
		contract := filepath.Join(w.dir, "shop/products/a/v1/contract.odcs.yaml")
		data, err := os.ReadFile(contract)
		if err != nil {
			t.Fatal(err)
		}
		next := strings.Replace(string(data), fmt.Sprintf("version: 1.%d.0", i-1), fmt.Sprintf("version: 1.%d.0", i), 1)
		if err := os.WriteFile(contract, []byte(next), 0o600); err != nil {
			t.Fatal(err)
		}
		w.write(t, fmt.Sprintf("-- shop/domain.yaml --\ndomain: shop\ndescription: generation %d", i))
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	readers.Wait()
	if got := c.Mesh().Domains["shop"].Description; got != "generation 20" {
		t.Errorf("in force is %q", got)
	}
}

// TestWatch holds, on a clock of its own, that a change is in force within 5 s;
// that a store which never answers is denied after 60 s and delays no other
// domain; and that Close ends every goroutine.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	w.write(t, twoDomains)
	if _, found, err := Push(t.Context(), PushOptions{
		Folder: filepath.Join(w.dir, "far-src"), To: Storage{URI: "s3://far/mesh"}, OpenStore: w.open,
	}); err != nil || found.Err() != nil {
		t.Fatal(found, err)
	}
	synctest.Test(t, func(t *testing.T) {
		hang := &hanging{bucket: w.bucket("s3://far/mesh")}
		opts := w.options()
		opts.Now, opts.Poll = time.Now, 0
		opts.OpenStore = func(_ context.Context, s Storage) (objstore.Store, error) {
			if s.IsFile() {
				return s.open(nil)
			}
			return hang, nil
		}
		c, err := Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		state := func(domain string) State { return c.Mesh().Domains[domain].State }
		if state("far") != Ready {
			t.Fatalf("far is %s: %s", state("far"), c.Mesh().Domains["far"].Reason)
		}
		hang.set(true)
		time.Sleep(20 * time.Second)
		if state("far") != Stale || state("shop") != Ready {
			t.Errorf("after 20 s without answers far is %s and shop %s", state("far"), state("shop"))
		}
		w.write(t, "-- shop/domain.yaml --\ndomain: shop\ndescription: changed")
		time.Sleep(5 * time.Second)
		if got := c.Mesh().Domains["shop"].Description; got != "changed" {
			t.Errorf("5 s after the change the description is %q", got)
		}
		time.Sleep(37 * time.Second)
		if state("far") != Denied {
			t.Errorf("after 62 s without answers far is %s", state("far"))
		}
		hang.set(false)
		time.Sleep(5 * time.Second)
		if state("far") != Ready {
			t.Errorf("5 s after it answers again far is %s", state("far"))
		}
		w.write(t, "-- identity.yaml --\nusers: {bob: {}}")
		time.Sleep(5 * time.Second)
		if _, ok := c.Mesh().Principal("ana"); ok {
			t.Error("ana is a user 5 s after she was taken out")
		}
	})
}

// hanging is a store that answers or waits for ever.
type hanging struct {
	*bucket
	mu    sync.Mutex
	hangs bool
}

func (h *hanging) set(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hangs = on
}

func (h *hanging) Get(ctx context.Context, key string, limit int64) ([]byte, objstore.Object, error) {
	h.mu.Lock()
	hangs := h.hangs
	h.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, objstore.Object{}, fmt.Errorf("%w: %w", objstore.ErrUnavailable, ctx.Err())
	}
	return h.bucket.Get(ctx, key, limit)
}

// TestFolderIsConfined follows no link out of the domain's folder, and sees when
// the folder itself is replaced.
func TestFolderIsConfined(t *testing.T) {
	w := newWorld(t)
	w.write(t, twoDomains)
	w.write(t, "-- secret.yaml --\n- {id: stolen, grant: select}")
	if err := os.Symlink(filepath.Join(w.dir, "secret.yaml"), filepath.Join(w.dir, "shop/policies/link.yaml")); err != nil {
		t.Skip(err)
	}
	c, err := Open(t.Context(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	w.catalog = c
	if d := c.Mesh().Domains["shop"]; d.State != Denied {
		t.Errorf("with a link that leads out the domain is %s", d.State)
	}
	if err := os.Remove(filepath.Join(w.dir, "shop/policies/link.yaml")); err != nil {
		t.Fatal(err)
	}
	reload := func() *Domain {
		t.Helper()
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c.Mesh().Domains["shop"]
	}
	if d := reload(); d.State != Ready {
		t.Errorf("without it the domain is %s: %s", d.State, d.Reason)
	}
	if err := os.Rename(filepath.Join(w.dir, "shop"), filepath.Join(w.dir, "old")); err != nil {
		t.Fatal(err)
	}
	if d := reload(); d.State != Stale {
		t.Errorf("without its folder the domain is %s", d.State)
	}
	w.write(t, strings.ReplaceAll(twoDomains, "generation 0", "new folder"))
	if d := reload(); d.State != Ready || d.Description != "new folder" {
		t.Errorf("with a new folder the domain is %s, %q", d.State, d.Description)
	}
}

// TestUnstableFolder never loads a folder that changes while it is read.
func TestUnstableFolder(t *testing.T) {
	b := &bucket{objects: map[string][]byte{domainFileName: []byte("domain: shop\nproducts: p/*.yaml\npolicies: q/*.yaml\n")}}
	n := 0
	b.slow = func() { n++; b.objects[domainFileName] = fmt.Appendf(nil, "domain: shop\ndescription: %d\n", n) }
	if _, err := readFolder(t.Context(), listing{b}, digest{}); !errors.Is(err, errUnstable) {
		t.Errorf("read with %v", err)
	}
}

type listing struct{ *bucket }

func (listing) List(context.Context, string, int) ([]objstore.Object, error) { return nil, nil }

// TestPortFailure keeps a product whose port cannot be opened.
func TestPortFailure(t *testing.T) {
	w := newWorld(t)
	w.write(t, twoDomains)
	opts := w.options()
	opts.OpenPort = func(context.Context, Port) (connectors.Source, error) { return nil, errors.New("/secret/path") }
	c, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	w.catalog = c
	p := c.Mesh().Domains["shop"].Products["a"]
	_, err = p.Source.Pin(t.Context())
	if err == nil || strings.Contains(err.Error(), "secret") || len(p.Source.Columns()) != 1 {
		t.Errorf("a port that cannot be opened pins with %v", err)
	}
}

// TestPortIsKept keeps a port, with its cache, while its contract is the same.
func TestPortIsKept(t *testing.T) {
	w := newWorld(t)
	w.write(t, twoDomains)
	opened := 0
	opts := w.options()
	opts.OpenPort = func(_ context.Context, p Port) (connectors.Source, error) {
		if opened++; opened == 1 {
			return nil, errors.New("not yet")
		}
		return port{p}, nil
	}
	c, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	w.catalog = c
	for i, change := range []string{
		"-- shop/policies/p.yaml --\n- {id: other, grant: select}",
		"-- shop/policies/p.yaml --\n- {id: third, grant: select}",
		strings.Replace(twoDomains, "1.0.0", "1.0.1", 1),
	} {
		w.write(t, change)
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []int{2, 2, 3}[i]; opened != want {
			t.Errorf("after change %d ports were opened %d times, want %d", i, opened, want)
		}
	}
}
