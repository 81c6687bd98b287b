package governance

import (
	"errors"

	"github.com/meshql/meshql/governance/descriptor"
)

// File is a policy file as its owner published it.
type File struct {
	Name string // for diagnostics
	Data []byte
}

// Diagnostic is what authors are told about their files.
type Diagnostic = descriptor.Diagnostic

// ReadFile parses a policy file: a list of policies and tests, told apart by
// the key `id` or `test`. It checks forms, not names: those need the mesh, and
// [Compile] checks them.
//
// A policy that could not be read is returned with Broken set, so that what it
// could match can be denied; a file of which not even that is known is an error.
func ReadFile(f File) ([]*Policy, []*Test, []Diagnostic, error) {
	root, err := descriptor.Parse(f.Data, f.Name)
	if err == nil && root.Kind != descriptor.Sequence && root.Kind != descriptor.Null {
		err = descriptor.Diagnostics{{
			File: f.Name, Position: root.Position, Rule: "MQ005",
			Message: "a policy file is a list of policies and tests", Hint: "start each with `- id:` or `- test:`",
		}}
	}
	if err != nil {
		return nil, nil, diagnosticsOf(err), err
	}
	var policies []*Policy
	var tests []*Test
	var diagnostics []Diagnostic
	for _, item := range root.Items {
		if item.Get("test") != nil {
			t := &Test{File: f.Name}
			if err := item.Decode(f.Name, t); err != nil {
				diagnostics = append(diagnostics, diagnosticsOf(err)...)
				continue
			}
			tests = append(tests, t)
			continue
		}
		p := &Policy{File: f.Name}
		err := item.Decode(f.Name, p)
		if err == nil {
			err = p.check()
		}
		if err != nil {
			diagnostics = append(diagnostics, diagnosticsOf(err)...)
			p = broken(f.Name, item)
		}
		policies = append(policies, p)
	}
	return policies, tests, diagnostics, nil
}

// broken keeps of an unreadable policy what it matches, or, if that cannot be
// read either, a match of everything.
func broken(file string, item *descriptor.Node) *Policy {
	p := &Policy{File: file, Position: item.Position, Broken: true}
	if id, ok := item.Get("id").Scalar().(string); ok {
		p.ID = id
	}
	if m := item.Get("match"); m != nil && m.Decode(file, &p.Match) != nil {
		p.Match = nil
	}
	return p
}

func diagnosticsOf(err error) []Diagnostic {
	var ds descriptor.Diagnostics
	errors.As(err, &ds)
	return ds
}
