package catalog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/governance"
)

// source is where one domain, or the guild, publishes its descriptors, and what
// was last good there.
type source struct {
	name    string // empty: the guild
	entry   *storageEntry
	mesh    *meshFile
	storage Storage
	place   string // equal for entries that mean the same

	ctx    context.Context // ends when the source leaves the mesh
	cancel context.CancelFunc

	busy  sync.Mutex // one look at a time; guards what follows
	store objstore.Store
	root  os.FileInfo                // file://: the folder that store has opened
	ports map[Storage]objstore.Store // of locations beyond the URI
	index indexCursor
	bad   refused

	// Guarded by Catalog.mu.
	health health
	good   *published
}

// refused is a state of a source that cannot be used, and why: it is not read
// again until it changes.
type refused struct {
	digest digest
	err    error
}

// published is a good state of a source. It is immutable.
type published struct {
	digest   digest
	version  uint64
	loadedAt time.Time
	domain   *domainFiles // nil: the guild
	products map[string]*Product
	ports    map[portKey]connectors.Source
	policies []governance.File
	tests    []*governance.Test
}

// portKey identifies an output port by its contract: while that is the same the
// port is kept, with what it knows of its files.
type portKey struct {
	contract digest
	file     string
	object   string
}

// port returns the port that p has under key, if it could be opened.
func (p *published) port(key portKey) (connectors.Source, bool) {
	if p == nil {
		return nil, false
	}
	port, ok := p.ports[key]
	_, failed := port.(*absent)
	return port, ok && !failed
}

func newSource(name string, e *storageEntry, m *meshFile) *source {
	s := &source{name: name, entry: e, mesh: m, ports: map[Storage]objstore.Store{}}
	s.storage, _ = m.storage(e) // checked when mesh.yaml was read
	locations := make([]string, len(e.Locations))
	for i, l := range e.Locations {
		locations[i], _ = m.resolve(l.Text)
	}
	s.place = fmt.Sprintf("%+v %q", s.storage, locations)
	s.health.reason = "it is not loaded yet"
	return s
}

// title names the source in logs.
func (s *source) title() string {
	if s.name == "" {
		return "guild"
	}
	return s.name
}

// health is how reading something went lately.
type health struct {
	verified    time.Time // start of the last look that found all well
	reason, ref string    // of what has failed since; empty: nothing
	detail      string    // the failure in full, for the log
	state       State     // as it was last told
}

// ok notes a look without failure; true if the state changed.
func (h *health) ok(started time.Time) bool {
	was := h.state
	*h = health{verified: started}
	return was != Ready
}

// fail notes a failure, logs it if it is new, and reports whether state, reason
// or reference changed.
func (h *health) fail(opts Options, what, reason string, err error, hasGood bool) bool {
	was := *h
	if detail := err.Error(); detail != h.detail {
		h.reason, h.detail, h.ref = reason, detail, NewRef()
		opts.Log.Error("cannot load", "what", what, "reason", reason, "ref", h.ref, "error", detail)
	}
	h.state = Denied
	if hasGood && opts.Now().Sub(h.verified) < maxAge {
		h.state = Stale
	}
	if h.state == Denied && was.state == Stale {
		opts.Log.Error("denied: what was good is too old", "what", what, "ref", h.ref)
	}
	return was.state != h.state || was.ref != h.ref
}

// NewRef makes a reference that joins what a user is told with an entry of the
// operator's log.
func NewRef() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// refresh looks at the source once and reports whether the mesh must be
// published anew.
func (c *Catalog) refresh(ctx context.Context, s *source) bool {
	s.busy.Lock()
	defer s.busy.Unlock()
	c.mu.Lock()
	good, age := s.good, c.opts.Now().Sub(s.health.verified)
	c.mu.Unlock()

	timeout := readTimeout
	if good != nil && age < maxAge {
		timeout = min(timeout, maxAge-age) // so that it is denied in time
	}
	looking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	started := c.opts.Now()
	next, err := c.look(looking, s, good)

	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ctx.Err() != nil || err != nil && ctx.Err() != nil {
		return false // it left the mesh, or the caller gave up: that says nothing of it
	}
	if err != nil {
		return s.health.fail(c.opts, s.title(), reasonOf(err), err, good != nil)
	}
	recovered := s.health.ok(started)
	s.good = next
	return recovered || next != good
}

