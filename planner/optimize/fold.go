package optimize

import (
	"github.com/meshql/meshql/planner/plan"
)

// foldConstants evaluates what has no columns and simplifies conditions by the
// laws of three-valued logic. A filter that nothing passes becomes no rows.
func foldConstants(p *pass, root plan.Node) (plan.Node, error) {
	protected := belowGoverned(root)
	return p.transform(root, func(n plan.Node) (plan.Node, error) {
		if protected[n] {
			return n, nil
		}
		old := n
		n = plan.MapExprs(n, func(e plan.Expr) plan.Expr {
			if r, ok := e.(*plan.ColumnRef); ok {
				return r
			}
			return plan.MapExpr(e, p.simplify)
		})
		switch x := n.(type) {
		case *plan.Filter:
			out := simplifyFilter(x)
			if g, ok := x.Input.(*plan.Governed); ok && !keepsCrossed(out, g) {
				return old, nil
			}
			return out, nil
		case *plan.Join:
			return simplifyOn(x), nil
		default:
		}
		return n, nil
	})
}

// keepsCrossed reports whether n, which was a filter over g, still has what
// must stay above of the predicates that crossed.
func keepsCrossed(n plan.Node, g *plan.Governed) bool {
	var above []plan.Expr
	switch x := n.(type) {
	case *plan.Values:
		return true
	case *plan.Filter:
		above = plan.Conjuncts(x.Cond)
	default:
	}
	return verifyGoverned(g, above) == nil
}

// simplifyFilter drops what a filter need not ask.
func simplifyFilter(n *plan.Filter) plan.Node {
	conds := plan.Conjuncts(n.Cond)
	out, never := simplifyConjuncts(conds)
	switch {
	case never:
		return &plan.Values{Cols: n.Columns()}
	case len(out) == 0:
		return n.Input
	case sameExprs(conds, out):
		return n
	}
	return filter(n.Input, out...)
}

func simplifyOn(n *plan.Join) plan.Node {
	if n.On == nil {
		return n
	}
	conds := plan.Conjuncts(n.On)
	out, never := simplifyConjuncts(conds)
	if never {
		out = []plan.Expr{plan.False()}
	}
	if len(out) > 0 && sameExprs(conds, out) {
		return n
	}
	c := *n
	c.On = plan.And(out...)
	return &c
}

