package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
)

// Validate checks the mesh or the single domain at path: a mesh.yaml, a
// domain.yaml, or the folder of one. A domain beside the mesh.yaml that lists it
// is checked with that mesh's attributes, purposes and guild policies. The error
// says that there was nothing to check.
func Validate(ctx context.Context, name string, opts Options) (*Report, error) {
	if opts.OpenStore == nil {
		opts.OpenStore = storeOpener(opts.Log)
	}
	name, err := filepath.Abs(strings.TrimPrefix(name, "file://"))
	if err != nil {
		return nil, fmt.Errorf("path: %w", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("nothing to validate: %w", err)
	}
	if info.IsDir() {
		if name, err = descriptorIn(name); err != nil {
			return nil, err
		}
	}
	v := &validation{opts: opts, report: &Report{Sources: map[string][]byte{}}}
	if filepath.Base(name) == domainFileName {
		err = v.domainFolder(ctx, filepath.Dir(name))
	} else {
		err = v.meshFile(ctx, name, "")
	}
	if err != nil {
		return nil, err
	}
	return v.done(), nil
}

// descriptorIn returns the mesh.yaml or else the domain.yaml of a folder.
func descriptorIn(dir string) (string, error) {
	for _, file := range []string{meshFileName, domainFileName} {
		name := filepath.Join(dir, file)
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("nothing to validate: the folder has neither %s nor %s", meshFileName, domainFileName)
}

type validation struct {
	opts   Options
	report *Report
	found  Diagnostics
}

func (v *validation) done() *Report {
	r := v.report
	v.found.Sort()
	r.Diagnostics = slices.Compact(v.found)
	for _, d := range r.Diagnostics {
		if d.Severity == descriptor.Warning {
			r.Warnings++
		} else {
			r.Errors++
		}
	}
	return r
}

// domainFolder checks one domain, with its mesh if that is the folder above.
func (v *validation) domainFolder(ctx context.Context, dir string) error {
	above := filepath.Join(filepath.Dir(dir), meshFileName)
	if data, err := readLimited(above); err == nil {
		if m, _ := readMeshFile(data, meshFileName, filepath.Dir(dir)); m != nil {
			for name, e := range sorted(m.Domains) {
				if s, err := m.storage(e); err == nil && s.URI == "file://"+filepath.ToSlash(dir) {
					return v.meshFile(ctx, above, name)
				}
			}
		}
	}
	store, err := Storage{URI: "file://" + filepath.ToSlash(dir)}.open(v.opts.Log)
	if err != nil {
		return fmt.Errorf("domain folder: %w", err)
	}
	d, err := readFolder(ctx, store, digest{})
	if err != nil {
		return fmt.Errorf("domain folder: %w", err)
	}
	entry := &storageEntry{}
	entry.URI.Text = "file://" + filepath.ToSlash(dir)
	files, found := checkDomain("", d, entry, &meshFile{dir: dir})
	v.found = append(v.found, found...)
	v.count(files, d, "")
	return nil
}

// meshFile checks a mesh, or of its domains only the one called only.
func (v *validation) meshFile(ctx context.Context, file, only string) error {
	if data, err := readLimited(file); err == nil {
		v.report.Sources[filepath.Base(file)] = data
	}
	cfg, found, err := readConfig(file)
	v.found = append(v.found, found...)
	if cfg == nil {
		if len(found) == 0 {
			return err
		}
		return nil
	}
	in := governance.CompileInput{
		Settings: cfg.settings(), Attributes: cfg.Attributes, Purposes: cfg.Purposes, Entities: cfg.entities(),
		HashKey: cfg.hashKey, Functions: v.opts.Functions, Fold: v.opts.Fold,
	}
	if cfg.Guild != nil {
		in.Guild = v.guild(ctx, cfg)
	}
	all := map[string]map[string]*Product{}
	for name, e := range sorted(cfg.Domains) {
		domain, products := v.domain(ctx, cfg, name, e)
		in.Domains = append(in.Domains, domain)
		all[name] = products
	}
	v.references(all)
	_, policies := governance.Compile(in)
	v.found = append(v.found, policies...)
	if only != "" {
		v.keep(cfg, only)
	}
	return nil
}

// guild reads the guild's policy files.
func (v *validation) guild(ctx context.Context, cfg *config) []governance.File {
	s := newSource("", &cfg.Guild.storage, cfg.meshFile)
	d, err := v.read(ctx, s)
	if err != nil {
		v.unreadable(cfg, s, err)
		return nil
	}
	prefix := v.prefix(cfg, s, "guild")
	var files []governance.File
	for name, data := range sorted(d.files) {
		files = append(files, governance.File{Name: prefix + name, Data: data})
		v.report.PolicyFiles++
		v.report.Sources[prefix+name] = data
		v.policySchema(data, prefix+name)
	}
	return files
}

// domain reads and checks one domain.
func (v *validation) domain(ctx context.Context, cfg *config, name string, e *storageEntry) (governance.Domain, map[string]*Product) {
	s := newSource(name, e, cfg.meshFile)
	out := governance.Domain{Name: name, Denied: true}
	d, err := v.read(ctx, s)
	if err != nil {
		v.unreadable(cfg, s, err)
		return out, nil
	}
	prefix := v.prefix(cfg, s, name)
	files, found := parseDomain(name, d)
	if files != nil {
		found = append(found, files.checkPorts(e, cfg.meshFile)...)
	}
	for i := range found {
		found[i].File = prefix + found[i].File
	}
	v.found = append(v.found, found...)
	v.count(files, d, prefix)
	if files == nil || found.Err() != nil {
		return out, nil
	}
	out.Denied = false
	for _, f := range files.policies {
		out.Files = append(out.Files, governance.File{Name: prefix + f.Name, Data: f.Data})
		v.policySchema(f.Data, prefix+f.Name)
	}
	products := productsOf(name, files.Owner.Roles, files.contracts, func(*contract, *object, []Column) connectors.Source { return nil })
	for _, p := range sorted(products) {
		if !slices.Contains(out.Relations, p.Relation) {
			out.Relations = append(out.Relations, p.Relation)
		}
	}
	return out, products
}

func (v *validation) read(ctx context.Context, s *source) (*descriptors, error) {
	store, err := v.opts.OpenStore(ctx, s.storage)
	if err != nil {
		return nil, err
	}
	s.store = store
	return s.read(ctx, digest{})
}

func (v *validation) unreadable(cfg *config, s *source, err error) {
	d := &diagnoser{file: cfg.name}
	d.errorf(s.entry.Position, "MQ223", "", "%s cannot be read: %s", s.title(), reasonOf(err))
	v.found = append(v.found, d.found...)
}

// prefix is what the source's files are called by: their folder beside
// mesh.yaml, else their domain.
func (v *validation) prefix(cfg *config, s *source, name string) string {
	if folder, ok := strings.CutPrefix(s.storage.URI, "file://"); ok {
		if rel, err := filepath.Rel(cfg.dir, filepath.FromSlash(folder)); err == nil && filepath.IsLocal(rel) && rel != "." {
			return filepath.ToSlash(rel) + "/"
		}
	}
	return name + "/"
}

func (v *validation) count(files *domainFiles, d *descriptors, prefix string) {
	v.report.Domains++
	if files != nil {
		v.report.Contracts += files.files
		v.report.PolicyFiles += len(files.policies)
	}
	for name, data := range d.files {
		v.report.Sources[prefix+name] = data
	}
}

// policySchema holds a policy file against its schema, unless reading it finds
// something already: that says it better.
func (v *validation) policySchema(data []byte, name string) {
	if _, _, found, err := governance.ReadFile(governance.File{Name: name, Data: data}); err != nil || len(found) > 0 {
		return
	}
	if root, err := descriptor.Parse(data, name); err == nil {
		v.found = append(v.found, checkSchema(root, name, "policies")...)
	}
}

// references warns of relationships that point at nothing.
func (v *validation) references(all map[string]map[string]*Product) {
	for domain, products := range sorted(all) {
		for _, p := range sorted(products) {
			if !p.Canonical {
				continue
			}
			for _, c := range p.Columns {
				for _, ref := range c.References {
					target, known := all[ref.Domain]
					if !known || target == nil || hasColumn(target, p, ref) {
						continue
					}
					v.found = append(v.found, descriptor.Diagnostic{
						Rule: "MQ314", Severity: descriptor.Warning,
						Message: fmt.Sprintf("column %q of %s.%s refers to %s.%s.%s, which does not exist", c.Name, domain, p.Name, ref.Domain, ref.Product, ref.Column),
					})
				}
			}
		}
	}
}

func hasColumn(target map[string]*Product, from *Product, ref Reference) bool {
	for _, name := range []string{ref.Product, from.Relation.Product + "$" + ref.Product} {
		if p := target[name]; p != nil && slices.ContainsFunc(p.Columns, func(c Column) bool { return strings.EqualFold(c.Name, ref.Column) }) {
			return true
		}
	}
	return false
}

// keep drops what is not about one domain.
func (v *validation) keep(cfg *config, domain string) {
	prefix := v.prefix(cfg, newSource(domain, cfg.Domains[domain], cfg.meshFile), domain)
	v.found = slices.DeleteFunc(v.found, func(d descriptor.Diagnostic) bool { return !strings.HasPrefix(d.File, prefix) })
	r := v.report
	r.Domains, r.Contracts, r.PolicyFiles = 1, 0, 0
	for name := range r.Sources {
		rest, ok := strings.CutPrefix(name, prefix)
		switch {
		case !ok:
			delete(r.Sources, name)
		case strings.HasPrefix(rest, "policies/"):
			r.PolicyFiles++
		case strings.HasPrefix(rest, "products/"):
			r.Contracts++
		}
	}
}

// checkDomain checks a domain by itself, without a mesh's names.
func checkDomain(name string, d *descriptors, e *storageEntry, m *meshFile) (*domainFiles, Diagnostics) {
	files, found := parseDomain(name, d)
	if files == nil {
		return nil, found
	}
	found = append(found, files.checkPorts(e, m)...)
	for _, f := range files.policies {
		_, _, ds, _ := governance.ReadFile(f)
		found = append(found, ds...)
	}
	found.Sort()
	return files, slices.Compact(found)
}

// checkPolicies checks the guild's files by themselves.
func checkPolicies(d *descriptors) Diagnostics {
	var found Diagnostics
	for name, data := range sorted(d.files) {
		_, _, ds, _ := governance.ReadFile(governance.File{Name: name, Data: data})
		found = append(found, ds...)
	}
	return found
}
