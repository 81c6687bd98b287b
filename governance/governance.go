package governance

import (
	"time"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Principal is who asks: what the connection authenticated as, or in process
// the operator's word. Nothing in SQL changes it but the choice of Purpose
// among Purposes.
type Principal struct {
	User       string
	Roles      []string
	Attributes map[string]any // string, bool, int64, float64 or []string, as mesh.yaml types them
	Purposes   []string       // held
	Purpose    string         // in force; empty: unset
}

// Relation is what a policy can match and a decision is about.
type Relation struct {
	Domain  string
	Product string // without major and object
	// Tags are the contract's and the schema object's: to policies every column
	// has them.
	Tags    []string
	Columns []RelationColumn
	// File is the contract's, for diagnostics.
	File string
	// OwnerRoles are the domain's owner roles: who holds one owns the product.
	OwnerRoles []string
}

// RelationColumn is one column of the contract, by ordinal.
type RelationColumn struct {
	Name           string
	Type           mysqltype.Type
	Tags           []string // "pii", "entity:customer", …
	Classification string   // empty: open, unless the guild says otherwise
}

// Access is how much of a relation exists for a principal.
type Access uint8

const (
	NoAccess Access = iota // as if it never existed
	Discover               // listed in mesh.products with whom to ask
	Select                 // visible and readable
)

// Decision is what one principal may see of one relation now.
type Decision struct {
	Access  Access
	Owner   bool
	Columns []ColumnDecision // by ordinal of the relation
	// Rows is the composed row filter, nil for all rows. It refers to columns
	// as ColumnRef{ID: ordinal+1}, raw, and contains no Param.
	Rows     plan.Expr
	MinGroup *plan.MinGroup // Entity is ordinal+1
	// Policies are the ids behind what the principal sees here, sorted and
	// unique: not those that remove a column, which nothing may tell of.
	Policies []string
	// Reasons are the policies that bind the relation as a whole: grants, row
	// filters and minimal group sizes. Those of masks stand at their columns.
	Reasons []Reason
	// InForce are all policies that bind the principal on a relation that it
	// sees, also those that remove columns: for audit, tests and owners, never
	// for the principal.
	InForce []Reason
	// Fingerprint identifies the effect with the principal's bound values:
	// equal fingerprints mean equal rights.
	Fingerprint [32]byte
	// Until is when the decision must be made anew (a grant ends); zero: never.
	Until time.Time
}

// ColumnDecision is what happens to one column.
type ColumnDecision struct {
	Visible bool
	// Mask computes what the principal sees from raw columns (ColumnRef{ID:
	// ordinal+1}); nil passes the column as it is.
	Mask plan.Expr
	// Reasons are the policies behind Mask; none for what is not visible.
	Reasons []Reason
}

// Reason names a policy that applies, for mesh.effective_policies.
type Reason struct {
	Policy string // id
	Layer  string // "guild" or the domain's name
	Effect string // "mask hash", "rows", "grant select", …
}
