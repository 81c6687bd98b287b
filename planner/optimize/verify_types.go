package optimize

import (
	"fmt"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// sameType compares types without the hint NotNull.
func sameType(a, b mysqltype.Type) bool {
	a.NotNull, b.NotNull = false, false
	return a == b
}

// sameValues reports whether values are represented alike in a and b.
func sameValues(a, b mysqltype.Type) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	return a.ID != mysqltype.Decimal && b.ID != mysqltype.Decimal || a.ID == b.ID && a.Scale == b.Scale
}

// comparable reports whether the kernels compare values of a and b directly.
func comparable(a, b mysqltype.Type) bool {
	if a.ID == mysqltype.Null || b.ID == mysqltype.Null {
		return true
	}
	if a.Kind() != b.Kind() {
		return false
	}
	if a.ID == mysqltype.Decimal || b.ID == mysqltype.Decimal {
		return a.ID == b.ID && a.Scale == b.Scale
	}
	if a.IsTemporal() != b.IsTemporal() {
		return false
	}
	return true
}

// verifyCall checks the arguments of operators where that is cheap.
func verifyCall(e *plan.Call) error {
	switch {
	case e.Func == plan.OpAnd || e.Func == plan.OpOr || e.Func == plan.OpNot || e.Func == plan.OpXor || e.Func == plan.OpIsTrue:
		for _, a := range e.Args {
			if t := a.Type().ID; t != mysqltype.Bool && t != mysqltype.Null {
				return fmt.Errorf("%s over %v", e.Func, a.Type())
			}
		}
	case plan.IsComparison(e.Func):
		if len(e.Args) != 2 {
			return fmt.Errorf("%s of %d arguments", e.Func, len(e.Args))
		}
		if a, b := e.Args[0].Type(), e.Args[1].Type(); !comparable(a, b) {
			return fmt.Errorf("%v %s %v", a, e.Func, b)
		}
	}
	return nil
}
