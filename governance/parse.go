package governance

import (
	"fmt"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// expression parses and binds an expression, as a condition or for its value,
// and refuses what is not total.
func (c *compiler) expression(text string, s expr.Scope, condition bool) (plan.Expr, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression has more than %d bytes", maxExpression)
	}
	node, err := expr.Parse(text)
	if err != nil {
		return nil, err
	}
	b := &expr.Binder{Scope: sessionless{s}, Functions: c.in.Functions, Strict: true, Fold: c.in.Fold}
	bind := b.Bind
	if condition {
		bind = b.Condition
	}
	e, err := bind(node)
	if err != nil {
		return nil, err
	}
	e = plan.MapExpr(e, directComparison)
	return e, c.attributes.total(e)
}

// sessionless shows columns so that no policy depends on the session or on how
// a column is declared: a TIMESTAMP as a DATETIME in UTC, text in the collation
// utf8mb4_0900_bin.
type sessionless struct{ expr.Scope }

// Column implements expr.Scope.
func (s sessionless) Column(qualifier []string, name string) (plan.Expr, error) {
	e, err := s.Scope.Column(qualifier, name)
	if err != nil {
		return nil, err
	}
	t := e.Type()
	switch {
	case t.ID == mysqltype.Timestamp:
		return &plan.Call{Func: plan.OpUTC, Args: []plan.Expr{e}, T: mysqltype.Type{ID: mysqltype.DateTime, Scale: t.Scale}}, nil
	case t.IsString() && !t.IsBinary() && t.Collation != mysqltype.Binary0900:
		t.Collation = mysqltype.Binary0900
		return &plan.Cast{Arg: e, T: t, Implicit: true}, nil
	}
	return e, nil
}

// directComparison compares a TIMESTAMP itself with a constant or NULL, which is
// the same in UTC, so that statistics can prune by it.
func directComparison(e plan.Expr) plan.Expr {
	call, ok := e.(*plan.Call)
	if !ok || call.T.ID != mysqltype.Bool {
		return e
	}
	if utc, ok := call.Args[0].(*plan.Call); ok && call.Func == plan.OpIsNull && utc.Func == plan.OpUTC {
		return &plan.Call{Func: call.Func, Args: utc.Args, T: call.T}
	}
	if len(call.Args) != 2 {
		return e
	}
	for i := range call.Args {
		utc, isCall := call.Args[i].(*plan.Call)
		k, isConst := call.Args[1-i].(*plan.Const)
		if !isCall || !isConst || utc.Func != plan.OpUTC || k.T.ID != mysqltype.DateTime || k.T.Scale != utc.T.Scale {
			continue
		}
		t := utc.Args[0].Type()
		args := []plan.Expr{utc.Args[0], &plan.Const{Value: k.Value, T: t}}
		if i == 1 {
			args[0], args[1] = args[1], args[0]
		}
		return &plan.Call{Func: call.Func, Args: args, T: call.T}
	}
	return e
}
