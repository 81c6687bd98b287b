package bind

import (
	"errors"
	"slices"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// relation is what a table name stands for.
type relation struct {
	node    plan.Node
	columns []plan.Column // that the principal may name; Domain and Product filled
	domain  string
	name    string // as it was written, in lower case
}

// resolveTable is the one place that turns a name into a relation. A product is
// Governed over its masks over its row filter over its scan; one that the
// principal may not read gives the error of one that is not there, and a domain
// none of whose products the principal may read gives that of a domain that is
// not there.
func (b *binder) resolveTable(domain, name string) (*relation, error) {
	if domain == "" {
		domain = b.env.Domain
	}
	if domain == "" {
		return nil, mysqlerr.NoDomainSelected()
	}
	folded, table := strings.ToLower(domain), strings.ToLower(name)
	if b.env.System != nil {
		if src, ok := b.env.System(folded, table); ok {
			return b.systemTable(folded, table, src), nil
		}
	}
	switch folded {
	case "information_schema", "mesh":
		return nil, mysqlerr.UnknownProduct(domain, name)
	}
	d := ready(b.env, folded)
	if d == nil {
		return nil, mysqlerr.UnknownDomain(domain)
	}
	p, ok := d.Products[table]
	if ok {
		if decision := b.decide(p); decision.Access == governance.Select {
			rel, err := b.governed(p, decision)
			if err != nil {
				return nil, err
			}
			rel.name = table
			return rel, nil
		}
	}
	if !domainVisible(b.env, folded) {
		return nil, mysqlerr.UnknownDomain(domain)
	}
	return nil, mysqlerr.UnknownProduct(domain, name)
}

// domainVisible reports whether a domain exists for the principal: it is served,
// and the principal may read at least one of its products.
func domainVisible(env *Env, domain string) bool {
	d := ready(env, strings.ToLower(domain))
	if d == nil {
		return false
	}
	for _, p := range d.Products {
		if decide(env, p).Access == governance.Select {
			return true
		}
	}
	return false
}

func ready(env *Env, domain string) *catalog.Domain {
	d := env.Mesh.Domains[domain]
	if d == nil || d.State != catalog.Ready && d.State != catalog.Stale {
		return nil
	}
	return d
}

func decide(env *Env, p *catalog.Product) *governance.Decision {
	ask := env.Decide
	if ask == nil {
		ask = env.Mesh.Policies.Decide
	}
	return ask(env.Principal, p.Relation, env.Now)
}

// decide asks once a statement, so that all uses of a product agree.
func (b *binder) decide(p *catalog.Product) *governance.Decision {
	d, ok := b.decisions[p]
	if !ok {
		d = decide(b.env, p)
		b.decisions[p] = d
	}
	return d
}

func (b *binder) systemTable(domain, name string, src connectors.Source) *relation {
	scan := &plan.Scan{Name: domain + "." + name, Source: src}
	for i, c := range src.Columns() {
		b.last++
		scan.Ordinals = append(scan.Ordinals, i)
		scan.Cols = append(scan.Cols, plan.Column{ID: b.last, Name: c.Name, Type: c.Type, Domain: domain, Product: name})
	}
	return &relation{node: scan, columns: scan.Cols, domain: domain, name: name}
}

// errDecision is a decision that does not fit its relation. Nothing is read.
var errDecision = errors.New("a policy decision does not fit its relation")

// governed builds the governed relation of a product.
func (b *binder) governed(p *catalog.Product, d *governance.Decision) (*relation, error) {
	if len(d.Columns) != len(p.Columns) {
		return nil, mysqlerr.Internal(errDecision)
	}
	b.noteRelation(p, d)
	s := &scanBuilder{b: b, product: p, refs: make([]*plan.ColumnRef, len(p.Columns))}
	s.scan = &plan.Scan{Name: p.Domain + "." + p.Name, Source: p.Source}
	masks := &plan.Project{}
	g := &plan.Governed{
		Domain: p.Domain, Product: p.Name, Owned: d.Owner, Strict: p.Strict,
		Policies: slices.Clone(d.Policies), RowFilter: d.Rows != nil,
	}
	rel := &relation{node: g, domain: p.Domain}
	add := func(e plan.Expr, name string) plan.Column {
		c := b.newColumn(name, e)
		c.Domain, c.Product = p.Domain, p.Name
		masks.Exprs, masks.Cols = append(masks.Exprs, e), append(masks.Cols, c)
		return c
	}
	for i, cd := range d.Columns {
		if !cd.Visible {
			continue
		}
		e, err := s.column(i, cd)
		if err != nil {
			return nil, err
		}
		c := add(e, p.Columns[i].Name)
		if _, ok := e.(*plan.HashMask); ok {
			b.hashed[c.ID] = maskPolicy(cd)
		}
		if cd.Mask == nil {
			g.Open = append(g.Open, c.ID)
		}
		rel.columns = append(rel.columns, c)
	}
	if d.MinGroup != nil {
		// The entity is counted raw; without a name no query reaches it.
		ref, err := s.raw(int(d.MinGroup.Entity) - 1)
		if err != nil {
			return nil, err
		}
		g.MinGroup = &plan.MinGroup{Size: d.MinGroup.Size, Policy: d.MinGroup.Policy, Entity: add(ref, "").ID}
	}
	var input plan.Node = s.scan
	if d.Rows != nil {
		rows, err := s.remap(d.Rows)
		if err != nil {
			return nil, err
		}
		input = &plan.Filter{Input: s.scan, Cond: rows}
	}
	masks.Input = input
	g.Input, g.Cols = masks, masks.Cols
	return rel, nil
}

func maskPolicy(cd governance.ColumnDecision) string {
	for _, r := range cd.Reasons {
		if strings.HasPrefix(r.Effect, "mask") {
			return r.Policy
		}
	}
	return "of its owner"
}

func (b *binder) noteRelation(p *catalog.Product, d *governance.Decision) {
	for _, r := range b.bound.Relations {
		if r.Product == p {
			return
		}
	}
	b.bound.Relations = append(b.bound.Relations, Relation{Product: p, Decision: d})
	if strings.EqualFold(p.Status, "deprecated") {
		b.warn(1287, "Product %s.%s is deprecated; ask its owner what replaces it", p.Domain, p.Name)
	}
}

// scanBuilder adds columns to a scan as they are needed.
type scanBuilder struct {
	b       *binder
	product *catalog.Product
	scan    *plan.Scan
	refs    []*plan.ColumnRef // by ordinal, nil: not read yet
}

// column returns what the principal sees of a visible column.
func (s *scanBuilder) column(ordinal int, cd governance.ColumnDecision) (plan.Expr, error) {
	if cd.Mask == nil {
		return s.raw(ordinal)
	}
	return s.remap(cd.Mask)
}

// raw returns a reference to a column of the scan.
func (s *scanBuilder) raw(ordinal int) (*plan.ColumnRef, error) {
	if ordinal < 0 || ordinal >= len(s.refs) {
		return nil, mysqlerr.Internal(errDecision)
	}
	if s.refs[ordinal] == nil {
		c := s.product.Columns[ordinal]
		s.b.last++
		col := plan.Column{ID: s.b.last, Name: c.Name, Type: c.Type, Domain: s.product.Domain, Product: s.product.Name}
		s.scan.Ordinals = append(s.scan.Ordinals, ordinal)
		s.scan.Cols = append(s.scan.Cols, col)
		s.refs[ordinal] = col.Ref()
	}
	return s.refs[ordinal], nil
}

// remap turns a decision's expression, over ordinals, into one over the scan.
func (s *scanBuilder) remap(e plan.Expr) (plan.Expr, error) {
	var failed error
	out := plan.MapExpr(e, func(e plan.Expr) plan.Expr {
		switch x := e.(type) {
		case *plan.ColumnRef:
			ref, err := s.raw(int(x.ID) - 1)
			if err != nil {
				failed = err
				return e
			}
			return ref
		case *plan.Param, *plan.Subquery:
			failed = mysqlerr.Internal(errDecision)
		case *plan.Const, *plan.Call, *plan.Cast, *plan.Case, *plan.InList, *plan.HashMask:
		}
		return e
	})
	return out, failed
}
