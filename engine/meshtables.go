package engine

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqltype"
)

// meshTables describe the mesh to who is part of it: domains and their state,
// products with whom to ask, columns with what applies to the reader, policies
// and audit.
func meshTables() []*systemTable {
	m := func(name string, rows func(*view) [][]any, columns ...connectors.Column) *systemTable {
		return &systemTable{domain: meshSchema, name: name, columns: columns, rows: rows}
	}
	return []*systemTable{
		m("domains", meshDomainRows,
			text("domain", 63), text("state", 16), longText("description"), text("team", 255), text("contact", 255),
			bigint("products"), longText("reason"), text("reference", 16)),
		m("products", meshProductRows,
			text("domain", 63), text("product", 127), text("access", 16), text("version", 64), text("status", 32), longText("title"),
			longText("description"), longText("purpose"), longText("limitations"), longText("usage"), longText("tags"),
			text("team", 255), text("contact", 255), boolean("owned")),
		m("columns", meshColumnRows,
			text("domain", 63), text("product", 127), text("column", 255), bigint("position"), longText("type"), boolean("nullable"),
			longText("title"), longText("description"), longText("tags"), text("entity", 63), text("classification", 63),
			longText("mask"), longText("policies")),
		m("effective_policies", effectivePolicyRows,
			text("domain", 63), text("product", 127), text("column", 255), longText("effect"), text("policy", 255), text("layer", 63)),
		m("policies", policyRows,
			text("policy", 255), text("layer", 63), text("kind", 16), longText("effect"), longText("products")),
		m("audit", auditRows,
			datetime("time"), text("event", 8), text("query", 32), text("user", 255), text("purpose", 255), text("client", 255),
			longText("statement"), longText("products"), longText("policies"), text("decision", 16), bigint("rows"), bigint("ms"), text("error", 16)),
	}
}

func boolean(name string) connectors.Column {
	return connectors.Column{Name: name, Type: mysqltype.Type{ID: mysqltype.Bool}}
}

// isGuild reports whether the reader sits in the guild.
func (v *view) isGuild() bool {
	return slices.ContainsFunc(v.mesh.GuildRoles, func(r string) bool { return slices.Contains(v.session.principal.Roles, r) })
}

// owns reports whether the reader owns a domain.
func (v *view) owns(d *catalog.Domain) bool {
	return slices.ContainsFunc(d.OwnerRoles, func(r string) bool { return slices.Contains(v.session.principal.Roles, r) })
}

