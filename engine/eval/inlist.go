package eval

import (
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// inList is IN over constants: a hash set, or a few comparisons.
type inList struct {
	scratch
	arg     node
	negate  bool
	hasNull bool // x IN (…, NULL) is NULL where it is not TRUE
	member  func(v *vec.Vector, sel vec.Selection, out []bool)
}

func (c *compiler) compileInList(e *plan.InList) (node, error) {
	t := e.Arg.Type()
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	n := &inList{arg: arg, negate: e.Negate}
	var list []*plan.Const
	for _, k := range e.List {
		if k.Value == nil {
			n.hasNull = true
			continue
		}
		if !holds(t.Kind(), k.Value) {
			return nil, internal("IN over %s with %T", t, k.Value)
		}
		list = append(list, k)
	}
	n.member, err = memberKernel(t.Kind(), list, mysqlfn.CollationKey(t))
	return n, err
}

func memberKernel(k vec.Kind, list []*plan.Const, key func([]byte) []byte) (func(*vec.Vector, vec.Selection, []bool), error) {
	switch k {
	case vec.Bool:
		set := setOf[bool](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.Bool, sel, out) }, nil
	case vec.I32:
		set := setOf[int32](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.I32, sel, out) }, nil
	case vec.I64:
		set := setOf[int64](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.I64, sel, out) }, nil
	case vec.U64:
		set := setOf[uint64](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.U64, sel, out) }, nil
	case vec.F64:
		set := setOf[float64](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.F64, sel, out) }, nil
	case vec.I128:
		set := setOf[vec.Int128](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) { members(set, v.I128, sel, out) }, nil
	case vec.Bytes:
		return stringMembers(list, key), nil
	case vec.Invalid:
	}
	return nil, internal("IN over %s", k)
}

func setOf[T comparable](list []*plan.Const) map[T]struct{} {
	set := make(map[T]struct{}, len(list))
	for _, c := range list {
		set[c.Value.(T)] = struct{}{}
	}
	return set
}

// fewMembers is up to how many constants are compared one by one.
const fewMembers = 4

func members[T comparable](set map[T]struct{}, v []T, sel vec.Selection, out []bool) {
	if len(set) <= fewMembers {
		few := make([]T, 0, fewMembers)
		for x := range set {
			few = append(few, x)
		}
		eachRow(sel, len(out), func(i int) {
			hit := false
			for _, x := range few {
				hit = hit || v[i] == x
			}
			out[i] = hit
		})
		return
	}
	if sel == nil {
		for i := range out {
			_, out[i] = set[v[i]]
		}
		return
	}
	for _, i := range sel {
		_, out[i] = set[v[i]]
	}
}

func stringMembers(list []*plan.Const, key func([]byte) []byte) func(*vec.Vector, vec.Selection, []bool) {
	if key == nil {
		set := setOf[string](list)
		return func(v *vec.Vector, sel vec.Selection, out []bool) {
			eachRow(sel, len(out), func(i int) { _, out[i] = set[string(v.Str.At(i))] })
		}
	}
	set := make(map[string]struct{}, len(list))
	for _, c := range list {
		set[string(key([]byte(c.Value.(string))))] = struct{}{}
	}
	return func(v *vec.Vector, sel vec.Selection, out []bool) {
		eachRow(sel, len(out), func(i int) { _, out[i] = set[string(key(v.Str.At(i)))] })
	}
}

func (n *inList) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(boolType, r.n), nil
	}
	v, err := n.arg.eval(r, sel)
	if err != nil {
		return nil, err
	}
	rows, constant := r.n, v.Form == vec.Constant
	if constant {
		if v.IsNull(0) {
			return null(boolType, r.n), nil
		}
		v, sel, rows = vec.Flatten(withRows(v, 1)), nil, 1
	} else {
		v = vec.FlattenSel(v, sel)
	}
	out := n.flat(vec.Bool, rows)
	n.member(v, sel, out.Bool)
	out.Nulls = v.Nulls
	if n.hasNull {
		nulls := n.bitmap(rows)
		copy(nulls, v.Nulls)
		eachRow(sel, rows, func(i int) {
			if !out.Bool[i] {
				nulls.Set(i)
			}
		})
		out.Nulls = nulls
	}
	if n.negate {
		for i, b := range out.Bool {
			out.Bool[i] = !b
		}
	}
	if constant {
		return asConstant(out, r.n), nil
	}
	return out, nil
}
