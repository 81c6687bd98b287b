package optimize

import (
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// volatileFunctions give another value at every call, or act.
var volatileFunctions = map[string]bool{
	"rand": true, "uuid": true, "uuid_short": true, "random_bytes": true, "sleep": true, "benchmark": true,
	"get_lock": true, "release_lock": true, "release_all_locks": true, "last_insert_id": true,
}

// volatile reports whether e must be evaluated exactly where and as often as it
// stands.
func volatile(e plan.Expr) bool {
	found := false
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if c, ok := e.(*plan.Call); ok && volatileFunctions[c.Func] {
			found = true
		}
		return !found
	})
	return found
}

// hasSubquery reports whether e holds a Subquery.
func hasSubquery(e plan.Expr) bool {
	found := false
	plan.WalkExpr(e, func(e plan.Expr) bool {
		if _, ok := e.(*plan.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// movable reports whether e may be evaluated elsewhere, more often or never.
func movable(e plan.Expr) bool { return !volatile(e) && !hasSubquery(e) }

// isConst returns e's value if it is a constant.
func isConst(e plan.Expr) (value any, ok bool) {
	c, ok := e.(*plan.Const)
	if !ok {
		return nil, false
	}
	return c.Value, true
}

func isFalse(e plan.Expr) bool { v, ok := isConst(e); return ok && v == false }
func isTrue(e plan.Expr) bool  { v, ok := isConst(e); return ok && v == true }
func isNull(e plan.Expr) bool  { v, ok := isConst(e); return ok && v == nil }

// exactEquality reports whether values of t that are equal are the same value,
// so that one may stand for the other in any expression.
func exactEquality(t mysqltype.Type) bool {
	switch {
	case t.ID == mysqltype.Float || t.ID == mysqltype.Double: // 0 and -0
		return false
	case t.ID == mysqltype.JSON:
		return false
	case t.IsString():
		return t.IsBinary() || t.Collation == mysqltype.Binary0900 || t.Collation == mysqltype.BinaryCollation
	}
	return true
}

// nullIf reports whether e is NULL wherever the columns of null are.
func nullIf(e plan.Expr, null plan.ColumnSet) bool {
	switch e := e.(type) {
	case *plan.ColumnRef:
		return null.Has(e.ID)
	case *plan.Const:
		return e.Value == nil
	case *plan.Cast:
		return nullIf(e.Arg, null)
	case *plan.InList:
		return nullIf(e.Arg, null)
	case *plan.HashMask:
		return nullIf(e.Arg, null)
	case *plan.Call:
		switch {
		case e.Func == plan.OpNot || e.Func == plan.OpNeg || e.Func == plan.OpXor ||
			e.Func == plan.OpAdd || e.Func == plan.OpSub || e.Func == plan.OpMul || e.Func == plan.OpDiv ||
			e.Func == plan.OpIntDiv || e.Func == plan.OpMod || e.Func == plan.OpLike && len(e.Args) >= 2,
			plan.IsComparison(e.Func) && e.Func != plan.OpNullEq:
			for _, a := range e.Args {
				if nullIf(a, null) {
					return true
				}
			}
		case e.Func == plan.OpAnd || e.Func == plan.OpOr:
			for _, a := range e.Args {
				if !nullIf(a, null) {
					return false
				}
			}
			return true
		}
	case *plan.Param, *plan.Case, *plan.Subquery:
	}
	return false
}

// notTrueIf reports whether the condition e is false or NULL wherever the
// columns of null are NULL.
func notTrueIf(e plan.Expr, null plan.ColumnSet) bool {
	if nullIf(e, null) {
		return true
	}
	c, ok := e.(*plan.Call)
	if !ok {
		return isFalse(e)
	}
	switch c.Func {
	case plan.OpAnd:
		for _, a := range c.Args {
			if notTrueIf(a, null) {
				return true
			}
		}
	case plan.OpOr:
		for _, a := range c.Args {
			if !notTrueIf(a, null) {
				return false
			}
		}
		return true
	case plan.OpIsTrue:
		return notTrueIf(c.Args[0], null)
	case plan.OpNot:
		if n, ok := c.Args[0].(*plan.Call); ok && n.Func == plan.OpIsNull {
			return nullIf(n.Args[0], null)
		}
	}
	return false
}

// oneRow reports whether n always gives exactly one row.
func oneRow(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Aggregate:
		return len(n.GroupBy) == 0 && n.MinGroup == nil
	case *plan.Project:
		return oneRow(n.Input)
	case *plan.Sort:
		return oneRow(n.Input)
	case *plan.MaxOneRow:
		return true
	case *plan.Values:
		return len(n.Rows) == 1
	case *plan.Join:
		return n.Kind == plan.InnerJoin && len(n.Equal) == 0 && n.On == nil && oneRow(n.Left) && oneRow(n.Right)
	case *plan.Scan, *plan.Governed, *plan.Filter, *plan.Limit, *plan.TopN, *plan.SetOp, *plan.Shared:
	}
	return false
}

// belowGoverned returns the nodes below Governed nodes: rules that do not know
// the barrier leave them alone.
func belowGoverned(root plan.Node) map[plan.Node]bool {
	out := map[plan.Node]bool{}
	plan.Walk(root, func(n plan.Node) bool {
		if g, ok := n.(*plan.Governed); ok {
			plan.Walk(g.Input, func(n plan.Node) bool {
				out[n] = true
				return true
			})
			return false
		}
		return true
	})
	return out
}
