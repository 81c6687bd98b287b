package governance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/meshql/meshql/planner/plan"
)

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
	sorted := make([]plan.Expr, len(terms))
	for i, t := range terms {
		sorted[i] = t.e
	}
	if len(sorted) > 1 {
		return &plan.Call{Func: op, Args: sorted, T: plan.BoolType}
	}
	if len(sorted) == 1 {
		return sorted[0]
	}
	return nil
}

func same(a, b plan.Expr) bool { return canonical(a) == canonical(b) }
