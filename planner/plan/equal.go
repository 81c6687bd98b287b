package plan

import "bytes"

// Equal reports whether a and b are the same expression: the same operations of
// the same types over the same columns. Subqueries are equal to themselves only.
func Equal(a, b Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	switch a := a.(type) {
	case *ColumnRef:
		b, ok := b.(*ColumnRef)
		return ok && a.ID == b.ID
	case *Const:
		b, ok := b.(*Const)
		return ok && *a == *b
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Name == b.Name
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Func == b.Func && a.T == b.T && EqualAll(a.Args, b.Args)
	case *Cast:
		b, ok := b.(*Cast)
		return ok && a.T == b.T && Equal(a.Arg, b.Arg)
	case *Case:
		b, ok := b.(*Case)
		return ok && a.T == b.T && EqualAll(Operands(a), Operands(b))
	case *InList:
		b, ok := b.(*InList)
		if !ok || a.Negate != b.Negate || len(a.List) != len(b.List) || !Equal(a.Arg, b.Arg) {
			return false
		}
		for i := range a.List {
			if *a.List[i] != *b.List[i] {
				return false
			}
		}
		return true
	case *HashMask:
		b, ok := b.(*HashMask)
		return ok && a.Key.Name == b.Key.Name && bytes.Equal(a.Key.Key, b.Key.Key) && Equal(a.Arg, b.Arg)
	case *Subquery:
	}
	return false
}

// EqualAll reports whether a and b are the same expressions in the same order.
func EqualAll(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
