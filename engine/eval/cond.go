package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// branches is CASE: each result is evaluated
// on the rows that reach it, and the parts are put together.
type branches struct {
	t     mysqltype.Type
	conds []node // Bool
	thens []node // of type t; one more than conds: ELSE

	out        parts
	hit        vec.Selection
	open, next vec.Selection
}

func (c *compiler) compileCase(e *plan.Case) (node, error) {
	n := &branches{t: e.T}
	for _, w := range e.Whens {
		if err := n.addWhen(c, w.Cond, w.Then); err != nil {
			return nil, err
		}
	}
	return n, n.addElse(c, e.Else)
}

func (n *branches) addWhen(c *compiler, cond, then plan.Expr) error {
	if v, ok := constValue(cond); !(ok && v == nil) && cond.Type().Kind() != vec.Bool {
		return internal("condition is %s", cond.Type())
	}
	k, err := c.as(cond, boolType)
	if err != nil {
		return err
	}
	t, err := n.result(c, then)
	if err != nil {
		return err
	}
	n.conds, n.thens = append(n.conds, k), append(n.thens, t)
	return nil
}

func (n *branches) addElse(c *compiler, e plan.Expr) error {
	if e == nil {
		n.thens = append(n.thens, newConst(n.t.Kind(), nil))
		return nil
	}
	t, err := n.result(c, e)
	n.thens = append(n.thens, t)
	return err
}

// result compiles a branch, whose type must be the whole's.
func (n *branches) result(c *compiler, e plan.Expr) (node, error) {
	if v, ok := constValue(e); ok && v == nil {
		return newConst(n.t.Kind(), nil), nil
	}
	return c.as(e, n.t)
}

func (n *branches) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(n.t, r.n), nil
	}
	parts := &n.out
	parts.start(n.t.Kind(), r.n)
	open := sel
	for i, cond := range n.conds {
		v, err := cond.eval(r, open)
		if err != nil {
			return nil, err
		}
		hit := vec.SelectTrue(withRows(v, r.n), open, n.hit)
		if n.hit = hit; len(hit) == 0 {
			continue
		}
		whole := len(hit) == open.Count(r.n)
		if whole && open.Count(r.n) == sel.Count(r.n) {
			return n.thens[i].eval(r, sel)
		}
		if err := parts.eval(n.thens[i], r, hit); err != nil {
			return nil, err
		}
		n.open, n.next = n.next, n.open
		n.open = except(open, hit, r.n, n.open)
		if open = n.open; len(open) == 0 {
			return parts.vector(), nil
		}
	}
	if open.Count(r.n) == sel.Count(r.n) {
		return n.thens[len(n.conds)].eval(r, sel)
	}
	if err := parts.eval(n.thens[len(n.conds)], r, open); err != nil {
		return nil, err
	}
	return parts.vector(), nil
}

// coalesce gives the first argument that is not NULL; each is evaluated on the
// rows where those before it are.
type coalesce struct {
	t    mysqltype.Type
	args []node
	out  parts
}

func (n *coalesce) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(n.t, r.n), nil
	}
	parts := &n.out
	parts.start(n.t.Kind(), r.n)
	open := sel
	for k, a := range n.args {
		v, err := a.eval(r, open)
		if err != nil {
			return nil, err
		}
		if k == 0 && (v.Nulls == nil || len(n.args) == 1) {
			return v, nil
		}
		var missing, hit vec.Selection
		eachRow(open, r.n, func(i int) {
			if v.IsNull(i) {
				missing = append(missing, uint32(i))
			} else {
				hit = append(hit, uint32(i))
			}
		})
		parts.put(v, hit)
		if open = missing; len(open) == 0 {
			return parts.vector(), nil
		}
	}
	parts.nullRows(open)
	return parts.vector(), nil
}

// parts puts a vector together from evaluations on disjoint rows. Strings alias
// the parts.
type parts struct {
	scratch
	views []string
	out   *vec.Vector
}

// start begins a vector of kind k and n rows in the memory of the last.
func (p *parts) start(k vec.Kind, n int) {
	p.out = p.flat(k, n)
	if k == vec.Bytes {
		p.views = grow(p.views, n)
		p.out.Str.Views = p.views
	}
}

func (p *parts) vector() *vec.Vector { return p.out }

func (p *parts) eval(n node, r *run, sel vec.Selection) error {
	v, err := n.eval(r, sel)
	if err != nil {
		return err
	}
	p.put(v, sel)
	return nil
}

func (p *parts) nullRows(sel vec.Selection) {
	if p.out.Nulls == nil {
		p.out.Nulls = p.bitmap(p.out.N)
	}
	for _, i := range sel {
		p.out.Nulls.Set(int(i))
	}
}

// put copies rows sel of v.
func (p *parts) put(v *vec.Vector, sel vec.Selection) {
	if v.Nulls != nil {
		if v.Form == vec.Constant {
			if v.IsNull(0) {
				p.nullRows(sel)
				return
			}
		} else {
			for _, i := range sel {
				if v.Nulls.Get(int(i)) {
					if p.out.Nulls == nil {
						p.out.Nulls = p.bitmap(p.out.N)
					}
					p.out.Nulls.Set(int(i))
				}
			}
		}
	}
	if v.Form == vec.Dictionary {
		v = vec.FlattenSel(v, sel)
	}
	mask := -1
	if v.Form == vec.Constant {
		mask = 0
	}
	out := p.out
	switch v.Kind {
	case vec.Bool:
		scatter(out.Bool, v.Bool, mask, sel)
	case vec.I32:
		scatter(out.I32, v.I32, mask, sel)
	case vec.I64:
		scatter(out.I64, v.I64, mask, sel)
	case vec.U64:
		scatter(out.U64, v.U64, mask, sel)
	case vec.F64:
		scatter(out.F64, v.F64, mask, sel)
	case vec.I128:
		scatter(out.I128, v.I128, mask, sel)
	case vec.Bytes:
		for _, i := range sel {
			out.Str.Views[i] = v.Str.View(int(i) & mask)
		}
	case vec.Invalid:
	}
}

func scatter[T any](dst, src []T, mask int, sel vec.Selection) {
	for _, i := range sel {
		dst[i] = src[int(i)&mask]
	}
}

// except returns the rows of sel (nil: all n) that are not in sub, a subset, in
// the memory of out. The result is never nil.
func except(sel, sub vec.Selection, n int, out vec.Selection) vec.Selection {
	out, k := grow(out, n)[:0], 0
	eachRow(sel, n, func(i int) {
		if k < len(sub) && int(sub[k]) == i {
			k++
			return
		}
		out = append(out, uint32(i))
	})
	return out
}

// compileCondition compiles COALESCE, GREATEST and LEAST; nil if e is none.
func (c *compiler) compileCondition(e *plan.Call) (node, error) {
	switch e.Func {
	case "coalesce":
		if err := arity(e, 1, 255); err != nil {
			return nil, err
		}
		args, err := c.allAs(e.Args, e.T)
		return &coalesce{t: e.T, args: args}, err
	case "greatest", "least":
		return c.compileExtreme(e)
	}
	return nil, nil
}
