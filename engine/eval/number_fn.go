package eval

import (
	"math"
	"math/rand/v2"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// compileNumber compiles the functions of numbers; nil if e is none.
func (c *compiler) compileNumber(e *plan.Call) (node, error) {
	switch e.Func {
	case "abs", "ceil", "ceiling", "floor":
		return c.compileWhole(e)
	case "round", "truncate":
		return c.compileRound(e)
	case "sign":
		return c.compileSign(e)
	case "mod":
		return c.compileMod(e)
	case "pi":
		return newConst(vec.F64, math.Pi), nil
	case "atan", "atan2", "log":
		if len(e.Args) == 2 {
			return c.compileFloat2(e)
		}
		return c.compileFloat1(e)
	case "pow", "power":
		return c.compileFloat2(e)
	case "rand":
		return c.compileRand(e)
	case plan.OpBitAnd, plan.OpBitOr, plan.OpBitXor, plan.OpBitNot, plan.OpShl, plan.OpShr, "bit_count":
		return c.compileBits(e)
	}
	return c.compileFloat1(e)
}

// numeric compiles e in the family of a result's type: integer, DECIMAL of its
// own scale, or DOUBLE.
func (c *compiler) numeric(e plan.Expr, result mysqltype.Type) (node, mysqltype.Type, error) {
	t := mysqltype.Numeric(e.Type())
	if result.ID == mysqltype.Double {
		t = double
	}
	n, err := c.as(e, t)
	return n, t, err
}

// compileWhole is ABS, CEIL and FLOOR.
func (c *compiler) compileWhole(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	arg, t, err := c.numeric(e.Args[0], e.T)
	if err != nil {
		return nil, err
	}
	abs := e.Func == "abs"
	switch {
	case isFloat(t) && isFloat(e.T):
		f1 := map[string]func(float64) float64{"abs": math.Abs, "ceil": math.Ceil, "ceiling": math.Ceil, "floor": math.Floor}[e.Func]
		return call(e.T, func(f *frame) error {
			a := f.f64(0)
			for i := range f.out.F64 {
				f.out.F64[i] = f1(a.At(i))
			}
			return nil
		}, arg), nil
	case t.IsInteger() && !abs && t.Kind() == e.T.Kind():
		return arg, nil
	case t.IsInteger() && abs && e.T.IsInteger():
		return call(e.T, func(f *frame) error {
			a := f.integer(0)
			for _, i := range f.rows() {
				x := a.at(int(i))
				if x.IsNeg() {
					x = x.Neg()
				}
				if !f.setInteger(int(i), x) {
					return outOfRange(e.T, e.Func)
				}
			}
			return nil
		}, arg), nil
	case t.ID == mysqltype.Decimal && (e.T.ID == mysqltype.Decimal || e.T.IsInteger()):
		return call(e.T, func(f *frame) error { return wholeDecimals(f, e.Func, e.T, int(t.Scale)) }, arg), nil
	}
	return nil, internal("%s of %s giving %s", e.Func, t, e.T)
}

func wholeDecimals(f *frame, name string, t mysqltype.Type, scale int) error {
	a := f.decimal(0)
	unit, ok := vec.Pow10(scale)
	one := vec.Int128From(1)
	for _, row := range f.rows() {
		i := int(row)
		x := a.at(i)
		switch {
		case name == "abs":
			if x.IsNeg() {
				x = x.Neg()
			}
		case !ok:
			return outOfRange(t, name)
		default:
			q, r := x.QuoRem(unit)
			if name == "floor" && r.IsNeg() {
				q, _ = q.Sub(one)
			} else if name != "floor" && !r.IsNeg() && !r.IsZero() {
				q, _ = q.Add(one)
			}
			x = q
		}
		var fits bool
		if t.IsInteger() {
			fits = f.setInteger(i, x)
		} else {
			fits = f.setDecimal(i, x)
		}
		if !fits {
			return outOfRange(t, name)
		}
	}
	return nil
}

// compileRound is ROUND and TRUNCATE, of any number to any number of digits.
func (c *compiler) compileRound(e *plan.Call) (node, error) {
	if err := arity(e, 1, 2); err != nil {
		return nil, err
	}
	arg, t, err := c.numeric(e.Args[0], e.T)
	if err != nil {
		return nil, err
	}
	var digits node = newConst(vec.I64, int64(0))
	if len(e.Args) == 2 {
		if digits, err = c.as(e.Args[1], bigint); err != nil {
			return nil, err
		}
	}
	half := e.Func == "round"
	switch {
	case isFloat(t) && isFloat(e.T):
		return call(e.T, func(f *frame) error {
			a, d := f.f64(0), f.i64(1)
			for _, i := range f.rows() {
				f.out.F64[i] = roundFloat(a.At(int(i)), d.At(int(i)), half)
			}
			return nil
		}, arg, digits), nil
	case t.IsInteger() && e.T.IsInteger():
		return call(e.T, func(f *frame) error {
			a, d := f.integer(0), f.i64(1)
			for _, i := range f.rows() {
				x := roundExact(a.at(int(i)), 0, 0, d.At(int(i)), half)
				if !f.setInteger(int(i), x) {
					return outOfRange(e.T, e.Func)
				}
			}
			return nil
		}, arg, digits), nil
	case t.ID == mysqltype.Decimal && e.T.ID == mysqltype.Decimal:
		from, to := int(t.Scale), int(e.T.Scale)
		return call(e.T, func(f *frame) error {
			a, d := f.decimal(0), f.i64(1)
			for _, i := range f.rows() {
				x := roundExact(a.at(int(i)), from, to, d.At(int(i)), half)
				if !f.setDecimal(int(i), x) {
					return outOfRange(e.T, e.Func)
				}
			}
			return nil
		}, arg, digits), nil
	}
	return nil, internal("%s of %s giving %s", e.Func, t, e.T)
}

// roundExact rounds x of scale from, half away from zero or toward it, to
// digits after the point, and gives it at scale to.
func roundExact(x vec.Int128, from, to int, digits int64, half bool) vec.Int128 {
	digits = max(-100, min(digits, int64(to)))
	drop := from - int(digits)
	if drop > 0 {
		p, ok := vec.Pow10(drop)
		switch {
		case !ok:
			return vec.Int128{}
		case half:
			x = x.QuoRound(p)
		default:
			x, _ = x.QuoRem(p)
		}
		from = int(digits)
	}
	if from < 0 { // back to whole numbers
		p, _ := vec.Pow10(-from)
		y, ok := x.Mul(p)
		if !ok {
			return vec.Int128{Hi: math.MaxInt64, Lo: math.MaxUint64}
		}
		x, from = y, 0
	}
	y, ok := x.Rescale(from, to)
	if !ok {
		return vec.Int128{Hi: math.MaxInt64, Lo: math.MaxUint64}
	}
	return y
}

// roundFloat is MySQL's my_double_round.
func roundFloat(x float64, digits int64, half bool) float64 {
	digits = max(-400, min(digits, 400))
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	p := math.Pow(10, math.Abs(float64(digits)))
	op := math.Trunc
	if half {
		op = math.RoundToEven
	}
	switch {
	case digits < 0 && math.IsInf(p, 0):
		return 0
	case digits < 0:
		return op(x/p) * p
	}
	if y := x * p; !math.IsInf(y, 0) && !math.IsInf(p, 0) {
		return op(y) / p
	}
	return x
}

func (c *compiler) compileSign(e *plan.Call) (node, error) {
	if err := arity(e, 1, 1); err != nil {
		return nil, err
	}
	if err := integerResult(e.T); err != nil {
		return nil, err
	}
	arg, t, err := c.numeric(e.Args[0], bigint)
	if err != nil {
		return nil, err
	}
	return call(e.T, func(f *frame) error {
		if isFloat(t) {
			a := f.f64(0)
			for _, i := range f.rows() {
				x := a.At(int(i))
				f.out.I64[i] = 0
				if x > 0 {
					f.out.I64[i] = 1
				} else if x < 0 {
					f.out.I64[i] = -1
				}
			}
			return nil
		}
		at := exact(f, t, c.env)
		for _, i := range f.rows() {
			f.out.I64[i] = int64(at(int(i)).x.Cmp(vec.Int128{}))
		}
		return nil
	}, arg), nil
}

// compileMod is MOD(a, b): the operator, its arguments cast to the result's
// family.
func (c *compiler) compileMod(e *plan.Call) (node, error) {
	if err := arity(e, 2, 2); err != nil {
		return nil, err
	}
	args := make([]plan.Expr, 2)
	for i, a := range e.Args {
		t := mysqltype.Numeric(a.Type())
		switch {
		case isFloat(e.T):
			t = double
		case e.T.ID == mysqltype.Decimal:
			t = mysqltype.DecimalOf(t)
		}
		args[i] = a
		if !sameRepresentation(a.Type(), t) {
			args[i] = &plan.Cast{Arg: a, T: t, Implicit: true}
		}
	}
	return c.compileArithmetic(&plan.Call{Func: plan.OpMod, Args: args, T: e.T})
}

// compileRand is RAND(): a number from 0 to 1 a row; with a constant seed a
// sequence of its own, MySQL's.
func (c *compiler) compileRand(e *plan.Call) (node, error) {
	if err := arity(e, 0, 1); err != nil {
		return nil, err
	}
	if len(e.Args) == 0 {
		n := call(e.T, func(f *frame) error {
			for i := range f.out.F64 {
				f.out.F64[i] = rand.Float64()
			}
			return nil
		})
		n.volatile = true
		return n, nil
	}
	var seed uint64
	v, ok := constValue(e.Args[0])
	if !ok {
		return nil, mysqlerr.Unsupported("RAND() of a seed that is not constant")
	}
	switch v := v.(type) {
	case int64:
		seed = uint64(v)
	case uint64:
		seed = v
	}
	const limit = 0x3FFFFFFF
	s1 := uint64(uint32(seed*0x10001+55555555)) % limit
	s2 := uint64(uint32(seed*0x10000001)) % limit
	n := call(e.T, func(f *frame) error {
		for _, i := range f.rows() {
			s1 = (s1*3 + s2) % limit
			s2 = (s1 + s2 + 33) % limit
			f.out.F64[i] = float64(s1) / limit
		}
		return nil
	})
	n.volatile = true
	return n, nil
}

// compileBits compiles the operators on bits, over BIGINT UNSIGNED: negative
// numbers as their two's complement.
func (c *compiler) compileBits(e *plan.Call) (node, error) {
	want := 2
	if e.Func == plan.OpBitNot || e.Func == "bit_count" {
		want = 1
	}
	if err := arity(e, want, want); err != nil {
		return nil, err
	}
	args := make([]node, len(e.Args))
	for i, a := range e.Args {
		n, err := c.bits(a)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	if e.Func == "bit_count" {
		return call(e.T, func(f *frame) error {
			a := f.u64(0)
			for i := range f.out.I64 {
				f.out.I64[i] = int64(onesCount(a.At(i)))
			}
			return nil
		}, args...), integerResult(e.T)
	}
	if e.T.Kind() != vec.U64 {
		return nil, internal("%s giving %s", e.Func, e.T)
	}
	return call(e.T, func(f *frame) error {
		a := f.u64(0)
		b := a
		if len(f.args) == 2 {
			b = f.u64(1)
		}
		out := f.out.U64
		switch e.Func {
		case plan.OpBitAnd:
			for i := range out {
				out[i] = a.At(i) & b.At(i)
			}
		case plan.OpBitOr:
			for i := range out {
				out[i] = a.At(i) | b.At(i)
			}
		case plan.OpBitXor:
			for i := range out {
				out[i] = a.At(i) ^ b.At(i)
			}
		case plan.OpShl:
			for i := range out {
				out[i] = a.At(i) << min(b.At(i), 64)
			}
		case plan.OpShr:
			for i := range out {
				out[i] = a.At(i) >> min(b.At(i), 64)
			}
		case plan.OpBitNot:
			for i := range out {
				out[i] = ^a.At(i)
			}
		}
		return nil
	}, args...), nil
}

// bits compiles e as 64 bits: numbers rounded to an integer first.
func (c *compiler) bits(e plan.Expr) (node, error) {
	t := e.Type()
	if t.Kind() == vec.U64 && t.IsInteger() {
		return c.compile(e)
	}
	n, err := c.as(e, bigint)
	if err != nil {
		return nil, err
	}
	return c.convert(n, bigint, mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}, false)
}

func onesCount(x uint64) int {
	n := 0
	for ; x != 0; x &= x - 1 {
		n++
	}
	return n
}