// meshDomainRows are the domains in which the reader sees or owns something, and
// those that are not served, with their state: who would see them cannot be
// known. Only owners and the guild learn the reason, and anything but the state
// of a domain that is not served; others get a reference.
func meshDomainRows(v *view) (rows [][]any) {
	for _, name := range sortedKeys(v.mesh.Domains) {
		d := v.mesh.Domains[name]
		n := int64(0)
		for _, p := range v.products {
			if p.Domain == name {
				n++
			}
		}
		inside := v.owns(d) || v.isGuild()
		if d.State != catalog.Denied && n == 0 && !inside && !v.discovers(d) {
			continue
		}
		row := []any{d.Name, d.State.String(), nilIfEmpty(d.Description), nilIfEmpty(d.Team), nilIfEmpty(d.Contact), n, nilIfEmpty(d.Reason), nilIfEmpty(d.Ref)}
		if !inside {
			row[6] = nil
			if d.State == catalog.Denied {
				row[2], row[3], row[4] = nil, nil, nil
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// discovers reports whether any product of a domain is listed for the reader.
func (v *view) discovers(d *catalog.Domain) bool {
	for _, p := range d.Products {
		if v.mesh.Policies.Decide(v.session.principal, p.Relation, v.session.engine.now()).Access != governance.NoAccess {
			return true
		}
	}
	return false
}

func meshProductRows(v *view) (rows [][]any) {
	now := v.session.engine.now()
	for _, name := range sortedKeys(v.mesh.Domains) {
		d := v.mesh.Domains[name]
		if d.State == catalog.Denied {
			continue
		}
		for _, pname := range sortedKeys(d.Products) {
			p := d.Products[pname]
			if !p.Canonical {
				continue
			}
			dec := v.mesh.Policies.Decide(v.session.principal, p.Relation, now)
			switch dec.Access {
			case governance.NoAccess:
			case governance.Discover: // whom to ask, and nothing else
				rows = append(rows, []any{d.Name, p.Name, "discover", nil, nil, nil, nil, nil, nil, nil, nil, nilIfEmpty(d.Team), nilIfEmpty(d.Contact), dec.Owner})
			case governance.Select:
				rows = append(rows, []any{d.Name, p.Name, "select", p.Version, p.Status, nilIfEmpty(p.Title), nilIfEmpty(p.Description),
					nilIfEmpty(p.Purpose), nilIfEmpty(p.Limitations), nilIfEmpty(p.Usage), nilIfEmpty(strings.Join(p.Tags, ", ")),
					nilIfEmpty(d.Team), nilIfEmpty(d.Contact), dec.Owner})
			}
		}
	}
	return rows
}

func meshColumnRows(v *view) (rows [][]any) {
	for _, p := range v.products {
		for pos, i := range p.visibleColumns() {
			c := p.Columns[i]
			var entity, mask, policies any
			for _, t := range c.Tags {
				if e, ok := strings.CutPrefix(t, "entity:"); ok {
					entity = e
				}
			}
			if d := p.decision.Columns[i]; d.Mask != nil {
				var effects, ids []string
				for _, r := range d.Reasons {
					effects, ids = append(effects, r.Effect), append(ids, r.Policy)
				}
				mask, policies = strings.Join(slices.Compact(effects), ", "), strings.Join(ids, ", ")
			}
			t := p.visibleType(i)
			rows = append(rows, []any{p.Domain, p.Name, c.Name, int64(pos + 1), t.String(), !t.NotNull, nilIfEmpty(c.Title), nilIfEmpty(c.Description),
				nilIfEmpty(strings.Join(c.Tags, ", ")), entity, nilIfEmpty(c.Classification), mask, policies})
		}
	}
	return rows
}

// effectivePolicyRows say what applies to the reader, and why, on the columns
// that exist for the reader.
func effectivePolicyRows(v *view) (rows [][]any) {
	for _, p := range v.products {
		for _, e := range p.decision.Effective(p.Relation) {
			rows = append(rows, []any{p.Domain, p.Name, nilIfEmpty(e.Column), e.Effect, e.Policy, e.Layer})
		}
	}
	return rows
}

// policyRows are the guild's policies to the guild, a domain's to its owners and
// the guild; to others those that bind them, by id and kind only.
func policyRows(v *view) (rows [][]any) {
	type policy struct{ layer, id string }
	binding := map[policy]bool{}
	for _, p := range v.products {
		for _, e := range p.decision.Effective(p.Relation) {
			binding[policy{e.Layer, e.Policy}] = true
		}
	}
	for _, r := range v.mesh.Policies.Rules() {
		d, inDomain := v.mesh.Domains[r.Layer]
		switch {
		case v.isGuild() || inDomain && v.owns(d):
			rows = append(rows, []any{r.ID, r.Layer, r.Kind, r.Effect, strings.Join(r.Matched, ", ")})
		case binding[policy{r.Layer, r.ID}]:
			rows = append(rows, []any{r.ID, r.Layer, r.Kind, nil, nil})
		}
	}
	return rows
}

// auditTail is how much of the audit log mesh.audit reads, in bytes.
const auditTail = 16 << 20

// auditRows are all records to the guild, and to others the records of queries
// that read a product which they own. What a query read beside it (its text,
// other products, their policies, how many rows) is not theirs to see.
func auditRows(v *view) (rows [][]any) {
	guild := v.isGuild()
	if err := v.session.engine.audit.Flush(); err != nil {
		v.session.engine.log.Error("flush audit log", "error", err)
	}
	err := readAudit(v.session.engine.audit.path, auditTail, func(r auditRecord) error {
		if own := v.owned(r.Products); !guild {
			if len(own) == 0 {
				return nil
			}
			if len(own) < len(r.Products) {
				r.Statement, r.Products, r.Policies, r.Rows = "", own, nil, 0
			}
		}
		if r.Event != "open" {
			rows = append(rows, []any{r.Time.UnixMicro(), r.Event, nilIfEmpty(r.Query), nilIfEmpty(r.User), nilIfEmpty(r.Purpose), nilIfEmpty(r.Client),
				nilIfEmpty(r.Statement), nilIfEmpty(strings.Join(r.Products, ", ")), nilIfEmpty(strings.Join(r.Policies, ", ")),
				nilIfEmpty(r.Decision), r.Rows, r.Millis, nilIfEmpty(r.Error)})
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.session.engine.log.Error("read audit log", "error", err)
	}
	return rows
}

// owned returns those of the products that the reader owns.
func (v *view) owned(products []string) (own []string) {
	for _, p := range products {
		domain, _, _ := strings.Cut(p, ".")
		if d, ok := v.mesh.Domains[domain]; ok && v.owns(d) {
			own = append(own, p)
		}
	}
	return own
}
