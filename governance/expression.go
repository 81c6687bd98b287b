package governance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// rewrite returns e with every expression for which replace returns one
// replaced by it, from the top down; what was replaced is not visited again.
func rewrite(e plan.Expr, replace func(plan.Expr) plan.Expr) plan.Expr {
	if r := replace(e); r != nil {
		return r
	}
	again := func(e plan.Expr) plan.Expr { return rewrite(e, replace) }
	switch e := e.(type) {
	case *plan.ColumnRef, *plan.Const, *plan.Param, *plan.Subquery:
	case *plan.Call:
		return &plan.Call{Func: e.Func, Args: each(e.Args, again), T: e.T}
	case *plan.Cast:
		return &plan.Cast{Arg: again(e.Arg), T: e.T, Implicit: e.Implicit}
	case *plan.Case:
		c := &plan.Case{T: e.T, Whens: make([]plan.When, len(e.Whens))}
		for i, w := range e.Whens {
			c.Whens[i] = plan.When{Cond: again(w.Cond), Then: again(w.Then)}
		}
		if e.Else != nil {
			c.Else = again(e.Else)
		}
		return c
	case *plan.InList:
		return &plan.InList{Arg: again(e.Arg), List: e.List, Negate: e.Negate}
	case *plan.HashMask:
		return &plan.HashMask{Arg: again(e.Arg), Key: e.Key}
	}
	return e
}

func each(es []plan.Expr, f func(plan.Expr) plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = f(e)
	}
	return out
}

// visit calls f for e and everything in it.
func visit(e plan.Expr, f func(plan.Expr)) {
	rewrite(e, func(e plan.Expr) plan.Expr { f(e); return nil })
}

// columnsOf returns the ordinals of the columns that e reads, sorted.
func columnsOf(e plan.Expr) []int {
	var ordinals []int
	visit(e, func(e plan.Expr) {
		if c, ok := e.(*plan.ColumnRef); ok {
			ordinals = append(ordinals, int(c.ID)-1)
		}
	})
	slices.Sort(ordinals)
	return slices.Compact(ordinals)
}

// canonical writes e so that two expressions are written alike only if they
// compute the same from the same columns. Keys are written as their digests.
func canonical(e plan.Expr) string {
	return string(appendCanonical(nil, e))
}

func appendCanonical(b []byte, e plan.Expr) []byte {
	switch e := e.(type) {
	case nil:
		return append(b, '-')
	case *plan.ColumnRef:
		b = fmt.Appendf(b, "column %d", e.ID)
	case *plan.Const:
		b = fmt.Appendf(b, "const %T %#v", e.Value, e.Value)
	case *plan.Param:
		b = fmt.Appendf(b, "param %q", e.Name)
	case *plan.Call:
		b = appendAll(fmt.Appendf(b, "call %q", e.Func), e.Args...)
	case *plan.Cast:
		b = appendAll(append(b, "cast"...), e.Arg)
	case *plan.Case:
		b = append(b, "case"...)
		for _, w := range e.Whens {
			b = appendAll(b, w.Cond, w.Then)
		}
		b = appendAll(b, e.Else)
	case *plan.InList:
		b = appendAll(fmt.Appendf(b, "in %t", e.Negate), e.Arg)
		for _, c := range e.List {
			b = appendAll(b, c)
		}
	case *plan.HashMask:
		b = appendAll(fmt.Appendf(b, "hash %q %x", e.Key.Name, sha256.Sum256(e.Key.Key)), e.Arg)
	case *plan.Subquery:
		b = fmt.Appendf(b, "subquery %p", e)
	}
	return fmt.Appendf(b, ":%+v", e.Type())
}

func appendAll(b []byte, es ...plan.Expr) []byte {
	b = append(b, '(')
	for i, e := range es {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCanonical(b, e)
	}
	return append(b, ')')
}

// combine joins conditions with op ("and", "or") in canonical order, each once;
// nil for none.
func combine(op string, conditions []plan.Expr) plan.Expr {
	type term struct {
		text string
		e    plan.Expr
	}
	terms := make([]term, len(conditions))
	for i, e := range conditions {
		terms[i] = term{canonical(e), e}
	}
	slices.SortFunc(terms, func(a, b term) int { return strings.Compare(a.text, b.text) })
	terms = slices.CompactFunc(terms, func(a, b term) bool { return a.text == b.text })
	switch len(terms) {
	case 0:
		return nil
	case 1:
		return terms[0].e
	}
	call := &plan.Call{Func: op, T: mysqltype.Type{ID: mysqltype.Bool}}
	for _, t := range terms {
		call.Args = append(call.Args, t.e)
	}
	return call
}
