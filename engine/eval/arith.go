package eval

import (
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileArithmetic compiles + - * / div % and neg, in the number family of the
// result's type: the binder has cast the arguments to it.
func (c *compiler) compileArithmetic(e *plan.Call) (node, error) {
	want := 2
	if e.Func == plan.OpNeg {
		want = 1
	}
	if len(e.Args) != want {
		return nil, internal("%s of %d arguments", e.Func, len(e.Args))
	}
	types := make([]mysqltype.Type, want)
	family := e.T
	for i, a := range e.Args {
		if types[i] = a.Type(); types[i].ID == mysqltype.Null {
			if v, ok := constValue(a); ok && v == nil {
				return newConst(e.T.Kind(), nil), nil
			}
		}
		if e.Func == plan.OpIntDiv && family.IsInteger() {
			family = types[i] // div of decimals or doubles gives an integer
		}
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	var k kernel
	switch {
	case family.ID == mysqltype.Double || family.ID == mysqltype.Float:
		k = floatKernel(e.Func, e.T, types)
	case family.ID == mysqltype.Decimal:
		k = decimalKernel(e.Func, e.T, types)
	case family.IsInteger():
		k = integerKernel(e.Func, e.T, types)
	}
	if k == nil {
		return nil, internal("%s of %v giving %s", e.Func, types, e.T)
	}
	return call(e.T, k, args...), nil
}

func outOfRange(t mysqltype.Type, op string) error {
	name := "BIGINT"
	switch {
	case t.ID == mysqltype.Decimal:
		name = "DECIMAL"
	case t.ID == mysqltype.Double || t.ID == mysqltype.Float:
		name = "DOUBLE"
	case t.Unsigned:
		name = "BIGINT UNSIGNED"
	}
	return mysqlerr.OutOfRange(name, op)
}

// integerArg is an operand of any integer type, read as 128 bits.
type integerArg struct {
	i64 vec.Operand[int64]
	u64 vec.Operand[uint64]
	uns bool
}

func (f *frame) integer(i int) integerArg {
	if f.args[i].Kind == vec.U64 {
		return integerArg{u64: f.u64(i), uns: true}
	}
	return integerArg{i64: f.i64(i)}
}

func (a integerArg) at(i int) vec.Int128 {
	if a.uns {
		return vec.Int128FromUint(a.u64.At(i))
	}
	return vec.Int128From(a.i64.At(i))
}

// setInteger stores x as row i of an I64 or U64 result, and reports whether it
// fits.
func (f *frame) setInteger(i int, x vec.Int128) bool {
	if f.out.Kind == vec.U64 {
		f.out.U64[i] = x.Lo
		return x.Hi == 0
	}
	f.out.I64[i] = int64(x.Lo)
	_, ok := x.Int64()
	return ok
}

func integerTypes(types []mysqltype.Type) (ok, signed bool) {
	signed = true
	for _, t := range types {
		switch t.Kind() {
		case vec.I64:
		case vec.U64:
			signed = false
		default:
			return false, false
		}
		if !t.IsInteger() {
			return false, false
		}
	}
	return true, signed
}

func integerKernel(op string, t mysqltype.Type, types []mysqltype.Type) kernel {
	ok, signed := integerTypes(types)
	if !ok || t.Kind() != vec.I64 && t.Kind() != vec.U64 {
		return nil
	}
	signed = signed && t.Kind() == vec.I64
	switch op {
	case plan.OpAdd:
		if signed {
			return func(f *frame) error {
				if vec.AddI64(f.i64(0), f.i64(1), f.out.I64) {
					return nil
				}
				return wideIntegers(f, t, op)
			}
		}
	case plan.OpSub:
		if signed {
			return func(f *frame) error {
				if vec.SubI64(f.i64(0), f.i64(1), f.out.I64) {
					return nil
				}
				return wideIntegers(f, t, op)
			}
		}
	case plan.OpMul:
		if signed {
			return func(f *frame) error {
				if vec.MulI64(f.i64(0), f.i64(1), f.out.I64) {
					return nil
				}
				return wideIntegers(f, t, op)
			}
		}
	case plan.OpIntDiv, plan.OpMod, plan.OpNeg:
	default:
		return nil
	}
	return func(f *frame) error { return wideIntegers(f, t, op) }
}

// wideIntegers computes the live rows in 128 bits, checked.
func wideIntegers(f *frame, t mysqltype.Type, op string) error {
	a := f.integer(0)
	b := a
	if len(f.args) > 1 {
		b = f.integer(1)
	}
	for _, row := range f.rows() {
		i := int(row)
		x, y := a.at(i), b.at(i)
		var r vec.Int128
		switch op {
		case plan.OpAdd:
			r, _ = x.Add(y)
		case plan.OpSub:
			r, _ = x.Sub(y)
		case plan.OpMul:
			var ok bool
			if r, ok = x.Mul(y); !ok {
				return outOfRange(t, op)
			}
		case plan.OpNeg:
			r = x.Neg()
		default:
			if y.IsZero() {
				f.null(i)
				f.warn(warnDivisionByZero)
				continue
			}
			q, rem := x.QuoRem(y)
			if r = rem; op == plan.OpIntDiv {
				r = q
			}
		}
		if !f.setInteger(i, r) {
			return outOfRange(t, op)
		}
	}
	return nil
}
