package catalog

import (
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/governance"
)

// Mesh is one immutable state of the whole mesh. A statement uses one.
type Mesh struct {
	Name     string
	Version  uint64 // grows with every swap
	Domains  map[string]*Domain
	Policies *governance.Policies
	Identity *Identity
	// GuildRoles are the roles that sit in the guild.
	GuildRoles []string
	GuildTests []*governance.Test
	// GuildReason says why the guild's policies could not be loaded, and with
	// them everything is denied; GuildRef finds the detail in the log.
	GuildReason, GuildRef string
	Purposes              []string
	Attributes            map[string]governance.Attribute
	Settings              Settings
}

// Principal returns a copy of a user's principal with the default purpose in
// force; false if there is no such user.
func (m *Mesh) Principal(user string) (*governance.Principal, bool) {
	return m.Identity.Principal(user)
}

// Settings are mesh.yaml's for the server; zero values mean the defaults.
type Settings struct {
	Listen       string // host:port
	TLSCert      string // path of a PEM file
	TLSKey       string // path of a PEM file
	RequireTLS   bool
	QueryMemory  int64 // bytes a query may hold
	QueryTimeout time.Duration
}

// Domain is one domain's state.
type Domain struct {
	Name        string
	Description string
	Team        string
	Contact     string
	OwnerRoles  []string
	State       State
	// Reason says why State is not Ready, without paths, keys or endpoints;
	// Ref finds the detail in the operator's log.
	Reason, Ref string
	Version     uint64 // of the index that was loaded
	LoadedAt    time.Time
	Products    map[string]*Product // by resolvable name: orders, orders@1, orders$lines
	Tests       []*governance.Test
}

// State is whether a domain can be asked.
type State uint8

const (
	Ready  State = iota
	Stale        // last good version, storage does not answer
	Denied       // broken, unreachable or never loaded: nothing of it is served
)

func (s State) String() string {
	switch s {
	case Ready:
		return "ready"
	case Stale:
		return "stale"
	case Denied:
		return "denied"
	}
	return "unknown"
}

// Product is one readable relation of a data product.
type Product struct {
	Domain, Name string // Name as resolved: orders
	Major        int
	Object       string // schema object; empty for the main one
	Canonical    bool   // the name that SHOW TABLES lists
	Version      string // semantic version of the contract
	Status       string // active, deprecated, …
	Title        string
	Description  string
	Purpose      string
	Limitations  string
	Usage        string
	Tags         []string
	Strict       bool // meshql.strict: user predicates never prune below the row filter
	Columns      []Column
	// Relation is what governance decides about; its columns are Columns.
	Relation *governance.Relation
	// Source is the output port. Its ordinals are those of Columns.
	Source connectors.Source
}

// Column is a column of the contract.
type Column struct {
	connectors.Column
	Physical       string // name in the files
	Title          string
	Description    string
	Tags           []string
	Classification string
	PrimaryKey     int // position in the key from 1; 0: not part of it
	Unique         bool
	References     []Reference
}

// Reference is a relationship to a column of another product; a hint.
type Reference struct{ Domain, Product, Column string }
