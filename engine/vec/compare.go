package vec

import (
	"bytes"
	"cmp"
)

// CompareOp is a comparison.
type CompareOp uint8

const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Mirror returns the operator with its sides exchanged.
func (op CompareOp) Mirror() CompareOp {
	switch op {
	case Less:
		return Greater
	case LessEqual:
		return GreaterEqual
	case Greater:
		return Less
	case GreaterEqual:
		return LessEqual
	case Equal, NotEqual:
	}
	return op
}

// Holds reports whether the operator holds for a three-way comparison's result.
func (op CompareOp) Holds(c int) bool {
	switch op {
	case Equal:
		return c == 0
	case NotEqual:
		return c != 0
	case Less:
		return c < 0
	case LessEqual:
		return c <= 0
	case Greater:
		return c > 0
	case GreaterEqual:
		return c >= 0
	}
	return false
}

// Compare writes a op b into out for the rows in sel (nil: all), other rows are
// undefined. a and b have one kind and are flat or constant, not both constant;
// NULLs are the caller's. Strings compare by bytes.
func Compare(op CompareOp, a, b *Vector, sel Selection, out []bool) {
	if a.Form == Constant {
		a, b, op = b, a, op.Mirror()
	}
	switch a.Kind {
	case Bool:
		compareBools(op, a, b, sel, out)
	case I32:
		compareOrdered(op, a.I32, b.I32, b.Form == Constant, sel, out)
	case I64:
		compareOrdered(op, a.I64, b.I64, b.Form == Constant, sel, out)
	case U64:
		compareOrdered(op, a.U64, b.U64, b.Form == Constant, sel, out)
	case F64:
		compareOrdered(op, a.F64, b.F64, b.Form == Constant, sel, out)
	case I128:
		compareI128(op, a, b, sel, out)
	case Bytes:
		compareBytes(op, a, b, sel, out)
	case Invalid:
	}
}

// sparse reports whether visiting sel row by row beats visiting all n rows.
func sparse(sel Selection, n int) bool { return sel != nil && len(sel)*4 < n }

func compareOrdered[T cmp.Ordered](op CompareOp, a, b []T, constant bool, sel Selection, out []bool) {
	if constant {
		compareConst(op, a, b[0], sel, out)
		return
	}
	if op == Greater || op == GreaterEqual {
		a, b, op = b, a, op.Mirror()
	}
	if sparse(sel, len(out)) {
		compareSel(op, a, b, sel, out)
		return
	}
	a, b = a[:len(out)], b[:len(out)]
	switch op {
	case Equal:
		for i, x := range a {
			out[i] = x == b[i]
		}
	case NotEqual:
		for i, x := range a {
			out[i] = x != b[i]
		}
	case Less:
		for i, x := range a {
			out[i] = x < b[i]
		}
	case LessEqual:
		for i, x := range a {
			out[i] = x <= b[i]
		}
	case Greater, GreaterEqual: // mirrored above
	}
}

func compareSel[T cmp.Ordered](op CompareOp, a, b []T, sel Selection, out []bool) {
	switch op {
	case Equal:
		for _, i := range sel {
			out[i] = a[i] == b[i]
		}
	case NotEqual:
		for _, i := range sel {
			out[i] = a[i] != b[i]
		}
	case Less:
		for _, i := range sel {
			out[i] = a[i] < b[i]
		}
	case LessEqual:
		for _, i := range sel {
			out[i] = a[i] <= b[i]
		}
	case Greater, GreaterEqual: // mirrored by the caller
	}
}

func compareConst[T cmp.Ordered](op CompareOp, a []T, c T, sel Selection, out []bool) {
	if sparse(sel, len(out)) {
		compareConstSel(op, a, c, sel, out)
		return
	}
	a = a[:len(out)]
	switch op {
	case Equal:
		for i, x := range a {
			out[i] = x == c
		}
	case NotEqual:
		for i, x := range a {
			out[i] = x != c
		}
	case Less:
		for i, x := range a {
			out[i] = x < c
		}
	case LessEqual:
		for i, x := range a {
			out[i] = x <= c
		}
	case Greater:
		for i, x := range a {
			out[i] = x > c
		}
	case GreaterEqual:
		for i, x := range a {
			out[i] = x >= c
		}
	}
}

func compareConstSel[T cmp.Ordered](op CompareOp, a []T, c T, sel Selection, out []bool) {
	switch op {
	case Equal:
		for _, i := range sel {
			out[i] = a[i] == c
		}
	case NotEqual:
		for _, i := range sel {
			out[i] = a[i] != c
		}
	case Less:
		for _, i := range sel {
			out[i] = a[i] < c
		}
	case LessEqual:
		for _, i := range sel {
			out[i] = a[i] <= c
		}
	case Greater:
		for _, i := range sel {
			out[i] = a[i] > c
		}
	case GreaterEqual:
		for _, i := range sel {
			out[i] = a[i] >= c
		}
	}
}

func compareBools(op CompareOp, a, b *Vector, sel Selection, out []bool) {
	eachRow(sel, len(out), func(i int) {
		_, j := b.index(i)
		out[i] = op.Holds(int(bit(a.Bool[i])) - int(bit(b.Bool[j])))
	})
}

func compareI128(op CompareOp, a, b *Vector, sel Selection, out []bool) {
	mask := rowMask(b)
	if sel == nil {
		for i := range out {
			out[i] = op.Holds(a.I128[i].Cmp(b.I128[i&mask]))
		}
		return
	}
	for _, i := range sel {
		out[i] = op.Holds(a.I128[i].Cmp(b.I128[int(i)&mask]))
	}
}

func compareBytes(op CompareOp, a, b *Vector, sel Selection, out []bool) {
	mask := rowMask(b)
	if op == Equal || op == NotEqual {
		want := op == Equal
		if sel == nil {
			for i := range out {
				out[i] = (string(a.Str.At(i)) == string(b.Str.At(i&mask))) == want
			}
			return
		}
		for _, i := range sel {
			out[i] = (string(a.Str.At(int(i))) == string(b.Str.At(int(i)&mask))) == want
		}
		return
	}
	if sel == nil {
		for i := range out {
			out[i] = op.Holds(bytes.Compare(a.Str.At(i), b.Str.At(i&mask)))
		}
		return
	}
	for _, i := range sel {
		out[i] = op.Holds(bytes.Compare(a.Str.At(int(i)), b.Str.At(int(i)&mask)))
	}
}

// rowMask returns what a row number is ANDed with to give the position of the
// row's value in v, which is flat or constant.
func rowMask(v *Vector) int {
	if v.Form == Constant {
		return 0
	}
	return -1
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// eachRow calls f for every row in sel (nil: all n), for kernels that are rare.
func eachRow(sel Selection, n int, f func(int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}
