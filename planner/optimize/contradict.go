package optimize

import (
	"cmp"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// bounds is what conditions say of one column: values in [low, high], the ends
// excluded if open.
type bounds struct {
	low, high         any
	openLow, openHigh bool
}

// contradict reports whether conditions that must all be true compare a column
// with constants so that no value can satisfy them.
func contradict(conds []plan.Expr) bool {
	var cols map[plan.ColumnID]*bounds
	for _, e := range conds {
		c, ok := e.(*plan.Call)
		if !ok || !plan.IsComparison(c.Func) {
			continue
		}
		op := c.Func
		ref, isRef := c.Args[0].(*plan.ColumnRef)
		k, isConst := c.Args[1].(*plan.Const)
		if !isRef || !isConst {
			ref, isRef = c.Args[1].(*plan.ColumnRef)
			k, isConst = c.Args[0].(*plan.Const)
			op = flipped[op]
		}
		if !isRef || !isConst || k.Value == nil || !exactEquality(ref.T) || !exactEquality(k.T) {
			continue
		}
		if cols == nil {
			cols = map[plan.ColumnID]*bounds{}
		}
		b := cols[ref.ID]
		if b == nil {
			b = &bounds{}
			cols[ref.ID] = b
		}
		if b.restrict(op, k.Value) {
			return true
		}
	}
	return false
}

var flipped = map[string]string{
	plan.OpEq: plan.OpEq, plan.OpNe: plan.OpNe, plan.OpLt: plan.OpGt, plan.OpGt: plan.OpLt,
	plan.OpLe: plan.OpGe, plan.OpGe: plan.OpLe, plan.OpNullEq: plan.OpNullEq,
}

// restrict adds "column op v" and reports whether nothing is left.
func (b *bounds) restrict(op string, v any) bool {
	switch op {
	case plan.OpEq:
		b.raise(v, false)
		b.lower(v, false)
	case plan.OpGt, plan.OpGe:
		b.raise(v, op == plan.OpGt)
	case plan.OpLt, plan.OpLe:
		b.lower(v, op == plan.OpLt)
	default:
		return false
	}
	if b.low == nil || b.high == nil {
		return false
	}
	c, ok := compareValues(b.low, b.high)
	return ok && (c > 0 || c == 0 && (b.openLow || b.openHigh))
}

func (b *bounds) raise(v any, open bool) {
	if c, ok := compareValues(v, b.low); b.low == nil || ok && (c > 0 || c == 0 && open) {
		b.low, b.openLow = v, open
	}
}

func (b *bounds) lower(v any, open bool) {
	if c, ok := compareValues(v, b.high); b.high == nil || ok && (c < 0 || c == 0 && open) {
		b.high, b.openHigh = v, open
	}
}

// compareValues compares physical values of one kind; strings by bytes.
func compareValues(a, b any) (int, bool) {
	switch x := a.(type) {
	case int32:
		if y, ok := b.(int32); ok {
			return cmp.Compare(x, y), true
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	case uint64:
		if y, ok := b.(uint64); ok {
			return cmp.Compare(x, y), true
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), true
		}
	case vec.Int128:
		if y, ok := b.(vec.Int128); ok {
			return x.Cmp(y), true
		}
	}
	return 0, false
}
