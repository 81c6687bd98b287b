package vec

import "unsafe"

// Appender is a growing column of one kind that owns its memory: what it is
// given is copied. Rows keep their number for the appender's life. As long as
// all rows come from one dictionary, it keeps codes; at the first row that does
// not, it turns them into values.
type Appender struct {
	kind    Kind
	budget  *Budget
	charged int64
	n       int
	nulls   Bitmap
	hasNull bool

	dict  *Dict // non-nil while codes are kept
	codes []uint32
	flat  Vector // storage of values; only its slices are used
	slab  []byte // the unused rest of the newest slab
}

// NewAppender returns an empty column of kind k that reserves its memory from
// budget.
func NewAppender(k Kind, budget *Budget) *Appender { return &Appender{kind: k, budget: budget} }

// Len returns the number of rows.
func (a *Appender) Len() int { return a.n }

// Bytes returns the memory that is reserved.
func (a *Appender) Bytes() int64 { return a.charged }

// Append copies the rows of v that sel names, in sel's order (nil: all). It
// returns ErrBudget, and appends nothing, if they do not fit the budget.
func (a *Appender) Append(v *Vector, sel Selection) error {
	count := sel.Count(v.N)
	if count == 0 {
		return nil
	}
	keep := v.Form == Dictionary && (a.dict == v.Dict || a.n == 0)
	if err := a.reserve(v, sel, count, keep); err != nil {
		return err
	}
	if keep {
		a.dict = v.Dict
	} else if a.dict != nil {
		a.materialise()
	}
	a.appendNulls(v, sel, count)
	if keep {
		a.codes = appendCodes(a.codes, &v.Codes, sel, v.N)
	} else {
		a.appendValues(v, sel, count)
	}
	a.n += count
	return nil
}

// AppendNulls appends n NULLs.
func (a *Appender) AppendNulls(n int) error {
	return a.Append(NewConstant(a.kind, nil, n), nil)
}

// Vector returns the rows appended so far. It shares the appender's memory and
// stays valid, with these rows, when more are appended.
func (a *Appender) Vector() *Vector {
	v := &Vector{Kind: a.kind, N: a.n}
	if a.hasNull {
		// The words of rows still to come may change: the last is copied.
		v.Nulls = append(Bitmap(nil), a.nulls...)
	}
	if a.dict != nil {
		v.Form, v.Dict = Dictionary, a.dict
		v.Codes = Codes{U32: a.codes[:a.n:a.n]}
		return v
	}
	f := &a.flat
	v.Bool, v.I32, v.I64, v.U64 = clip(f.Bool), clip(f.I32), clip(f.I64), clip(f.U64)
	v.F64, v.I128 = clip(f.F64), clip(f.I128)
	if a.kind == Bytes {
		v.Str.Views = clip(f.Str.Views)
		if v.Str.Views == nil {
			v.Str.Views = []string{}
		}
	}
	return v
}

// Reset forgets all rows and gives the memory back to the budget. Vectors taken
// before stay valid.
func (a *Appender) Reset() {
	a.budget.Release(a.charged)
	*a = Appender{kind: a.kind, budget: a.budget}
}

func (a *Appender) reserve(v *Vector, sel Selection, count int, codes bool) error {
	width := kindWidth(v.Kind)
	if codes {
		width = 4
	}
	need := int64(count)*width + int64(count+7)/8
	if v.Kind == Bytes && !codes {
		need += stringBytes(v, sel)
	}
	if !codes && a.dict != nil { // what materialising takes
		need += int64(a.n) * (kindWidth(v.Kind) - 4)
	}
	if err := a.budget.Reserve(need); err != nil {
		return err
	}
	a.charged += need
	return nil
}

func (a *Appender) materialise() {
	v := &Vector{Kind: a.kind, Form: Dictionary, N: a.n, Dict: a.dict, Codes: Codes{U32: a.codes}}
	a.flat = *Flatten(v) // strings alias the immutable dictionary, which stays alive
	a.dict, a.codes = nil, nil
}

