package plan

import (
	"slices"

	"github.com/meshql/meshql/planner/mysqltype"
)

// Total reports whether e can be evaluated on any row without an error or a
// warning.
func Total(e Expr) bool {
	ok := true
	WalkExpr(e, func(e Expr) bool {
		switch e := e.(type) {
		case *ColumnRef, *Const, *InList, *Case:
		case *Cast:
			ok = ok && widening(e.Arg.Type(), e.T)
		case *Call:
			ok = ok && totalCall(e)
		case *Param, *HashMask, *Subquery:
			ok = false
		}
		return ok
	})
	return ok
}

func totalCall(e *Call) bool {
	switch e.Func {
	case OpAnd, OpOr, OpNot, OpXor, OpIsNull, OpIsTrue:
		return true
	case OpLike:
		for _, a := range e.Args[1:] {
			if _, ok := a.(*Const); !ok {
				return false
			}
		}
		return true
	}
	return IsComparison(e.Func)
}

// widening reports whether every value of from has a value in to, so that a
// cast cannot fail, round or warn.
func widening(from, to mysqltype.Type) bool {
	switch {
	case from.IsInteger() && to.ID == mysqltype.Decimal:
		return int(to.Precision)-int(to.Scale) >= 20
	case from.IsInteger() && to.ID == mysqltype.BigInt:
		return from.Unsigned == to.Unsigned
	case from.IsNumeric() && to.ID == mysqltype.Double:
		return true
	case from.ID == mysqltype.Decimal && to.ID == mysqltype.Decimal:
		return to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale
	case from.ID == mysqltype.Date && (to.ID == mysqltype.DateTime || to.ID == mysqltype.Timestamp):
		return to.ID == mysqltype.DateTime
	case from.ID == to.ID && from.IsTemporal():
		return to.Scale >= from.Scale
	}
	return false
}

var comparisons = []string{OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpNullEq}

// IsComparison reports whether op compares two values.
func IsComparison(op string) bool { return slices.Contains(comparisons, op) }
