package eval

import (
	"context"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// node is a compiled expression.
type node interface {
	// eval returns r.n rows, of which those in sel (nil: all) are defined. The
	// result is not written by who receives it, and is valid until the node is
	// evaluated again.
	eval(r *run, sel vec.Selection) (*vec.Vector, error)
}

// run is one evaluation.
type run struct {
	ctx  context.Context
	b    *vec.Batch
	n    int
	env  *Env
	warn func(code uint16, msg string)
}

func (r *run) warning(w warning) {
	if r.warn != nil {
		r.warn(w.code, w.text)
	}
}

// warning is a condition that does not end a statement. Texts are constant.
type warning struct {
	code uint16
	text string
}

var (
	warnDivisionByZero   = warning{1365, "Division by 0"}
	warnOutOfRange       = warning{1264, "Out of range value in a conversion"}
	warnTooLong          = warning{1301, "Result of a string function was larger than max_allowed_packet - truncated"}
	warnDatetimeOverflow = warning{1441, "Datetime function: datetime field overflow"}
	warnInvalidArgument  = warning{3020, "Invalid argument for logarithm"}
)

// truncated is what MySQL says of a value that is no proper value of a type.
func truncated(typ string) warning {
	return warning{1292, "Truncated incorrect " + typ + " value"}
}

// empty reports whether no row is to be computed.
func empty(sel vec.Selection, n int) bool { return n == 0 || sel != nil && len(sel) == 0 }

// columnNode reads a column.
type columnNode struct{ i int }

func (c *columnNode) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	return r.b.Col(r.ctx, c.i)
}

// constNode is a value for every row.
type constNode struct {
	v vec.Vector
}

func newConst(k vec.Kind, value any) *constNode {
	return &constNode{*vec.NewConstant(k, value, 1)}
}

func (c *constNode) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	c.v.N = r.n
	return &c.v, nil
}

// constValue returns the Go value of an expression that is a constant.
func constValue(e plan.Expr) (any, bool) {
	c, ok := e.(*plan.Const)
	if !ok {
		return nil, false
	}
	return c.Value, true
}

// scratch is a node's result, reused from evaluation to evaluation.
type scratch struct {
	v     vec.Vector
	nulls vec.Bitmap
	keep  vec.Vector // the longest storage so far
}

// flat returns an empty flat vector of kind k and n rows.
func (s *scratch) flat(k vec.Kind, n int) *vec.Vector {
	s.v = vec.Vector{Kind: k, N: n}
	switch k {
	case vec.Bool:
		s.keep.Bool = grow(s.keep.Bool, n)
		s.v.Bool = s.keep.Bool
	case vec.I32:
		s.keep.I32 = grow(s.keep.I32, n)
		s.v.I32 = s.keep.I32
	case vec.I64:
		s.keep.I64 = grow(s.keep.I64, n)
		s.v.I64 = s.keep.I64
	case vec.U64:
		s.keep.U64 = grow(s.keep.U64, n)
		s.v.U64 = s.keep.U64
	case vec.F64:
		s.keep.F64 = grow(s.keep.F64, n)
		s.v.F64 = s.keep.F64
	case vec.I128:
		s.keep.I128 = grow(s.keep.I128, n)
		s.v.I128 = s.keep.I128
	case vec.Bytes: // the frame's string writer fills it
	case vec.Invalid:
	}
	return &s.v
}

// bitmap returns a zeroed bitmap for n rows, of which a node needs at most one.
func (s *scratch) bitmap(n int) vec.Bitmap {
	s.nulls = grow(s.nulls, (n+63)/64)
	clear(s.nulls)
	return s.nulls
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// asConstant returns the first row of v as a constant of n rows.
func asConstant(v *vec.Vector, n int) *vec.Vector {
	if v.Form == vec.Constant {
		v.N = n
		return v
	}
	return vec.NewConstant(v.Kind, v.Value(0), n)
}

func null(t mysqltype.Type, n int) *vec.Vector { return vec.NewConstant(t.Kind(), nil, n) }