func (a *Appender) appendNulls(v *Vector, sel Selection, count int) {
	for len(a.nulls)*64 < a.n+count {
		a.nulls = append(a.nulls, 0)
	}
	if v.Nulls == nil {
		return
	}
	for k := range count {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.IsNull(i) {
			a.nulls.Set(a.n + k)
			a.hasNull = true
		}
	}
}

func (a *Appender) appendValues(v *Vector, sel Selection, count int) {
	f := &a.flat
	if v.Form == Constant {
		c := &Vector{Kind: v.Kind, N: count}
		flattenConstant(c, &Vector{Kind: v.Kind, N: count, Bool: v.Bool, I32: v.I32, I64: v.I64, U64: v.U64, F64: v.F64, I128: v.I128, Str: v.Str})
		if v.Kind == Bytes {
			x := a.intern(v.Str.View(0))
			for range count {
				f.Str.Views = append(f.Str.Views, x)
			}
			return
		}
		v, sel = c, nil
	} else if v.Form == Dictionary {
		v = FlattenSel(v, sel)
	}
	switch v.Kind {
	case Bool:
		f.Bool = appendRows(f.Bool, v.Bool, sel, v.N)
	case I32:
		f.I32 = appendRows(f.I32, v.I32, sel, v.N)
	case I64:
		f.I64 = appendRows(f.I64, v.I64, sel, v.N)
	case U64:
		f.U64 = appendRows(f.U64, v.U64, sel, v.N)
	case F64:
		f.F64 = appendRows(f.F64, v.F64, sel, v.N)
	case I128:
		f.I128 = appendRows(f.I128, v.I128, sel, v.N)
	case Bytes:
		f.Str.Views = room(f.Str.Views, count)
		for k := range count {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			if v.IsNull(i) {
				f.Str.Views = append(f.Str.Views, "")
			} else {
				f.Str.Views = append(f.Str.Views, a.intern(v.Str.View(i)))
			}
		}
	case Invalid:
	}
}

// intern copies s into the appender's slabs.
func (a *Appender) intern(s string) string {
	if len(s) == 0 {
		return ""
	}
	if len(a.slab) < len(s) {
		a.slab = make([]byte, max(len(s), min(1<<20, max(1<<12, a.n*8))))
	}
	n := copy(a.slab, s)
	out := unsafe.String(unsafe.SliceData(a.slab), n)
	a.slab = a.slab[n:]
	return out
}

func kindWidth(k Kind) int64 {
	switch k {
	case Bool:
		return 1
	case I32:
		return 4
	case I64, U64, F64:
		return 8
	case I128, Bytes:
		return 16
	case Invalid:
	}
	return 0
}

func stringBytes(v *Vector, sel Selection) int64 {
	if v.Form == Constant {
		return int64(len(v.BytesAt(0)))
	}
	var n int64
	if sel == nil {
		for i := range v.N {
			n += int64(len(v.BytesAt(i)))
		}
		return n
	}
	for _, i := range sel {
		n += int64(len(v.BytesAt(int(i))))
	}
	return n
}

// room returns s with capacity for n more, at least doubled if it grows: the
// runtime's own growth copies a large slice five times.
func room[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s
	}
	out := make([]T, len(s), max(len(s)+n, 2*cap(s)))
	copy(out, s)
	return out
}

func appendRows[T any](dst, src []T, sel Selection, n int) []T {
	dst = room(dst, sel.Count(n))
	if sel == nil {
		return append(dst, src[:n]...)
	}
	for _, i := range sel {
		dst = append(dst, src[i])
	}
	return dst
}

func appendCodes(dst []uint32, c *Codes, sel Selection, n int) []uint32 {
	dst = room(dst, sel.Count(n))
	if sel == nil {
		for i := range n {
			dst = append(dst, uint32(c.At(i)))
		}
		return dst
	}
	for _, i := range sel {
		dst = append(dst, uint32(c.At(int(i))))
	}
	return dst
}

func clip[T any](s []T) []T { return s[:len(s):len(s)] }