func sameExprs(a, b []plan.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// simplifyConjuncts simplifies conditions that must all be true: NULL is as
// good as false there. It reports whether they never are.
func simplifyConjuncts(conds []plan.Expr) (out []plan.Expr, never bool) {
	for _, c := range conds {
		c = strict(c)
		if isFalse(c) || isNull(c) {
			return nil, true
		}
		for _, d := range plan.Conjuncts(c) {
			if !contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out, contradict(out)
}

// strict simplifies a condition where NULL and false mean the same.
func strict(e plan.Expr) plan.Expr {
	switch x := e.(type) {
	case *plan.InList:
		if x.Negate {
			for _, c := range x.List {
				if c.Value == nil {
					return plan.False()
				}
			}
			return e
		}
		list := make([]*plan.Const, 0, len(x.List))
		for _, c := range x.List {
			if c.Value != nil {
				list = append(list, c)
			}
		}
		switch len(list) {
		case len(x.List):
			return e
		case 0:
			return plan.False()
		case 1:
			return plan.Compare(plan.OpEq, x.Arg, list[0])
		}
		return &plan.InList{Arg: x.Arg, List: list}
	case *plan.Call:
		switch x.Func {
		case plan.OpIsTrue:
			return strict(x.Args[0])
		case plan.OpAnd, plan.OpOr:
			args, changed := make([]plan.Expr, len(x.Args)), false
			for i, a := range x.Args {
				args[i] = strict(a)
				if x.Func == plan.OpOr && isNull(args[i]) {
					args[i] = plan.False()
				}
				changed = changed || args[i] != a
			}
			if changed {
				return simplifyLogic(&plan.Call{Func: x.Func, Args: args, T: x.T})
			}
		}
	default:
	}
	return e
}

func contains(es []plan.Expr, e plan.Expr) bool {
	for _, x := range es {
		if plan.Equal(x, e) {
			return true
		}
	}
	return false
}

// simplify simplifies one expression whose operands are simple already. The
// result has the same value, NULL included, and the same type.
func (p *pass) simplify(e plan.Expr) plan.Expr {
	if c := p.fold(e); c != nil {
		return c
	}
	switch x := e.(type) {
	case *plan.Call:
		switch {
		case x.Func == plan.OpAnd || x.Func == plan.OpOr:
			return simplifyLogic(x)
		case x.Func == plan.OpNot:
			return negate(x.Args[0], x)
		case x.Func == plan.OpIsTrue && (isTrue(x.Args[0]) || isFalse(x.Args[0])):
			return x.Args[0]
		case plan.IsComparison(x.Func) && x.Func != plan.OpNullEq && (isNull(x.Args[0]) || isNull(x.Args[1])) &&
			movable(x.Args[0]) && movable(x.Args[1]):
			return plan.Null(x.T)
		}
	case *plan.Cast:
		if sameType(x.Arg.Type(), x.T) {
			return x.Arg
		}
	case *plan.Case:
		return simplifyCase(x)
	case *plan.InList:
		if len(x.List) == 1 {
			op := plan.OpEq
			if x.Negate {
				op = plan.OpNe
			}
			return plan.Compare(op, x.Arg, x.List[0])
		}
	case *plan.ColumnRef, *plan.Const, *plan.Param, *plan.HashMask, *plan.Subquery:
	}
	return e
}

// fold evaluates e if it is constant.
func (p *pass) fold(e plan.Expr) plan.Expr {
	if p.opts.Fold == nil || volatile(e) {
		return nil
	}
	switch e.(type) {
	case *plan.Call, *plan.Case, *plan.InList, *plan.Cast:
	case *plan.ColumnRef, *plan.Const, *plan.Param, *plan.HashMask, *plan.Subquery:
		return nil
	}
	for _, o := range plan.Operands(e) {
		if _, ok := isConst(o); !ok {
			return nil
		}
	}
	c, err := p.opts.Fold(e)
	if err != nil || c == nil {
		return nil
	}
	return &plan.Const{Value: c.Value, T: e.Type()}
}

// simplifyLogic simplifies AND and OR.
func simplifyLogic(x *plan.Call) plan.Expr {
	and := x.Func == plan.OpAnd
	var args []plan.Expr
	var flatten func(plan.Expr) bool // reports whether the value is decided
	flatten = func(e plan.Expr) bool {
		if c, ok := e.(*plan.Call); ok && c.Func == x.Func {
			for _, a := range c.Args {
				if flatten(a) {
					return true
				}
			}
			return false
		}
		switch {
		case isTrue(e) && and, isFalse(e) && !and:
			return false
		case isFalse(e) && and, isTrue(e) && !and:
			return true
		}
		if !contains(args, e) || !movable(e) {
			args = append(args, e)
		}
		return false
	}
	if flatten(x) {
		return &plan.Const{Value: !and, T: x.T}
	}
	switch len(args) {
	case 0:
		return &plan.Const{Value: and, T: x.T}
	case 1:
		return args[0]
	}
	if !and {
		return simplifyOr(&plan.Call{Func: x.Func, Args: args, T: x.T}, x)
	}
	if sameExprs(args, x.Args) {
		return x
	}
	return &plan.Call{Func: x.Func, Args: args, T: x.T}
}

// simplifyOr takes out conditions that all branches have, and makes
// comparisons of one column with constants a list.
func simplifyOr(x, original *plan.Call) plan.Expr {
	var common []plan.Expr
	for _, c := range plan.Conjuncts(x.Args[0]) {
		all := movable(c)
		for _, a := range x.Args[1:] {
			all = all && contains(plan.Conjuncts(a), c)
		}
		if all {
			common = append(common, c)
		}
	}
	if len(common) > 0 {
		rest := make([]plan.Expr, len(x.Args))
		for i, a := range x.Args {
			var keep []plan.Expr
			for _, c := range plan.Conjuncts(a) {
				if !contains(common, c) {
					keep = append(keep, c)
				}
			}
			if len(keep) == 0 { // common OR (common AND …) is common
				return plan.And(common...)
			}
			rest[i] = plan.And(keep...)
		}
		return plan.And(append(common, simplifyLogic(&plan.Call{Func: plan.OpOr, Args: rest, T: x.T}))...)
	}
	if out := orToList(x.Args); len(out) < len(x.Args) {
		if len(out) == 1 {
			return out[0]
		}
		return &plan.Call{Func: plan.OpOr, Args: out, T: x.T}
	}
	if sameExprs(x.Args, original.Args) {
		return original
	}
	return x
}

// orToList joins "e = constant" and "e IN (…)" over equal e.
func orToList(args []plan.Expr) []plan.Expr {
	var out []plan.Expr
	for _, a := range args {
		arg, list := asList(a)
		joined := false
		for i := 0; arg != nil && i < len(out) && !joined; i++ {
			if other, values := asList(out[i]); other != nil && plan.Equal(arg, other) {
				out[i] = &plan.InList{Arg: arg, List: append(values[:len(values):len(values)], list...)}
				joined = true
			}
		}
		if !joined {
			out = append(out, a)
		}
	}
	return out
}

func asList(e plan.Expr) (plan.Expr, []*plan.Const) {
	switch x := e.(type) {
	case *plan.InList:
		if !x.Negate && movable(x.Arg) {
			return x.Arg, x.List
		}
	case *plan.Call:
		if x.Func != plan.OpEq {
			return nil, nil
		}
		if c, ok := x.Args[1].(*plan.Const); ok && movable(x.Args[0]) {
			return x.Args[0], []*plan.Const{c}
		}
		if c, ok := x.Args[0].(*plan.Const); ok && movable(x.Args[1]) {
			return x.Args[1], []*plan.Const{c}
		}
	default:
	}
	return nil, nil
}

var negated = map[string]string{
	plan.OpEq: plan.OpNe, plan.OpNe: plan.OpEq, plan.OpLt: plan.OpGe, plan.OpGe: plan.OpLt, plan.OpGt: plan.OpLe, plan.OpLe: plan.OpGt,
}

// negate returns NOT e; original if it has no simpler form.
func negate(e plan.Expr, original plan.Expr) plan.Expr {
	switch x := e.(type) {
	case *plan.Const:
		switch v := x.Value.(type) {
		case nil:
			return plan.Null(plan.BoolType)
		case bool:
			return &plan.Const{Value: !v, T: plan.BoolType}
		}
	case *plan.InList:
		return &plan.InList{Arg: x.Arg, List: x.List, Negate: !x.Negate}
	case *plan.Subquery:
		op := negated[x.Cmp]
		if op == "" {
			return original
		}
		c := *x
		c.Cmp = op
		switch x.Kind {
		case plan.AnySubquery:
			c.Kind = plan.AllSubquery
			return &c
		case plan.AllSubquery:
			c.Kind = plan.AnySubquery
			return &c
		case plan.ScalarSubquery, plan.ExistsSubquery, plan.InSubquery:
		}
	case *plan.Call:
		if op, ok := negated[x.Func]; ok {
			return &plan.Call{Func: op, Args: x.Args, T: x.T}
		}
		switch x.Func {
		case plan.OpNot:
			if x.Args[0].Type().ID == plan.BoolType.ID {
				return x.Args[0]
			}
		case plan.OpAnd, plan.OpOr:
			op := plan.OpOr
			if x.Func == plan.OpOr {
				op = plan.OpAnd
			}
			args := make([]plan.Expr, len(x.Args))
			for i, a := range x.Args {
				args[i] = negate(a, plan.Not(a))
			}
			return simplifyLogic(&plan.Call{Func: op, Args: args, T: x.T})
		}
	default:
	}
	return original
}

// simplifyCase drops branches that are never taken.
func simplifyCase(x *plan.Case) plan.Expr {
	whens, els := make([]plan.When, 0, len(x.Whens)), x.Else
	for _, w := range x.Whens {
		if isFalse(w.Cond) || isNull(w.Cond) {
			continue
		}
		if isTrue(w.Cond) {
			els = w.Then
			break
		}
		whens = append(whens, w)
	}
	if len(whens) == len(x.Whens) && els == x.Else {
		return x
	}
	if len(whens) > 0 {
		return &plan.Case{Whens: whens, Else: els, T: x.T}
	}
	if els == nil {
		return plan.Null(x.T)
	}
	if !sameType(els.Type(), x.T) {
		return &plan.Cast{Arg: els, T: x.T, Implicit: true}
	}
	return els
}
