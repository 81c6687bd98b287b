package governance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/meshql/meshql/planner/mysqltype"
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
		b = strconv.AppendInt(append(b, '#'), int64(e.ID), 10)
	case *plan.Const:
		b = appendValue(append(b, "const "...), e.Value)
	case *plan.Param:
		b = strconv.AppendQuote(append(b, '$'), e.Name)
	case *plan.Call:
		b = strconv.AppendQuote(append(b, "call "...), e.Func)
	case *plan.Cast:
		b = append(b, "cast"...)
	case *plan.Case:
		b = strconv.AppendInt(append(b, "case "...), int64(len(e.Whens)), 10)
	case *plan.InList:
		b = strconv.AppendBool(append(b, "in "...), e.Negate)
		for _, c := range e.List {
			b = appendCanonical(append(b, ' '), c)
		}
	case *plan.HashMask:
		digest := sha256.Sum256(e.Key.Key)
		b = hex.AppendEncode(strconv.AppendQuote(append(b, "hash "...), e.Key.Name), digest[:])
	case *plan.Subquery:
		b = fmt.Appendf(b, "subquery %p", e)
	}
	b = append(appendType(append(b, ':'), e.Type()), '(')
	for _, operand := range plan.Operands(e) {
		b = append(appendCanonical(b, operand), ',')
	}
	return append(b, ')')
}

// appendType writes all of a type; its String leaves out what SHOW COLUMNS does.
func appendType(b []byte, t mysqltype.Type) []byte {
	for _, field := range []int64{int64(t.ID), int64(t.Precision), int64(t.Scale), int64(t.Length), int64(t.Collation)} {
		b = append(strconv.AppendInt(b, field, 10), '.')
	}
	return strconv.AppendBool(strconv.AppendBool(b, t.Unsigned), t.NotNull)
}

// appendValue writes a constant's value with its Go type.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return strconv.AppendQuote(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	}
	return fmt.Appendf(b, "%T %#v", v, v)
}

// combine joins conditions with op ("and", "or") in canonical order, each once;
// nil for none.
func combine(op string, conditions []plan.Expr) plan.Expr {
	if len(conditions) == 1 {
		return conditions[0]
	}
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
