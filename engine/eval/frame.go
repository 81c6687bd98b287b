package eval

import (
	"unsafe"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// kernel computes one batch of a function whose result is NULL where any
// argument is. It is called once a batch, so what it captures is dispatched
// once a batch.
type kernel func(f *frame) error

// callNode evaluates a kernel over arguments.
type callNode struct {
	args   []node
	t      mysqltype.Type
	kernel kernel
	frame  frame
	// volatile says that equal arguments may give other results, so that
	// constant arguments still mean one evaluation a row.
	volatile bool
	// nullable arguments, at the end, may be NULL without the result being so;
	// the kernel looks for itself.
	nullable int
}

// frame is what a kernel works on.
type frame struct {
	scratch
	r    *run
	args []*vec.Vector // flat or constant
	out  *vec.Vector   // flat, n rows; Nulls is set where an argument is NULL
	n    int
	// live are the selected rows whose arguments are not NULL; nil is all n.
	// Kernels that may warn or fail visit only these.
	live vec.Selection

	str      stringWriter
	liveBuf  vec.Selection
	ownNulls bool
}

func (c *callNode) eval(r *run, sel vec.Selection) (*vec.Vector, error) {
	if empty(sel, r.n) {
		return null(c.t, r.n), nil
	}
	f := &c.frame
	if cap(f.args) < len(c.args) {
		f.args = make([]*vec.Vector, len(c.args))
	}
	f.args = f.args[:len(c.args)]
	constant := !c.volatile
	for i, a := range c.args {
		v, err := a.eval(r, sel)
		if err != nil {
			return nil, err
		}
		if v.Form == vec.Dictionary {
			v = vec.FlattenSel(v, sel)
		}
		f.args[i] = v
		constant = constant && v.Form == vec.Constant
	}
	n := r.n
	if constant {
		n, sel = 1, nil
	}
	nulls, all := vec.UnionNulls(n, f.args[:len(f.args)-c.nullable]...)
	if all {
		return null(c.t, r.n), nil
	}
	f.r, f.n = r, n
	f.out = f.flat(c.t.Kind(), n)
	f.out.Nulls, f.ownNulls = nulls, false
	f.live = f.survivors(sel, nulls)
	if f.live != nil && len(f.live) == 0 {
		return null(c.t, r.n), nil
	}
	if c.t.Kind() == vec.Bytes {
		f.str.start(n, r.env.Budget)
	}
	if err := c.kernel(f); err != nil {
		return nil, err
	}
	if c.t.Kind() == vec.Bytes && f.out.Str.Views == nil && f.out.Str.Off == nil {
		f.out.Str = f.str.finish()
	}
	if constant {
		return asConstant(f.out, r.n), nil
	}
	return f.out, nil
}

// survivors returns the rows of sel that are not NULL, nil if that is all n.
func (f *frame) survivors(sel vec.Selection, nulls vec.Bitmap) vec.Selection {
	if nulls == nil {
		return sel
	}
	out := f.liveBuf[:0]
	if out == nil {
		out = make(vec.Selection, 0, f.n)
	}
	if sel == nil {
		for i := range f.n {
			if !nulls.Get(i) {
				out = append(out, uint32(i))
			}
		}
	} else {
		for _, i := range sel {
			if !nulls.Get(int(i)) {
				out = append(out, i)
			}
		}
	}
	f.liveBuf = out
	return out
}

// rows returns the live rows as a list.
func (f *frame) rows() vec.Selection {
	if f.live != nil {
		return f.live
	}
	if cap(f.liveBuf) < f.n {
		f.liveBuf = make(vec.Selection, f.n)
	}
	f.liveBuf = f.liveBuf[:f.n]
	for i := range f.liveBuf {
		f.liveBuf[i] = uint32(i)
	}
	return f.liveBuf
}

// null makes row i NULL.
func (f *frame) null(i int) {
	if !f.ownNulls {
		b := f.bitmap(f.n)
		copy(b, f.out.Nulls)
		f.out.Nulls, f.ownNulls = b, true
	}
	f.out.Nulls.Set(i)
}

// tooLong makes row i NULL because its string is longer than a packet may be.
func (f *frame) tooLong(i int) {
	f.null(i)
	f.warn(warnTooLong)
}

func (f *frame) warn(w warning) { f.r.warning(w) }

// Typed arguments. The kind is checked at Compile.

func (f *frame) bools(i int) vec.Operand[bool] { return vec.NewOperand(f.args[i], f.args[i].Bool) }
func (f *frame) i32(i int) vec.Operand[int32]  { return vec.NewOperand(f.args[i], f.args[i].I32) }
func (f *frame) i64(i int) vec.Operand[int64]  { return vec.NewOperand(f.args[i], f.args[i].I64) }
func (f *frame) u64(i int) vec.Operand[uint64] { return vec.NewOperand(f.args[i], f.args[i].U64) }
func (f *frame) f64(i int) vec.Operand[float64] {
	return vec.NewOperand(f.args[i], f.args[i].F64)
}
func (f *frame) i128(i int) vec.Operand[vec.Int128] {
	return vec.NewOperand(f.args[i], f.args[i].I128)
}
func (f *frame) text(i int) textOperand {
	mask := -1
	if f.args[i].Form == vec.Constant {
		mask = 0
	}
	return textOperand{&f.args[i].Str, mask}
}

// textOperand is a string argument.
type textOperand struct {
	s    *vec.Strings
	mask int
}

// at returns the bytes of row i, which must not be written.
func (t textOperand) at(i int) []byte { return t.s.At(i & t.mask) }

// stringWriter builds the strings of a flat vector in ascending row order; rows
// that are skipped are empty.
type stringWriter struct {
	data    []byte
	off     []uint32
	next    int // the row that follows
	n       int
	budget  *vec.Budget
	charged int64
}

// maxPacket is max_allowed_packet: no string function gives a longer string.
const maxPacket = 64 << 20

// maxStringBatch bounds the strings of one batch, whatever the budget is.
const maxStringBatch = 1 << 30

func (w *stringWriter) start(n int, budget *vec.Budget) {
	w.data, w.off = w.data[:0], grow(w.off, n+1)
	w.off[0], w.next, w.n, w.budget = 0, 0, n, budget
}

// reserve makes sure that size more bytes are within the budget.
func (w *stringWriter) reserve(size int) error {
	need := int64(len(w.data)) + int64(size)
	if need > maxStringBatch {
		return mysqlerr.MemoryBudget()
	}
	if need <= w.charged || need < 1<<16 {
		return nil
	}
	need += need / 4
	if err := w.budget.Reserve(need - w.charged); err != nil {
		return mysqlerr.MemoryBudget().With(err)
	}
	w.charged = need
	return nil
}

// begin skips to row i and returns the buffer to append its string to; end must
// follow with what append gave.
func (w *stringWriter) begin(i int) []byte {
	for ; w.next < i; w.next++ {
		w.off[w.next+1] = uint32(len(w.data))
	}
	return w.data
}

func (w *stringWriter) end(data []byte) error {
	w.data = data
	w.next++
	w.off[w.next] = uint32(len(data))
	return w.reserve(0)
}

// put makes s the string of row i.
func (w *stringWriter) put(i int, s []byte) error {
	return w.end(append(w.begin(i), s...))
}

func (w *stringWriter) finish() vec.Strings {
	w.begin(w.n)
	return vec.Strings{Data: w.data, Off: w.off}
}

// str returns b as a string that aliases it.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
