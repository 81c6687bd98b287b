package eval

import (
	"math/big"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// decimalArg is an operand of a DECIMAL type, read as 128 bits.
type decimalArg struct {
	i64  vec.Operand[int64]
	i128 vec.Operand[vec.Int128]
	wide bool
}

func (f *frame) decimal(i int) decimalArg {
	if f.args[i].Kind == vec.I128 {
		return decimalArg{i128: f.i128(i), wide: true}
	}
	return decimalArg{i64: f.i64(i)}
}

func (a *decimalArg) at(i int) vec.Int128 {
	if a.wide {
		return a.i128.At(i)
	}
	return vec.Int128From(a.i64.At(i))
}

// setDecimal stores x as row i of a DECIMAL result, and reports whether it is
// within what DECIMALs hold here: 18 digits or 38.
func (f *frame) setDecimal(i int, x vec.Int128) bool {
	if f.out.Kind == vec.I64 {
		v, ok := x.Int64()
		f.out.I64[i] = v
		return ok
	}
	f.out.I128[i] = x
	return x.Fits(vec.MaxDigits)
}

func decimalKernel(op string, t mysqltype.Type, types []mysqltype.Type) kernel {
	for _, a := range types {
		if a.ID != mysqltype.Decimal {
			return nil
		}
	}
	s := make([]int, 2)
	for i, a := range types {
		s[i] = int(a.Scale)
	}
	d := decimalOp{op: op, t: t, s1: s[0], s2: s[1], scale: int(t.Scale)}
	if op == plan.OpIntDiv {
		if !t.IsInteger() {
			return nil
		}
		return d.intDiv
	}
	if t.ID != mysqltype.Decimal {
		return nil
	}
	narrow := t.Kind() == vec.I64
	for _, a := range types {
		narrow = narrow && a.Kind() == vec.I64
	}
	switch op {
	case plan.OpAdd, plan.OpSub:
		f1, ok1 := vec.Pow10Int64(d.scale - d.s1)
		f2, ok2 := vec.Pow10Int64(d.scale - d.s2)
		if narrow && ok1 && ok2 {
			n := &narrowSum{decimalOp: d, f1: f1, f2: f2}
			return n.kernel
		}
		return d.sum
	case plan.OpMul:
		if d.s1+d.s2 == d.scale {
			return d.product
		}
		return d.roundedProduct
	case plan.OpDiv:
		return d.quotient
	case plan.OpMod:
		return d.remainder
	case plan.OpNeg:
		return d.negative
	}
	return nil
}

// decimalOp is an operator on two decimals of scales s1 and s2.
type decimalOp struct {
	op            string
	t             mysqltype.Type
	s1, s2, scale int
}

func (d *decimalOp) overflow() error { return outOfRange(d.t, d.op) }

// narrowSum is + and - where arguments and result are 64-bit.
type narrowSum struct {
	decimalOp
	f1, f2 int64 // what brings the arguments to the result's scale
	a, b   []int64
}

func (d *narrowSum) kernel(f *frame) error {
	x, ok1 := scaleUp(f.i64(0), d.f1, &d.a, f.n)
	y, ok2 := scaleUp(f.i64(1), d.f2, &d.b, f.n)
	if ok1 && ok2 {
		if d.op == plan.OpAdd && vec.AddI64(x, y, f.out.I64) {
			return nil
		}
		if d.op == plan.OpSub && vec.SubI64(x, y, f.out.I64) {
			return nil
		}
	}
	return d.sum(f)
}

func scaleUp(a vec.Operand[int64], factor int64, buf *[]int64, n int) (vec.Operand[int64], bool) {
	if factor == 1 {
		return a, true
	}
	if a.Mask == 0 {
		n = 1
	}
	*buf = grow(*buf, n)
	ok := vec.MulI64(a, vec.Operand[int64]{V: []int64{factor}}, *buf)
	return vec.Operand[int64]{V: *buf, Mask: a.Mask}, ok
}

func (d *decimalOp) sum(f *frame) error {
	a, b := f.decimal(0), f.decimal(1)
	for _, row := range f.rows() {
		i := int(row)
		x, ok1 := a.at(i).Rescale(d.s1, d.scale)
		y, ok2 := b.at(i).Rescale(d.s2, d.scale)
		if d.op == plan.OpSub {
			y = y.Neg()
		}
		r, ok3 := x.Add(y)
		if !(ok1 && ok2 && ok3) || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

func (d *decimalOp) product(f *frame) error {
	if f.args[0].Kind == vec.I64 && f.args[1].Kind == vec.I64 {
		if f.out.Kind == vec.I128 { // at most 36 digits: always fits
			vec.MulWide(f.i64(0), f.i64(1), f.out.I128)
			return nil
		}
		if vec.MulI64(f.i64(0), f.i64(1), f.out.I64) {
			return nil
		}
	}
	a, b := f.decimal(0), f.decimal(1)
	for _, row := range f.rows() {
		i := int(row)
		r, ok := a.at(i).Mul(b.at(i))
		if !ok || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

// roundedProduct is a product whose scale is capped.
func (d *decimalOp) roundedProduct(f *frame) error {
	a, b := f.decimal(0), f.decimal(1)
	for _, row := range f.rows() {
		i := int(row)
		p := a.at(i).Big()
		p.Mul(p, b.at(i).Big())
		r, ok := vec.Int128FromBig(quoRoundBig(p, vec.BigPow10(d.s1+d.s2-d.scale)))
		if !ok || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

func (d *decimalOp) quotient(f *frame) error {
	a, b := f.decimal(0), f.decimal(1)
	shift := d.scale - d.s1 + d.s2
	factor, small := vec.Pow10Int64(shift)
	for _, row := range f.rows() {
		i := int(row)
		x, y := a.at(i), b.at(i)
		if y.IsZero() {
			f.null(i)
			f.warn(warnDivisionByZero)
			continue
		}
		var r vec.Int128
		ok := true
		if n, fits := x.Int64(); fits && small {
			r, _ = vec.MulInt64(n, factor).QuoRem(y)
		} else {
			r, ok = quotientBig(x, y, shift)
		}
		if !ok || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

// quotientBig returns x·10^shift / y, cut off.
func quotientBig(x, y vec.Int128, shift int) (vec.Int128, bool) {
	n, m := x.Big(), y.Big()
	if shift >= 0 {
		n.Mul(n, vec.BigPow10(shift))
	} else {
		m.Mul(m, vec.BigPow10(-shift))
	}
	return vec.Int128FromBig(n.Quo(n, m))
}

func (d *decimalOp) intDiv(f *frame) error {
	a, b := f.decimal(0), f.decimal(1)
	m := max(d.s1, d.s2)
	for _, row := range f.rows() {
		i := int(row)
		if b.at(i).IsZero() {
			f.null(i)
			f.warn(warnDivisionByZero)
			continue
		}
		x, y := d.aligned(a.at(i), b.at(i), m)
		r, ok := vec.Int128FromBig(x.Quo(x, y))
		if !ok || !f.setInteger(i, r) {
			return d.overflow()
		}
	}
	return nil
}

func (d *decimalOp) remainder(f *frame) error {
	a, b := f.decimal(0), f.decimal(1)
	m := max(d.s1, d.s2)
	for _, row := range f.rows() {
		i := int(row)
		if b.at(i).IsZero() {
			f.null(i)
			f.warn(warnDivisionByZero)
			continue
		}
		var r vec.Int128
		x, ok1 := a.at(i).Rescale(d.s1, m)
		y, ok2 := b.at(i).Rescale(d.s2, m)
		ok := true
		if ok1 && ok2 {
			_, r = x.QuoRem(y)
		} else {
			x, y := d.aligned(a.at(i), b.at(i), m)
			r, ok = vec.Int128FromBig(x.Rem(x, y))
		}
		if ok {
			r, ok = r.Rescale(m, d.scale)
		}
		if !ok || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

func (d *decimalOp) aligned(a, b vec.Int128, scale int) (x, y *big.Int) {
	x, y = a.Big(), b.Big()
	return x.Mul(x, vec.BigPow10(scale-d.s1)), y.Mul(y, vec.BigPow10(scale-d.s2))
}

func (d *decimalOp) negative(f *frame) error {
	a := f.decimal(0)
	for _, row := range f.rows() {
		i := int(row)
		r, ok := a.at(i).Neg().Rescale(d.s1, d.scale)
		if !ok || !f.setDecimal(i, r) {
			return d.overflow()
		}
	}
	return nil
}

// quoRoundBig returns a/b rounded half away from zero.
func quoRoundBig(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(b) >= 0 {
		if a.Sign()*b.Sign() < 0 {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}
