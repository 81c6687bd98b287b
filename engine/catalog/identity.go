package catalog

import (
	"maps"
	"slices"

	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Identity is who may log in, as identity.yaml says. It is immutable.
type Identity struct{ users map[string]*user }

type user struct {
	verifier  Verifier
	principal governance.Principal
}

// Principal returns a copy of the user's principal with the default purpose in
// force; false if there is no such user. Names are compared exactly.
func (id *Identity) Principal(name string) (*governance.Principal, bool) {
	u, ok := id.users[name]
	if !ok {
		return nil, false
	}
	p := u.principal
	p.Roles, p.Purposes, p.Attributes = slices.Clone(p.Roles), slices.Clone(p.Purposes), maps.Clone(p.Attributes)
	for name, value := range p.Attributes {
		if list, ok := value.([]string); ok {
			p.Attributes[name] = slices.Clone(list)
		}
	}
	return &p, true
}

// Verifier returns what a password of the user is checked with; false if there
// is no such user or it has no password, and so no login over the wire.
func (id *Identity) Verifier(name string) (Verifier, bool) {
	u, ok := id.users[name]
	if !ok || u.verifier.kind == noVerifier {
		return Verifier{}, false
	}
	return u.verifier, true
}

// identityFile is identity.yaml.
type identityFile struct {
	Users map[string]*userEntry `yaml:"users,required"`
}

type userEntry struct {
	descriptor.Position
	Password       descriptor.Text             `yaml:"password"`
	Roles          []string                    `yaml:"roles"`
	Attributes     map[string]*descriptor.Node `yaml:"attributes"`
	Purposes       []descriptor.Text           `yaml:"purposes"`
	DefaultPurpose descriptor.Text             `yaml:"default_purpose"`
}

// readIdentity reads identity.yaml as the mesh types attributes and lists
// purposes. An attribute of another type is absent, with a warning.
func readIdentity(data []byte, name string, m *meshFile) (*Identity, Diagnostics) {
	var f identityFile
	root, ds := read(data, name, &f)
	if root == nil {
		return nil, ds
	}
	d := &diagnoser{file: name}
	id := &Identity{users: make(map[string]*user, len(f.Users))}
	for userName, entry := range sorted(f.Users) {
		if entry == nil {
			entry = &userEntry{}
		}
		u := &user{principal: governance.Principal{
			User: userName, Roles: entry.Roles, Attributes: map[string]any{},
		}}
		if userName == "" || len(userName) > 255 {
			d.errorf(entry.Position, "MQ211", "", "a user needs a name of at most 255 bytes")
		}
		if entry.Password.Text != "" {
			var err error
			if u.verifier, err = ParseVerifier(entry.Password.Text); err != nil {
				d.errorf(entry.Password.Position, "MQ212", "make one with `meshql user password`", "the password of user %q is no verifier", userName)
			}
		}
		for _, p := range entry.Purposes {
			if !slices.Contains(m.Purposes, p.Text) {
				d.errorf(p.Position, "MQ213", descriptor.DidYouMean(p.Text, m.Purposes), "mesh.yaml lists no purpose %q", p.Text)
			}
			u.principal.Purposes = append(u.principal.Purposes, p.Text)
		}
		switch p := entry.DefaultPurpose; {
		case p.Text == "" && len(entry.Purposes) == 1:
			u.principal.Purpose = entry.Purposes[0].Text
		case p.Text != "" && !slices.Contains(u.principal.Purposes, p.Text):
			d.errorf(p.Position, "MQ213", "list it under purposes too", "user %q does not hold its default purpose", userName)
		default:
			u.principal.Purpose = p.Text
		}
		for attribute, node := range sorted(entry.Attributes) {
			declared, ok := m.Attributes[attribute]
			if !ok {
				d.warnf(node.Position, "MQ214", descriptor.DidYouMean(attribute, slices.Sorted(maps.Keys(m.Attributes))),
					"mesh.yaml declares no attribute %q; user %q is without it", attribute, userName)
				continue
			}
			if value, ok := attributeValue(node, declared); ok {
				u.principal.Attributes[attribute] = value
			} else {
				d.warnf(node.Position, "MQ214", "", "attribute %q of user %q is not of the type that mesh.yaml declares; it is absent", attribute, userName)
			}
		}
		id.users[userName] = u
	}
	return id, d.finish(root, "identity")
}

// attributeValue converts what the file holds to a declared type.
func attributeValue(n *descriptor.Node, t governance.Attribute) (any, bool) {
	if t.List {
		if n.Kind != descriptor.Sequence {
			return nil, false
		}
		list := make([]string, len(n.Items))
		for i, item := range n.Items {
			text, ok := item.Value.(string)
			if !ok {
				return nil, false
			}
			list[i] = text
		}
		return list, true
	}
	switch value := n.Scalar().(type) {
	case string:
		return value, t.Type.ID == mysqltype.VarChar
	case bool:
		return value, t.Type.ID == mysqltype.Bool
	case int64:
		if t.Type.ID == mysqltype.Double {
			return float64(value), true
		}
		return value, t.Type.ID == mysqltype.BigInt
	case float64:
		return value, t.Type.ID == mysqltype.Double
	}
	return nil, false
}
