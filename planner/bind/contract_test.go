package bind_test

import (
	"fmt"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// contract returns what in a plan the kernels would not understand: a column
// made twice or by nobody, a condition that is not Bool, a comparison of two
// kinds, scales or collations, a branch of another kind than its CASE.
func contract(root plan.Node) error {
	if free := plan.Free(root); !free.Empty() {
		return fmt.Errorf("columns %v come from nowhere", free.IDs())
	}
	var failed error
	fail := func(format string, args ...any) {
		if failed == nil {
			failed = fmt.Errorf(format, args...)
		}
	}
	made := map[plan.ColumnID]bool{}
	plan.Walk(root, func(n plan.Node) bool {
		for _, c := range makes(n) {
			if made[c.ID] {
				fail("column %s#%d is made twice", c.Name, c.ID)
			}
			made[c.ID] = true
		}
		checkNode(n, fail)
		for _, e := range plan.Exprs(n) {
			plan.WalkExpr(e, func(e plan.Expr) bool {
				checkExpr(e, fail)
				return true
			})
		}
		return true
	})
	return failed
}

// makes returns the columns that n does not pass on.
func makes(n plan.Node) []plan.Column {
	switch n.(type) {
	case *plan.Scan, *plan.Project, *plan.Aggregate, *plan.SetOp, *plan.Values, *plan.Shared:
		return n.Columns()
	default:
	}
	return nil
}

func checkNode(n plan.Node, fail func(string, ...any)) {
	switch n := n.(type) {
	case *plan.Filter:
		if n.Cond.Type().Kind() != vec.Bool {
			fail("a filter by %s", n.Cond.Type())
		}
	case *plan.Project:
		for i, e := range n.Exprs {
			if e.Type().Kind() != n.Cols[i].Type.Kind() {
				fail("column %s: %s of %s", n.Cols[i].Name, n.Cols[i].Type, e.Type())
			}
		}
	case *plan.SetOp:
		for _, in := range n.Ins {
			for i, c := range in.Columns() {
				if t := n.Cols[i].Type; t.Kind() != c.Type.Kind() || t.ID != c.Type.ID || t.Scale != c.Type.Scale {
					fail("column %s of a set operation: %s of %s", c.Name, t, c.Type)
				}
			}
		}
	case *plan.Aggregate:
		if len(n.Cols) != len(n.GroupBy)+len(n.Aggs) {
			fail("an aggregate of %d columns", len(n.Cols))
		}
	default:
	}
}

func checkExpr(e plan.Expr, fail func(string, ...any)) {
	text := func(e plan.Expr) string { return plan.FormatExpr(e, plan.FormatOptions{Types: true}) }
	same := func(a, b mysqltype.Type) bool {
		if a.IsString() && b.IsString() && a.Collation != b.Collation && !a.IsBinary() && !b.IsBinary() {
			return false
		}
		return mysqltype.Comparable(a, b)
	}
	switch x := e.(type) {
	case *plan.Call:
		switch x.Func {
		case plan.OpAnd, plan.OpOr, plan.OpNot, plan.OpXor, plan.OpIsTrue:
			for _, a := range x.Args {
				if a.Type().Kind() != vec.Bool {
					fail("%s of %s", x.Func, text(a))
				}
			}
		case plan.OpEq, plan.OpNe, plan.OpLt, plan.OpLe, plan.OpGt, plan.OpGe, plan.OpNullEq, plan.OpLike, plan.OpRegexp:
			if !same(x.Args[0].Type(), x.Args[1].Type()) {
				fail("%s compares %s with %s", text(e), x.Args[0].Type(), x.Args[1].Type())
			}
		case "coalesce":
			for _, a := range x.Args {
				if a.Type().Kind() != x.T.Kind() {
					fail("%s is %s", text(e), x.T)
				}
			}
		case plan.OpAdd, plan.OpSub, plan.OpMul, plan.OpDiv, plan.OpMod, plan.OpIntDiv:
			for _, a := range x.Args {
				if !a.Type().IsNumeric() || (a.Type().Kind() == vec.F64) != (x.T.Kind() == vec.F64) && x.Func != plan.OpIntDiv {
					fail("%s computes with %s", text(e), a.Type())
				}
			}
		}
	case *plan.InList:
		for _, c := range x.List {
			if !same(c.T, x.Arg.Type()) {
				fail("%s lists %s", text(e), c.T)
			}
		}
	case *plan.Case:
		for _, w := range x.Whens {
			if w.Cond.Type().Kind() != vec.Bool || w.Then.Type().Kind() != x.T.Kind() || w.Then.Type().Scale != x.T.Scale {
				fail("%s is %s", text(e), x.T)
			}
		}
		if x.Else != nil && (x.Else.Type().Kind() != x.T.Kind() || x.Else.Type().Scale != x.T.Scale) {
			fail("%s is %s", text(e), x.T)
		}
	case *plan.Subquery:
		for i, l := range x.Left {
			if c := x.Plan.Columns()[i]; !same(l.Type(), c.Type) {
				fail("%s compares %s with %s", text(e), l.Type(), c.Type)
			}
		}
	case *plan.Const:
		if !holds(x) {
			fail("constant %v of %s", x.Value, x.T)
		}
	case *plan.ColumnRef, *plan.Param, *plan.Cast, *plan.HashMask:
	}
}

// holds reports whether a constant is held as its kind is.
func holds(c *plan.Const) bool {
	ok := true
	switch c.T.Kind() {
	case vec.Bool:
		_, ok = c.Value.(bool)
	case vec.I32:
		_, ok = c.Value.(int32)
	case vec.I64:
		_, ok = c.Value.(int64)
	case vec.U64:
		_, ok = c.Value.(uint64)
	case vec.F64:
		_, ok = c.Value.(float64)
	case vec.I128:
		_, ok = c.Value.(vec.Int128)
	case vec.Bytes:
		_, ok = c.Value.(string)
	default:
	}
	return ok || c.Value == nil
}
