package bind

import (
	"context"
	"fmt"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
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
	// Session gives functions of the session: user, version, ….
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

// Bounds of one statement.
const (
	maxJoined   = 64   // tables of one FROM
	maxTables   = 1024 // tables of a statement
	maxColumns  = 4096 // columns of a select list
	maxBranches = 1000 // of a set operation
)

// Select binds a SELECT, TABLE or VALUES statement or a set operation over
// them, as expr.ParseStatement gives it. args are the values of its ? markers.
func Select(ctx context.Context, stmt ast.StmtNode, args []any, env *Env) (*Bound, error) {
	b := &binder{
		ctx:       ctx,
		env:       env,
		hashed:    map[plan.ColumnID]string{},
		decisions: map[*catalog.Product]*governance.Decision{},
	}
	b.expr = &expr.Binder{
		Functions:  env.Functions,
		Args:       args,
		Now:        env.Now,
		Session:    b.session,
		Variable:   env.Variables,
		Fold:       env.Fold,
		HashMasked: func(id plan.ColumnID) (string, bool) { p, ok := b.hashed[id]; return p, ok },
		Interrupt:  b.interrupted,
	}
	node, ok := stmt.(ast.ResultSetNode)
	if !ok {
		return nil, mysqlerr.Unsupported("this statement as a query")
	}
	root, err := b.query(node, surroundings{})
	if err != nil {
		return nil, err
	}
	b.finishShared()
	b.bound.Plan, b.bound.Columns = root, root.Columns()
	return &b.bound, nil
}

// binder binds one statement.
type binder struct {
	ctx       context.Context
	env       *Env
	expr      *expr.Binder
	last      plan.ColumnID
	tables    int
	hashed    map[plan.ColumnID]string // columns that bear a hash mask, and its policy
	ctes      []*cte
	decisions map[*catalog.Product]*governance.Decision
	bound     Bound
}

// surroundings are what surrounds a query: the names it sees beside its own.
type surroundings struct {
	parent *frame          // of the enclosing query, nil at the top
	outer  *plan.ColumnSet // takes what the query reads of enclosing ones
	ctes   *with           // common table expressions in sight
}

// interrupted fails once the statement is cancelled or out of time.
func (b *binder) interrupted() error {
	switch err := b.ctx.Err(); err {
	case nil:
		return nil
	case context.DeadlineExceeded:
		return mysqlerr.Deadline()
	default:
		return mysqlerr.Killed()
	}
}

func (b *binder) session(name string) (*plan.Const, bool) {
	if name == "database" {
		t := mysqltype.Type{ID: mysqltype.VarChar, Length: 64}
		if b.env.Domain == "" {
			return plan.Null(t), true
		}
		return &plan.Const{Value: b.env.Domain, T: t}, true
	}
	if b.env.Session == nil {
		return nil, false
	}
	return b.env.Session(name)
}

func (b *binder) warn(code uint16, format string, args ...any) {
	w := Warning{Code: code, Message: fmt.Sprintf(format, args...)}
	for _, x := range b.bound.Warnings {
		if x == w {
			return
		}
	}
	b.bound.Warnings = append(b.bound.Warnings, w)
}

// newColumn returns a column with a fresh ID that holds e's values.
func (b *binder) newColumn(name string, e plan.Expr) plan.Column {
	b.last++
	c := plan.Column{ID: b.last, Name: name, Type: e.Type()}
	if ref, ok := e.(*plan.ColumnRef); ok {
		if policy, ok := b.hashed[ref.ID]; ok {
			b.hashed[c.ID] = policy
		}
	}
	return c
}

// query binds any query expression.
func (b *binder) query(node ast.ResultSetNode, in surroundings) (plan.Node, error) {
	if err := b.interrupted(); err != nil {
		return nil, err
	}
	switch n := node.(type) {
	case *ast.SelectStmt:
		return b.selectStmt(n, in)
	case *ast.SetOprStmt:
		return b.setStmt(n, in)
	case *ast.SubqueryExpr:
		return b.query(n.Query, in)
	}
	return nil, mysqlerr.Unsupported("this query")
}
