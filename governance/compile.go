package governance

import (
	"slices"
	"strings"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// CompileInput is everything that decisions depend on, loaded by the catalog.
type CompileInput struct {
	Version uint64
	Guild   []File
	// GuildFailed says that the guild's files could not be loaded and none that
	// were good are young enough: everything is denied.
	GuildFailed bool
	Domains     []Domain
	Settings    Settings
	Attributes  map[string]Attribute // user.<name>, as mesh.yaml types them
	Purposes    []string
	Entities    []string
	// HashKey derives the key of a hash mask from its name ("entity:customer" or
	// "checkout.orders.email"); nil without the mesh's hash key, and then
	// hash-masked columns are NULL.
	HashKey func(name string) []byte
	// Functions gives the types of functions; Fold evaluates an expression
	// without columns. Both come from the engine.
	Functions Functions
	Fold      func(plan.Expr) (*plan.Const, error)
}

// Functions gives the types of functions; the engine's library does.
type Functions = expr.Functions

// Domain is one domain's policies and the relations that it offers.
type Domain struct {
	Name      string
	Files     []File
	Relations []*Relation
	// Denied says that the domain is not served: nothing of it exists for anyone.
	Denied bool
}

// Settings are the guild's, from mesh.yaml.
type Settings struct {
	// Unclassified is what becomes of columns without a classification.
	Unclassified Unclassified `yaml:"unclassified"`
	// Confidential lists the classifications that some policy must cover;
	// nil is "confidential" alone.
	Confidential []string `yaml:"confidential"`
}

// Unclassified is the treatment of columns without a classification: NoMask
// (open, the default), NullMask or DenyMask.
type Unclassified struct{ Mask MaskKind }

// UnmarshalNode takes null or deny.
func (u *Unclassified) UnmarshalNode(n *descriptor.Node) error {
	switch {
	case n.Kind == descriptor.Null || n.Value == "null":
		u.Mask = NullMask
	case n.Value == "deny":
		u.Mask = DenyMask
	default:
		return n.Errorf("MQ106", "leave it out for open", "unclassified must be null or deny")
	}
	return nil
}

// Attribute is the type of a principal's attribute.
type Attribute struct {
	Type mysqltype.Type // of the value, or of a list's elements
	List bool
}

// UnmarshalNode takes string, integer, number, boolean or [string].
func (a *Attribute) UnmarshalNode(n *descriptor.Node) error {
	if n.Kind == descriptor.Sequence && len(n.Items) == 1 && n.Items[0].Value == "string" {
		*a = Attribute{Type: mysqltype.Type{ID: mysqltype.VarChar}, List: true}
		return nil
	}
	switch n.Value {
	case "string":
		a.Type = mysqltype.Type{ID: mysqltype.VarChar}
	case "integer":
		a.Type = mysqltype.Type{ID: mysqltype.BigInt}
	case "number":
		a.Type = mysqltype.Type{ID: mysqltype.Double}
	case "boolean":
		a.Type = mysqltype.Type{ID: mysqltype.Bool}
	default:
		return n.Errorf("MQ107", "", "an attribute is a string, integer, number, boolean or [string]")
	}
	return nil
}

// Compile reads, matches and binds all policies. It never fails: what is broken
// is denied, and the diagnostics say why.
func Compile(in CompileInput) (*Policies, []Diagnostic) {
	c := &compiler{in: in, attributes: newAttributes(in.Attributes)}
	ps := &Policies{
		Version: in.Version, attributes: c.attributes, fold: in.Fold,
		relations: map[*Relation]*governed{},
	}
	guild := c.layer("", in.Guild)
	var rules []Rule
	for _, domain := range slices.SortedFunc(slices.Values(in.Domains), byName) {
		own := c.layer(domain.Name, domain.Files)
		for _, r := range domain.Relations {
			g := c.relation(r, guild, own)
			g.denied = g.denied || domain.Denied || in.GuildFailed || guild.unreadable || own.unreadable
			ps.relations[r] = g
		}
		c.unmatched(own)
		rules = append(rules, own.rules()...)
	}
	c.unmatched(guild)
	ps.rules = append(guild.rules(), rules...)
	c.diagnostics.Sort()
	return ps, slices.CompactFunc(c.diagnostics, func(a, b Diagnostic) bool { return a == b })
}

func byName(a, b Domain) int { return strings.Compare(a.Name, b.Name) }