// look reads what the source publishes: good itself if that is still it.
func (c *Catalog) look(ctx context.Context, s *source, good *published) (*published, error) {
	fresh, err := c.open(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	var known digest
	if good != nil {
		known = good.digest
	}
	read, err := s.read(ctx, known)
	if err != nil {
		return nil, err
	}
	if good != nil && !fresh && read.digest == good.digest {
		return good, nil
	}
	if s.bad.err != nil && !fresh && read.digest == s.bad.digest {
		return nil, s.bad.err
	}
	next, err := c.load(ctx, s, read, good, fresh)
	if err != nil {
		s.bad = refused{read.digest, err}
		return nil, err
	}
	s.bad = refused{}
	return next, nil
}

// load checks what was read and opens its ports, those of good where their
// contract is the same and the storage is not fresh.
func (c *Catalog) load(ctx context.Context, s *source, read *descriptors, good *published, fresh bool) (*published, error) {
	next := &published{digest: read.digest, version: read.version, loadedAt: c.opts.Now()}
	if s.name == "" {
		for file, data := range sorted(read.files) {
			next.policies = append(next.policies, governance.File{Name: file, Data: data})
		}
		tests, found := readTests(next.policies)
		if err := found.Err(); err != nil {
			return nil, err
		}
		next.tests = tests
		return next, nil
	}
	domain, found := parseDomain(s.name, read)
	if domain != nil {
		found = append(found, domain.checkPorts(s.entry, s.mesh)...)
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	for _, d := range found {
		c.opts.Log.Warn("domain", "domain", s.name, "diagnostic", d.String())
	}
	next.domain, next.policies, next.tests = domain, domain.policies, domain.tests
	next.ports = map[portKey]connectors.Source{}
	next.products = productsOf(s.name, domain.Owner.Roles, domain.contracts, func(ct *contract, o *object, columns []Column) connectors.Source {
		key := portKey{ct.digest, ct.file, o.name}
		port, kept := good.port(key)
		if fresh || !kept {
			port = c.port(ctx, s, ct, o, columns)
		}
		next.ports[key] = port
		return port
	})
	return next, nil
}

// open opens the source's storage. A folder that another has replaced, by name or
// by a link, is opened anew; true if so, since ports then read elsewhere too.
func (c *Catalog) open(ctx context.Context, s *source) (bool, error) {
	var root os.FileInfo
	if folder, ok := strings.CutPrefix(s.storage.URI, "file://"); ok {
		var err error
		if root, err = os.Stat(filepath.FromSlash(folder)); err != nil {
			return false, fmt.Errorf("%w: %w", objstore.ErrNotFound, err)
		}
	}
	if s.store != nil && (root == nil || os.SameFile(root, s.root)) {
		return false, nil
	}
	store, err := c.opts.OpenStore(ctx, s.storage)
	if err != nil {
		return false, err
	}
	s.store, s.root = store, root
	clear(s.ports)
	return true, nil
}

// read reads the source's descriptors; known is the digest of those in force.
func (s *source) read(ctx context.Context, known digest) (*descriptors, error) {
	switch {
	case !s.storage.IsFile():
		return s.index.look(ctx, s.store)
	case s.name == "":
		return readFolder(ctx, s.store, known, guildGlob)
	}
	return readFolder(ctx, s.store, known)
}

// guildGlob is which files of its folder are the guild's.
const guildGlob = "*.yaml"

// port opens the output port of an object. One that cannot be opened leaves the
// product in place, and fails the queries on it.
func (c *Catalog) port(ctx context.Context, s *source, ct *contract, o *object, columns []Column) connectors.Source {
	source, err := c.openPort(ctx, s, ct, o, columns)
	if err != nil {
		ref := NewRef()
		c.opts.Log.Error("cannot open port", "domain", s.name, "product", ct.String(), "ref", ref, "error", err)
		return &absent{
			domain: s.name, product: ct.product, reason: "its data cannot be opened", ref: ref, columns: plainColumns(columns),
		}
	}
	return source
}

func (c *Catalog) openPort(ctx context.Context, s *source, ct *contract, o *object, columns []Column) (connectors.Source, error) {
	place, err := ct.server.locate(ct, o, s.entry, s.mesh)
	if err != nil {
		return nil, err
	}
	store := s.store
	if place.storage != s.storage {
		if store = s.ports[place.storage]; store == nil {
			if store, err = c.opts.OpenStore(ctx, place.storage); err != nil {
				return nil, fmt.Errorf("open storage: %w", err)
			}
			s.ports[place.storage] = store
		}
	}
	return c.opts.OpenPort(ctx, Port{
		Domain: s.name, Product: strings.TrimPrefix(ct.product+"$"+o.name, "$"), Store: store, Key: place.key,
		Columns: columns,
	})
}
