package eval

import (
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

var comparisons = map[string]vec.CompareOp{
	plan.OpEq: vec.Equal, plan.OpNe: vec.NotEqual, plan.OpLt: vec.Less,
	plan.OpLe: vec.LessEqual, plan.OpGt: vec.Greater, plan.OpGe: vec.GreaterEqual,
	plan.OpNullEq: vec.Equal,
}

func (c *compiler) compileComparison(e *plan.Call) (node, error) {
	if len(e.Args) != 2 {
		return nil, internal("%s of %d arguments", e.Func, len(e.Args))
	}
	t, err := comparedAs(e)
	if err != nil {
		return nil, err
	}
	args, err := c.strictArgs(e, t.Kind())
	if err != nil {
		return nil, err
	}
	op, collate := comparisons[e.Func], mysqlfn.Collator(t)
	if e.Func == plan.OpNullEq {
		return &nullEqual{a: args[0], b: args[1], collate: collate}, nil
	}
	return call(boolType, func(f *frame) error {
		compare(op, f.args[0], f.args[1], f.live, f.out.Bool, collate)
		return nil
	}, args...), nil
}

// comparedAs returns the type that both arguments of a comparison have.
func comparedAs(e *plan.Call) (mysqltype.Type, error) {
	a, b := e.Args[0].Type(), e.Args[1].Type()
	if v, ok := constValue(e.Args[0]); ok && v == nil {
		return b, nil
	}
	if v, ok := constValue(e.Args[1]); ok && v == nil {
		return a, nil
	}
	scaled := a.ID == mysqltype.Decimal || b.ID == mysqltype.Decimal
	if a.Kind() != b.Kind() || scaled && (a.ID != b.ID || a.Scale != b.Scale) ||
		a.IsTemporal() && a.ID != b.ID || a.IsString() && a.Collation != b.Collation {
		return a, internal("%s of %s and %s", e.Func, a, b)
	}
	return a, nil
}

// compare is vec.Compare for any two flat or constant vectors; collate, if not
// nil, orders strings.
func compare(op vec.CompareOp, a, b *vec.Vector, sel vec.Selection, out []bool, collate mysqlfn.Compare) {
	if collate != nil {
		x, y := operandText(a), operandText(b)
		eachRow(sel, len(out), func(i int) { out[i] = op.Holds(collate(x.at(i), y.at(i))) })
		return
	}
	if a.Form == vec.Constant && b.Form == vec.Constant {
		a = vec.Flatten(a)
	}
	vec.Compare(op, a, b, sel, out)
}

func operandText(v *vec.Vector) textOperand {
	if v.Form == vec.Constant {
		return textOperand{&v.Str, 0}
	}
	return textOperand{&v.Str, -1}
}

// nullEqual is <=>.
type nullEqual struct {
	scratch
	a, b    node
	collate mysqlfn.Compare
}

func (e *nullEqual) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(boolType, r.n), nil
	}
	a, err := e.a.eval(r, sel)
	if err != nil {
		return nil, err
	}
	b, err := e.b.eval(r, sel)
	if err != nil {
		return nil, err
	}
	if a.Form == vec.Dictionary {
		a = vec.FlattenSel(a, sel)
	}
	if b.Form == vec.Dictionary {
		b = vec.FlattenSel(b, sel)
	}
	out := e.flat(vec.Bool, r.n)
	compare(vec.Equal, withRows(a, r.n), withRows(b, r.n), sel, out.Bool, e.collate)
	if a.Nulls != nil || b.Nulls != nil {
		eachRow(sel, r.n, func(i int) {
			if x, y := a.IsNull(i), b.IsNull(i); x || y {
				out.Bool[i] = x && y
			}
		})
	}
	return out, nil
}

// withRows returns v as a vector of n rows.
func withRows(v *vec.Vector, n int) *vec.Vector {
	if v.N == n {
		return v
	}
	c := *v
	c.N = n
	return &c
}
