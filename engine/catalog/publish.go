package catalog

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/meshql/meshql/governance"
)

// refreshAll looks at sources at the same time; true if one of them changed.
func (c *Catalog) refreshAll(ctx context.Context, sources []*source) bool {
	changed := make([]bool, len(sources))
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() { changed[i] = c.refresh(ctx, s) })
	}
	wg.Wait()
	return slices.Contains(changed, true)
}

// publish makes a mesh of the current states and swaps it in.
func (c *Catalog) publish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	cfg := c.config
	m := &Mesh{
		Name: cfg.Mesh.Text, Version: c.version, Domains: make(map[string]*Domain, len(c.domains)),
		Identity: cfg.identity, Purposes: cfg.Purposes, Attributes: cfg.Attributes, Settings: cfg.server(),
	}
	in := governance.CompileInput{
		Version: c.version, Settings: cfg.settings(), Attributes: cfg.Attributes, Purposes: cfg.Purposes,
		Entities: cfg.entities(), HashKey: cfg.hashKey, Functions: c.opts.Functions, Fold: c.opts.Fold,
	}
	if c.health.state == Denied {
		m.Identity = &Identity{}
	}
	if cfg.Guild != nil {
		m.GuildRoles = cfg.Guild.Roles
		if g := c.guild; g.health.state == Denied || g.good == nil {
			in.GuildFailed = true
			m.GuildReason, m.GuildRef = g.health.reason, g.health.ref
		} else {
			in.Guild, m.GuildTests = g.good.policies, g.good.tests
		}
	}
	for name, s := range sorted(c.domains) {
		d, policies := c.domain(s)
		m.Domains[name] = d
		domain := governance.Domain{Name: name, Files: policies, Denied: d.State == Denied}
		seen := map[*governance.Relation]bool{}
		for _, p := range sorted(d.Products) {
			if !seen[p.Relation] {
				seen[p.Relation] = true
				domain.Relations = append(domain.Relations, p.Relation)
			}
		}
		in.Domains = append(in.Domains, domain)
	}
	policies, found := governance.Compile(in)
	m.Policies = policies
	c.advise(found)
	c.mesh.Store(m)
}

// domain is a source's state as the mesh shows it, with its policies.
func (c *Catalog) domain(s *source) (*Domain, []governance.File) {
	d := &Domain{Name: s.name, State: s.health.state, Reason: s.health.reason, Ref: s.health.ref}
	if c.health.state == Denied {
		d.State, d.Reason, d.Ref = Denied, "mesh.yaml cannot be read", c.health.ref
	}
	if s.good == nil {
		d.State = Denied
	}
	if s.good != nil {
		f := s.good.domain
		d.Description, d.Team, d.Contact, d.OwnerRoles = f.Description, f.Owner.Team, f.Owner.Contact, f.Owner.Roles
		d.Version, d.LoadedAt = s.good.version, s.good.loadedAt
	}
	if d.State == Denied {
		return d, nil
	}
	d.Products, d.Tests = maps.Clone(s.good.products), s.good.tests
	return d, s.good.policies
}

// advise logs what is wrong with the policies, once for each new finding.
func (c *Catalog) advise(found []governance.Diagnostic) {
	lines := make([]string, len(found))
	for i, d := range found {
		lines[i] = d.String()
	}
	if all := strings.Join(lines, "\n"); all != c.advice {
		c.advice = all
		for _, line := range lines {
			c.opts.Log.Warn("policies", "diagnostic", line)
		}
	}
}
