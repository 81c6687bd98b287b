package catalog

import (
	"slices"
	"strconv"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
)

// productsOf gives every relation of a domain's contracts its names:
//
//	orders            the highest active major, else the highest deprecated
//	orders@1          a major; the only name of a draft
//	orders$lines      a further schema object, of the same major as orders
//	orders@1$lines
//
// open makes the source of an object.
func productsOf(domain string, ownerRoles []string, contracts []*contract, open func(*contract, *object, []Column) connectors.Source) map[string]*Product {
	products := map[string]*Product{}
	current := currentMajors(contracts)
	for _, c := range contracts {
		if c.status != statusActive && c.status != statusDeprecated && c.status != statusDraft {
			continue
		}
		main := c.main()
		for _, o := range c.objects {
			p := product(domain, ownerRoles, c, o)
			p.Source = open(c, o, p.Columns)
			suffix := ""
			if o != main {
				p.Object, suffix = o.name, "$"+o.name
			}
			p.Name = c.product + "@" + strconv.Itoa(c.major) + suffix
			products[p.Name] = p
			if current[c.product] == c {
				plain := *p
				plain.Name, plain.Canonical = c.product+suffix, true
				products[plain.Name] = &plain
			}
		}
	}
	return products
}

// currentMajors returns the contract that each product's plain name means.
func currentMajors(contracts []*contract) map[string]*contract {
	current := map[string]*contract{}
	for _, c := range contracts {
		best := current[c.product]
		switch {
		case c.status != statusActive && c.status != statusDeprecated:
		case best == nil, c.status == statusActive && best.status == statusDeprecated,
			c.status == best.status && c.major > best.major:
			current[c.product] = c
		}
	}
	return current
}

// main is the object with the product's plain name: the one called like it,
// else the first.
func (c *contract) main() *object {
	if i := slices.IndexFunc(c.objects, func(o *object) bool { return o.name == c.product }); i >= 0 {
		return c.objects[i]
	}
	return c.objects[0]
}

// product describes one object; it has no name and no source yet.
func product(domain string, ownerRoles []string, c *contract, o *object) *Product {
	p := &Product{
		Domain: domain, Major: c.major, Version: c.version, Status: c.status, Title: c.title,
		Description: o.description, Purpose: c.purpose, Limitations: c.limitations, Usage: c.usage,
		Tags: slices.Concat(c.tags, o.tags), Columns: slices.Clone(o.columns), Strict: c.strict,
		Relation: &governance.Relation{
			Domain: domain, Product: c.product, Tags: slices.Concat(c.tags, o.tags), File: c.file, OwnerRoles: ownerRoles,
		},
	}
	if o.title != "" {
		p.Title = o.title
	}
	if p.Description == "" {
		p.Description = c.purpose
	}
	for i, col := range p.Columns {
		for j, r := range col.References {
			if r.Domain == "" {
				p.Columns[i].References = slices.Clone(p.Columns[i].References)
				p.Columns[i].References[j].Domain = domain
			}
		}
		p.Relation.Columns = append(p.Relation.Columns, governance.RelationColumn{
			Name: col.Name, Type: col.Type, Tags: col.Tags, Classification: col.Classification,
		})
	}
	return p
}

// checkNames finds contracts that would share a name and objects whose names
// cannot be resolved.
func checkNames(contracts []*contract) Diagnostics {
	var found Diagnostics
	seen := map[string]string{}
	for _, c := range contracts {
		d := &diagnoser{file: c.file}
		key := c.String()
		if other, ok := seen[key]; ok {
			d.errorf(descriptor.Position{Line: 1, Column: 1}, "MQ306", "", "major %d of product %q is described by %s too", c.major, c.product, other)
		}
		seen[key] = c.file
		for _, o := range c.objects {
			if o != c.main() && !domainName.MatchString(o.name) {
				d.errorf(o.at, "MQ306", nameHint, "schema object %q cannot be named in SQL: it would be %s$%s", o.name, c.product, o.name)
			}
		}
		found = append(found, d.found...)
	}
	return found
}

// plainColumns are a product's columns as a source has them.
func plainColumns(columns []Column) []connectors.Column {
	plain := make([]connectors.Column, len(columns))
	for i, c := range columns {
		plain[i] = c.Column
	}
	return plain
}
