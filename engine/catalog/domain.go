package catalog

import (
	"errors"
	"path"

	"github.com/meshql/meshql/governance"
)

// ruleElsewhere is the rule that data lies where the mesh lets it.
const ruleElsewhere = "MQ315"

// domainFiles are a domain's descriptors, read and checked.
type domainFiles struct {
	*domainFile
	files     int // of contracts, readable or not
	contracts []*contract
	policies  []governance.File
	tests     []*governance.Test
}

// parseDomain reads the descriptors of the domain called name (any, if empty).
// If one of the diagnostics is an error the domain is not used.
func parseDomain(name string, d *descriptors) (*domainFiles, Diagnostics) {
	data, ok := d.files[domainFileName]
	if !ok {
		return nil, Diagnostics{{File: domainFileName, Rule: "MQ222", Message: "the domain has no domain.yaml"}}
	}
	f, found := readDomainFile(data, name)
	if f == nil {
		return nil, found
	}
	out := &domainFiles{domainFile: f}
	for file, data := range sorted(d.files) {
		if ok, _ := path.Match(f.Products.Text, file); ok {
			out.files++
			c, ds := readContract(data, file, f.Domain.Text)
			found = append(found, ds...)
			if c != nil {
				out.contracts = append(out.contracts, c)
			}
		} else if ok, _ := path.Match(f.Policies.Text, file); ok {
			out.policies = append(out.policies, governance.File{Name: file, Data: data})
		}
	}
	found = append(found, checkNames(out.contracts)...)
	tests, ds := readTests(out.policies)
	out.tests = tests
	return out, append(found, ds...)
}

// readTests reads the policy tests in files. Its diagnostics are those of files
// that cannot be read at all; compiling the policies gives the others.
func readTests(files []governance.File) ([]*governance.Test, Diagnostics) {
	var all []*governance.Test
	var found Diagnostics
	for _, f := range files {
		_, tests, ds, err := governance.ReadFile(f)
		if err != nil {
			found = append(found, ds...)
		}
		all = append(all, tests...)
	}
	return all, found
}

// checkPorts finds contracts whose data cannot be where they say, or may not be
// according to the mesh.
func (f *domainFiles) checkPorts(e *storageEntry, m *meshFile) Diagnostics {
	var found Diagnostics
	for _, c := range f.contracts {
		if c.server == nil {
			continue
		}
		for _, o := range c.objects {
			if _, err := c.server.locate(c, o, e, m); err != nil {
				d := &diagnoser{file: c.file}
				rule := "MQ313"
				if errors.Is(err, errElsewhere) {
					rule = ruleElsewhere
				}
				d.errorf(c.server.at, rule, "", "the location of the data cannot be used: %s", err)
				found = append(found, d.found...)
				break
			}
		}
	}
	return found
}
