package catalog

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// Port is an output port to open: where the files of one relation are and what
// its contract says of their columns.
type Port struct {
	Domain, Product string
	Store           objstore.Store
	Key             string // under the store's root: a prefix, a glob or an object
	Columns         []Column
}

// place is where a port's files are.
type place struct {
	storage Storage // whose URI the key is under
	key     string
}

// errElsewhere says that the mesh does not let the domain read there.
var errElsewhere = errors.New("not in this mesh")

// locate finds where the objects of a contract are read from.
func (s *server) locate(c *contract, o *object, e *storageEntry, m *meshFile) (place, error) {
	home, err := m.storage(e)
	if err != nil {
		return place{}, err
	}
	location := s.location
	if strings.Contains(location, "{model}") {
		name := o.physical
		if name == "" {
			name = o.name
		}
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\*?[") {
			return place{}, fmt.Errorf("the name of the schema object cannot be a part of a path")
		}
		location = strings.ReplaceAll(location, "{model}", name)
	} else if len(c.objects) > 1 {
		return place{}, fmt.Errorf("with several schema objects it must contain {model}")
	}
	if s.kind == "local" {
		if path.IsAbs(location) || strings.ContainsAny(location, "\\\x00") {
			return place{}, fmt.Errorf("it must be relative to the contract")
		}
		key := path.Join(path.Dir(c.file), location)
		if key == ".." || strings.HasPrefix(key, "../") || key == "." {
			return place{}, fmt.Errorf("it leaves the domain's folder")
		}
		return place{home, key}, nil
	}
	if s.endpoint != "" && strings.TrimSuffix(s.endpoint, "/") != strings.TrimSuffix(e.Endpoint, "/") {
		return place{}, fmt.Errorf("%w: its endpointUrl is not the one in mesh.yaml", errElsewhere)
	}
	uri, err := m.resolveData(location)
	if err != nil {
		return place{}, err
	}
	allowed := []string{home.URI}
	for _, l := range e.Locations {
		if u, err := m.resolve(l.Text); err == nil {
			allowed = append(allowed, u)
		}
	}
	for _, root := range allowed {
		if key, ok := strings.CutPrefix(uri, root+"/"); ok && key != "" {
			home.URI = root
			return place{home, key}, nil
		}
	}
	return place{}, fmt.Errorf("%w: it is outside the domain's URI, and mesh.yaml does not list it", errElsewhere)
}

// resolveData resolves the location of a server of type s3.
func (m *meshFile) resolveData(location string) (string, error) {
	if !strings.HasPrefix(location, "s3://") {
		return "", fmt.Errorf("it must start with s3://")
	}
	return m.resolve(location)
}

// absent is the source of a product whose port could not be opened: it exists
// for those who may see it, and a query on it says that its data is not there.
type absent struct {
	domain, product, reason, ref string
	columns                      []connectors.Column
}

// Columns implements connectors.Source.
func (a *absent) Columns() []connectors.Column { return a.columns }

// Pin implements connectors.Source: it always fails.
func (a *absent) Pin(context.Context) (connectors.Snapshot, error) {
	return nil, mysqlerr.StorageUnavailable(a.domain, a.product, a.reason, a.ref)
}
