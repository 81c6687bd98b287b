package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var boolType = mysqltype.Type{ID: mysqltype.Bool}

func (c *compiler) compileLogic(e *plan.Call) (node, error) {
	args, err := c.strictArgs(e, vec.Bool)
	if err != nil {
		return nil, err
	}
	switch e.Func {
	case plan.OpAnd, plan.OpOr:
		if len(args) < 2 {
			return nil, internal("%s of %d arguments", e.Func, len(args))
		}
		return &junction{args: args, decisive: e.Func == plan.OpOr}, nil
	case plan.OpNot:
		if len(args) != 1 {
			return nil, internal("not of %d arguments", len(args))
		}
		return call(boolType, notKernel, args...), nil
	case plan.OpXor:
		if len(args) != 2 {
			return nil, internal("xor of %d arguments", len(args))
		}
		return call(boolType, xorKernel, args...), nil
	case plan.OpIsTrue:
		if len(args) != 1 {
			return nil, internal("istrue of %d arguments", len(args))
		}
		return &isTrue{arg: args[0]}, nil
	}
	return nil, internal("logic %s", e.Func)
}

func notKernel(f *frame) error {
	a := f.bools(0)
	for i := range f.out.Bool {
		f.out.Bool[i] = !a.At(i)
	}
	return nil
}

func xorKernel(f *frame) error {
	a, b := f.bools(0), f.bools(1)
	for i := range f.out.Bool {
		f.out.Bool[i] = a.At(i) != b.At(i)
	}
	return nil
}

// junction is AND (decisive value FALSE) or OR (TRUE): each argument is
// evaluated on the rows that those before it have not decided.
type junction struct {
	scratch
	args     []node
	decisive bool
	open     vec.Selection
}

func (j *junction) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(boolType, r.n), nil
	}
	out := j.flat(vec.Bool, r.n)
	var unknown vec.Bitmap
	open := sel
	for _, a := range j.args {
		if empty(open, r.n) {
			break
		}
		v, err := a.eval(r, open)
		if err != nil {
			return nil, err
		}
		v = vec.FlattenSel(v, open)
		n := open.Count(r.n)
		next := grow(j.open, r.n)[:n]
		k := 0
		for p := range n {
			i := p
			if open != nil {
				i = int(open[p])
			}
			if v.Nulls != nil && v.Nulls.Get(i) {
				if unknown == nil {
					unknown = j.bitmap(r.n)
				}
				unknown.Set(i)
			} else if v.Bool[i] == j.decisive {
				out.Bool[i] = j.decisive
				if unknown != nil {
					unknown.Clear(i)
				}
				continue
			}
			next[k] = uint32(i)
			k++
		}
		j.open = next
		open = next[:k]
	}
	for _, i := range open {
		out.Bool[i] = !j.decisive
	}
	out.Nulls = unknown
	return out, nil
}

// isTrue maps NULL to FALSE.
type isTrue struct {
	scratch
	arg node
}

func (n *isTrue) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	v, err := n.arg.eval(r, sel)
	if err != nil {
		return nil, err
	}
	if v.Nulls == nil {
		return v, nil
	}
	if v.Form == vec.Constant {
		return vec.NewConstant(vec.Bool, !v.IsNull(0) && v.Bool[0], r.n), nil
	}
	v = vec.FlattenSel(v, sel)
	out := n.flat(vec.Bool, r.n)
	for i := range out.Bool {
		out.Bool[i] = v.Bool[i] && !v.Nulls.Get(i)
	}
	return out, nil
}

// isNull is IS NULL on any kind.
type isNull struct {
	scratch
	arg node
}

func (n *isNull) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(boolType, r.n), nil
	}
	v, err := n.arg.eval(r, sel)
	if err != nil {
		return nil, err
	}
	if v.Form == vec.Constant || v.Nulls == nil {
		return vec.NewConstant(vec.Bool, v.IsNull(0), r.n), nil
	}
	out := n.flat(vec.Bool, r.n)
	for i := range out.Bool {
		out.Bool[i] = v.Nulls.Get(i)
	}
	return out, nil
}
