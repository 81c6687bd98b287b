package catalog

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
)

// config is what mesh.yaml and identity.yaml say.
type config struct {
	*meshFile
	identity *Identity
	hashKey  func(name string) []byte // nil without a key
	digest   digest
}

const meshFileName = "mesh.yaml"

// meshPath returns the absolute path of mesh.yaml.
func meshPath(uri string) (string, error) {
	name, isFile := strings.CutPrefix(uri, "file://")
	if !isFile && strings.Contains(uri, "://") {
		return "", fmt.Errorf("mesh.yaml must be a file of this machine; the domains may be anywhere")
	}
	name, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("path of mesh.yaml: %w", err)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, meshFileName)
	}
	return name, nil
}

// readConfig reads mesh.yaml and the identity file that it names.
func readConfig(file string) (*config, Diagnostics, error) {
	data, err := readStable(file)
	if err != nil {
		return nil, nil, fmt.Errorf("mesh.yaml: %w", err)
	}
	m, found := readMeshFile(data, filepath.Base(file), filepath.Dir(file))
	if found.Err() != nil {
		return nil, found, found
	}
	name := m.Identity.File.Text
	if !filepath.IsAbs(name) {
		name = filepath.Join(m.dir, name)
	}
	users, err := readStable(name)
	if err != nil {
		d := &diagnoser{file: m.name}
		d.errorf(m.Identity.File.Position, "MQ206", "", "the identity file cannot be read")
		return nil, append(found, d.found...), fmt.Errorf("%w (%w)", d.found, err)
	}
	identity, ds := readIdentity(users, filepath.Base(name), m)
	found = append(found, ds...)
	if ds.Err() != nil {
		return nil, found, ds
	}
	c := &config{meshFile: m, identity: identity}
	if ref := envReference.FindStringSubmatch(m.HashKey.Text); ref != nil {
		c.hashKey = hashKey(os.Getenv(ref[1]))
		if c.hashKey == nil {
			d := &diagnoser{file: m.name}
			d.warnf(m.HashKey.Position, "MQ207", "set the variable to 16 or more random characters", "there is no hash key; hash-masked columns are NULL")
			found = append(found, d.found...)
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%x %x %t", sha256.Sum256(data), sha256.Sum256(users), c.hashKey != nil)
	h.Sum(c.digest[:0])
	return c, found, nil
}

// minHashKey is how many bytes a hash key needs.
const minHashKey = 16

// hashKey derives the keys of hash masks from the mesh's secret; nil if it is
// too short to be one.
func hashKey(secret string) func(name string) []byte {
	if len(secret) < minHashKey {
		return nil
	}
	return func(name string) []byte {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte("meshql hash mask\n" + name))
		return h.Sum(nil)
	}
}

// readStable reads a file until two readings in a row are equal.
func readStable(name string) ([]byte, error) {
	var before []byte
	for i := range 6 {
		now, err := readLimited(name)
		if err != nil {
			return nil, err
		}
		if i > 0 && bytes.Equal(before, now) {
			return now, nil
		}
		before = now
	}
	return nil, errUnstable
}

// readLimited reads a file up to a byte more than a descriptor may have.
func readLimited(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, descriptor.MaxSize+1))
}

// reloadConfig reads mesh.yaml, and opens and loads the domains that are new in
// it or have moved. It publishes the mesh and returns the sources it loaded.
func (c *Catalog) reloadConfig(ctx context.Context) ([]*source, error) {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	if err := c.ctx.Err(); err != nil {
		return nil, fmt.Errorf("the catalog is closed: %w", err)
	}
	started := c.opts.Now()
	next, found, err := readConfig(c.file)
	c.mu.Lock()
	current := c.config
	if err != nil {
		changed := c.health.fail(c.opts, "mesh", reasonOf(err), err, current != nil)
		c.mu.Unlock()
		if current != nil && changed {
			c.publish()
		}
		return nil, err
	}
	recovered := c.health.ok(started)
	if current != nil && current.digest == next.digest {
		c.mu.Unlock()
		if recovered {
			c.publish()
		}
		return nil, nil
	}
	c.mu.Unlock()
	for _, d := range found {
		c.opts.Log.Warn("mesh", "diagnostic", d.String())
	}
	added := c.adopt(next)
	c.refreshAll(ctx, added)
	c.publish()
	if c.opts.Poll > 0 {
		for _, s := range added {
			c.every(s.ctx, func() {
				if c.refresh(s.ctx, s) {
					c.publish()
				}
			})
		}
	}
	return added, nil
}

// adopt makes next the configuration, keeps the sources that are where they
// were, ends those that are not, and returns new ones, which are not loaded.
func (c *Catalog) adopt(next *config) []*source {
	c.mu.Lock()
	defer c.mu.Unlock()
	var added []*source
	keep := func(old *source, name string, e *storageEntry) *source {
		s := newSource(name, e, next.meshFile)
		if old != nil && old.place == s.place {
			return old
		}
		if old != nil {
			old.cancel()
		}
		s.ctx, s.cancel = context.WithCancel(c.ctx)
		added = append(added, s)
		return s
	}
	domains := make(map[string]*source, len(next.Domains))
	for name, entry := range sorted(next.Domains) {
		domains[name] = keep(c.domains[name], name, entry)
	}
	for name, old := range c.domains {
		if domains[name] == nil {
			old.cancel()
		}
	}
	switch {
	case next.Guild != nil:
		c.guild = keep(c.guild, "", &next.Guild.storage)
	case c.guild != nil:
		c.guild.cancel()
		c.guild = nil
	}
	c.config, c.domains = next, domains
	return added
}

// settings are the guild's settings.
func (c *config) settings() governance.Settings {
	if c.Guild == nil {
		return governance.Settings{}
	}
	return c.Guild.Settings
}

// entities are the names of the guild's entities.
func (c *config) entities() []string {
	var names []string
	for name := range sorted(c.Entities) {
		names = append(names, name)
	}
	return slices.Clip(names)
}

// server is the mesh's settings for the server. Paths are absolute.
func (c *config) server() Settings {
	absolute := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(c.dir, name)
	}
	s := c.Server
	return Settings{
		Listen: s.Listen, TLSCert: absolute(s.TLS.Cert), TLSKey: absolute(s.TLS.Key), RequireTLS: s.TLS.Required,
		QueryMemory: int64(s.Limits.QueryMemory), QueryTimeout: time.Duration(s.Limits.QueryTimeout),
	}
}
