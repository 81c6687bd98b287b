package bind

import (
	"context"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Env is what a statement is bound in.
type Env struct {
	Mesh      *catalog.Mesh
	Principal *governance.Principal
	Domain    string    // the current one, empty if none
	Now       time.Time // when the statement began, in the session's zone
	Functions expr.Functions
	// System gives the source of a system table (information_schema, mesh),
	// already filtered for the principal.
	System func(domain, table string) (connectors.Source, bool)
	// Variables gives the value of @name (user) or @@name.
	Variables func(name string, user bool) (*plan.Const, bool)
	// Session gives functions of the session: database, user, version, ….
	Session func(function string) (*plan.Const, bool)
	// Fold evaluates a constant expression; nil leaves it to the optimizer.
	Fold func(plan.Expr) (*plan.Const, error)
	// Decide answers what the principal may see; nil asks Mesh.Policies.
	Decide func(*governance.Principal, *governance.Relation, time.Time) *governance.Decision
}

// Bound is a bound statement.
type Bound struct {
	Plan      plan.Node
	Columns   []plan.Column // of the result, in order
	Relations []Relation    // products that are read, each once
	Warnings  []Warning
}

// Relation is a product that a statement reads, under a decision.
type Relation struct {
	Product  *catalog.Product
	Decision *governance.Decision
}

// Warning is a row of SHOW WARNINGS.
type Warning struct {
	Code    uint16
	Message string
}

// Select binds a SELECT, TABLE or VALUES statement or a set operation over
// them, as expr.ParseStatement gives it. args are the values of its ? markers.
func Select(ctx context.Context, stmt ast.StmtNode, args []any, env *Env) (*Bound, error) {
	return nil, mysqlerr.Unsupported("SELECT")
}
