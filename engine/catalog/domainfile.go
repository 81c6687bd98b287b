package catalog

import (
	"path"
	"slices"
	"strings"

	"github.com/meshql/meshql/governance/descriptor"
)

// domainFileName is where a domain's descriptor is, under its URI.
const domainFileName = "domain.yaml"

// domainFile is domain.yaml.
type domainFile struct {
	descriptor.Position
	Domain      descriptor.Text `yaml:"domain,required"`
	Owner       ownerEntry      `yaml:"owner"`
	Description string          `yaml:"description"`
	Products    descriptor.Text `yaml:"products"`
	Policies    descriptor.Text `yaml:"policies"`
}

type ownerEntry struct {
	Team    string   `yaml:"team"`
	Contact string   `yaml:"contact"`
	Roles   []string `yaml:"roles"`
}

// readDomainFile reads the domain.yaml of the domain that mesh.yaml calls name
// (any, if empty); nil if it cannot be used.
func readDomainFile(data []byte, name string) (*domainFile, Diagnostics) {
	f := &domainFile{}
	root, ds := read(data, domainFileName, f)
	if root == nil {
		return nil, ds
	}
	d := &diagnoser{file: domainFileName}
	switch {
	case !domainName.MatchString(f.Domain.Text):
		d.errorf(f.Domain.Position, "MQ201", nameHint, "%q is no name for a domain", f.Domain.Text)
	case slices.Contains(reservedDomains, f.Domain.Text):
		d.errorf(f.Domain.Position, "MQ201", "", "the name %q is MySQL's or meshql's own", f.Domain.Text)
	case name != "" && f.Domain.Text != name:
		d.errorf(f.Domain.Position, "MQ220", "make them agree", "this is domain %q, but the mesh calls it %q", f.Domain.Text, name)
	}
	if f.Products.Text == "" {
		f.Products.Text = "products/*/v*/contract.odcs.yaml"
	}
	if f.Policies.Text == "" {
		f.Policies.Text = "policies/*.yaml"
	}
	for _, glob := range []descriptor.Text{f.Products, f.Policies} {
		if _, err := cleanKey(glob.Text); err != nil {
			d.errorf(glob.Position, "MQ221", "write a relative path with * in it", "this glob leaves the domain's folder")
		} else if _, err := path.Match(glob.Text, ""); err != nil {
			d.errorf(glob.Position, "MQ221", "", "this is no glob")
		}
	}
	if !strings.HasSuffix(f.Products.Text, ".yaml") || !strings.HasSuffix(f.Policies.Text, ".yaml") {
		d.errorf(f.Position, "MQ221", "", "products and policies must be globs that end in .yaml")
	}
	if found := d.finish(root, "domain"); found.Err() != nil {
		return nil, found
	}
	return f, d.found
}
