package engine

import (
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqltype"
)

// A systemTable is a relation that the engine itself serves. Its rows are made
// for one principal, from a view that holds only what that principal may see,
// so nothing else can reach them.
type systemTable struct {
	domain, name string
	columns      []connectors.Column
	rows         func(*view) [][]any
}

// view is a mesh as one principal may see it now.
type view struct {
	session  *Session
	mesh     *catalog.Mesh
	products []visibleProduct // readable, by domain and name
	domains  []*catalog.Domain
}

type visibleProduct struct {
	*catalog.Product
	decision *governance.Decision
}

// columns returns the product's columns that exist for the principal.
func (p *visibleProduct) visibleColumns() []int {
	var out []int
	for i := range p.Columns {
		if p.decision.Columns[i].Visible {
			out = append(out, i)
		}
	}
	return out
}

// newView decides on every product of the mesh.
func newView(s *Session, mesh *catalog.Mesh) *view {
	v := &view{session: s, mesh: mesh}
	now := s.engine.now()
	for _, name := range sortedKeys(mesh.Domains) {
		d := mesh.Domains[name]
		if d.State == catalog.Denied {
			continue
		}
		seen := false
		for _, pname := range sortedKeys(d.Products) {
			p := d.Products[pname]
			if !p.Canonical {
				continue
			}
			dec := mesh.Policies.Decide(s.principal, p.Relation, now)
			if dec.Access == governance.Select {
				v.products = append(v.products, visibleProduct{p, dec})
				seen = true
			}
		}
		if seen {
			v.domains = append(v.domains, d)
		}
	}
	return v
}

// product finds a readable product by its listed name.
func (v *view) product(domain, name string) (*visibleProduct, bool) {
	for i := range v.products {
		if p := &v.products[i]; p.Domain == domain && p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// hasDomain reports whether the principal sees anything of a domain, named in
// lower case.
func (v *view) hasDomain(name string) bool {
	for _, d := range v.domains {
		if d.Name == name {
			return true
		}
	}
	return isSystemDomain(name)
}

// systemSource returns a system table's rows for this session, or false.
func (s *Session) systemSource(mesh *catalog.Mesh, domain, name string) (connectors.Source, bool) {
	t, ok := s.engine.system[strings.ToLower(domain)+"."+strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	src, err := connectors.NewMemory(t.columns, t.rows(newView(s, mesh)))
	if err != nil {
		s.engine.log.Error("system table", "table", t.domain+"."+t.name, "error", err)
		return nil, false
	}
	return src, true
}

// The domains of the system tables.
const (
	informationSchema = "information_schema"
	meshSchema        = "mesh"
)

func isSystemDomain(name string) bool {
	return strings.EqualFold(name, informationSchema) || strings.EqualFold(name, meshSchema)
}

// systemTables returns all of them by domain.name.
func systemTables() map[string]*systemTable {
	m := make(map[string]*systemTable)
	for _, t := range append(informationSchemaTables(), meshTables()...) {
		m[t.domain+"."+strings.ToLower(t.name)] = t
	}
	return m
}

// Column constructors for the tables' schemas.

func text(name string, length uint32) connectors.Column {
	return connectors.Column{Name: name, Type: mysqltype.Type{ID: mysqltype.VarChar, Length: length}}
}

func longText(name string) connectors.Column {
	return connectors.Column{Name: name, Type: mysqltype.Type{ID: mysqltype.Text}}
}

func bigint(name string) connectors.Column {
	return connectors.Column{Name: name, Type: mysqltype.Type{ID: mysqltype.BigInt}}
}

func datetime(name string) connectors.Column {
	return connectors.Column{Name: name, Type: mysqltype.Type{ID: mysqltype.DateTime}}
}
