package eval

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"math/rand"
	"testing"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

func oneOf[T any](xs ...T) func(*rand.Rand) any {
	return func(rng *rand.Rand) any { return xs[rng.Intn(len(xs))] }
}

var (
	smallInts = func(rng *rand.Rand) any { return int64(rng.Intn(7) - 3) }
	anyInts   = oneOf[int64](0, 1, -1, 2, 1<<31, -1<<31, 1<<32+7, 3037000499, 3037000500)
	bools     = oneOf(true, false)
	floats    = oneOf(0, 1, -1, 0.5, -2.25, 1e10, 1e-10)
	texts     = oneOf("", "a", "A", "ab", "abc", "é", "zz\x00", "a%b")
)

func kindGen(k vec.Kind) func(*rand.Rand) any {
	switch k {
	case vec.Bool:
		return bools
	case vec.I32:
		return func(rng *rand.Rand) any { return int32(rng.Intn(5)) }
	case vec.I64:
		return smallInts
	case vec.U64:
		return func(rng *rand.Rand) any { return uint64(rng.Intn(5)) }
	case vec.F64:
		return floats
	case vec.I128:
		return func(rng *rand.Rand) any {
			return vec.Int128{Hi: int64(rng.Intn(3) - 1), Lo: uint64(rng.Intn(3))}
		}
	case vec.Bytes:
		return texts
	case vec.Invalid:
	}
	return nil
}

func compareValues(a, b any) int {
	switch x := a.(type) {
	case bool:
		return int(b2i(x)) - int(b2i(b.(bool)))
	case int32:
		return cmp.Compare(x, b.(int32))
	case int64:
		return cmp.Compare(x, b.(int64))
	case uint64:
		return cmp.Compare(x, b.(uint64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case vec.Int128:
		return x.Big().Cmp(b.(vec.Int128).Big())
	case string:
		return bytes.Compare([]byte(x), []byte(b.(string)))
	}
	panic("kind")
}

func b2i(b bool) int8 {
	if b {
		return 1
	}
	return 0
}

var compareTypes = []mysqltype.Type{tBool, tDate, tInt, unsigned, tDouble, dec(30, 2), tText, tMoment}

func TestCompare(t *testing.T) {
	for _, k := range compareTypes {
		gen := kindGen(k.Kind())
		for op, holds := range map[string]func(c int) bool{
			"=": func(c int) bool { return c == 0 }, "<>": func(c int) bool { return c != 0 },
			"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
			">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
		} {
			t.Run(k.String()+op, func(t *testing.T) {
				ref := strict(func(r []any) outcome { return value(holds(compareValues(r[0], r[len(r)-1]))) })
				check(t, fn(op, tBool, colRef(0, k), colRef(1, k)), []mysqltype.Type{k, k}, []func(*rand.Rand) any{gen, gen}, ref)
				x := gen(rand.New(rand.NewSource(7)))
				check(t, fn(op, tBool, colRef(0, k), lit(k, x)), []mysqltype.Type{k}, []func(*rand.Rand) any{gen},
					strict(func(r []any) outcome { return value(holds(compareValues(r[0], x))) }))
				check(t, fn(op, tBool, lit(k, x), colRef(0, k)), []mysqltype.Type{k}, []func(*rand.Rand) any{gen},
					strict(func(r []any) outcome { return value(holds(compareValues(x, r[0]))) }))
			})
		}
		t.Run(k.String()+"<=>", func(t *testing.T) {
			check(t, fn("<=>", tBool, colRef(0, k), colRef(1, k)), []mysqltype.Type{k, k}, []func(*rand.Rand) any{gen, gen}, func(r []any) outcome {
				if r[0] == nil || r[1] == nil {
					return value(r[0] == nil && r[1] == nil)
				}
				return value(compareValues(r[0], r[1]) == 0)
			})
		})
	}
}

func TestLogic(t *testing.T) {
	three := []mysqltype.Type{tBool, tBool, tBool}
	gens := []func(*rand.Rand) any{bools, bools, bools}
	args := []plan.Expr{colRef(0, tBool), colRef(1, tBool), colRef(2, tBool)}
	junction := func(decisive bool) func(r []any) outcome {
		return func(r []any) outcome {
			var out any = !decisive
			for _, x := range r {
				if x == decisive {
					return value(decisive)
				}
				if x == nil {
					out = nil
				}
			}
			return value(out)
		}
	}
	check(t, fn("and", tBool, args...), three, gens, junction(false))
	check(t, fn("or", tBool, args...), three, gens, junction(true))
	check(t, fn("or", tBool, fn("and", tBool, args[:2]...), args[2]), three, gens, func(r []any) outcome {
		return junction(true)([]any{junction(false)(r[:2]).value, r[2]})
	})
	check(t, fn("not", tBool, args[0]), three[:1], gens[:1], strict(func(r []any) outcome { return value(!r[0].(bool)) }))
	check(t, fn("xor", tBool, args[:2]...), three[:2], gens[:2], strict(func(r []any) outcome { return value(r[0] != r[1]) }))
	check(t, fn("istrue", tBool, args[0]), three[:1], gens[:1], func(r []any) outcome { return value(r[0] == true) })
	for _, k := range compareTypes {
		check(t, fn("isnull", tBool, colRef(0, k)), []mysqltype.Type{k}, []func(*rand.Rand) any{kindGen(k.Kind())}, func(r []any) outcome {
			return value(r[0] == nil)
		})
	}
}

func bigOf(x any) *big.Int {
	switch x := x.(type) {
	case int64:
		return big.NewInt(x)
	case uint64:
		return new(big.Int).SetUint64(x)
	case vec.Int128:
		return x.Big()
	}
	panic("number")
}

func integerOf(x *big.Int, t mysqltype.Type) outcome {
	if t.Unsigned {
		if !x.IsUint64() {
			return outcome{err: true}
		}
		return value(x.Uint64())
	}
	if !x.IsInt64() {
		return outcome{err: true}
	}
	return value(x.Int64())
}

func TestIntegerArithmetic(t *testing.T) {
	gens := map[mysqltype.Type][]func(*rand.Rand) any{
		tInt: {smallInts, anyInts, oneOf[int64](math.MaxInt64, math.MinInt64, 0, -1, 1)},
		unsigned: {func(rng *rand.Rand) any { return uint64(rng.Intn(9)) },
			oneOf[uint64](0, 1, math.MaxUint64, 1<<63), oneOf[uint64](2, 3, 7)},
	}
	ops := map[string]func(a, b *big.Int) *big.Int{
		"+":   func(a, b *big.Int) *big.Int { return a.Add(a, b) },
		"-":   func(a, b *big.Int) *big.Int { return a.Sub(a, b) },
		"*":   func(a, b *big.Int) *big.Int { return a.Mul(a, b) },
		"div": func(a, b *big.Int) *big.Int { return a.Quo(a, b) },
		"%":   func(a, b *big.Int) *big.Int { return a.Rem(a, b) },
	}
	for _, l := range []mysqltype.Type{tInt, unsigned} {
		for _, r := range []mysqltype.Type{tInt, unsigned} {
			for op, f := range ops {
				out := tInt
				if (l.Unsigned || r.Unsigned) && op != "%" || op == "%" && l.Unsigned {
					out = unsigned
				}
				ref := strict(func(row []any) outcome {
					a, b := bigOf(row[0]), bigOf(row[1])
					if (op == "div" || op == "%") && b.Sign() == 0 {
						return outcome{warns: 1}
					}
					return integerOf(f(a, b), out)
				})
				for i := range gens[l] {
					check(t, fn(op, out, colRef(0, l), colRef(1, r)), []mysqltype.Type{l, r},
						[]func(*rand.Rand) any{gens[l][i], gens[r][i]}, ref)
				}
			}
		}
	}
	for _, g := range gens[tInt] {
		check(t, fn("neg", tInt, colRef(0, tInt)), []mysqltype.Type{tInt}, []func(*rand.Rand) any{g}, strict(func(r []any) outcome {
			return integerOf(new(big.Int).Neg(bigOf(r[0])), tInt)
		}))
	}
}

func TestFloatArithmetic(t *testing.T) {
	two := []mysqltype.Type{tDouble, tDouble}
	for op, f := range map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b },
		"%": math.Mod,
	} {
		for _, g := range []func(*rand.Rand) any{floats, oneOf(1e308, -1e308, 2.0), oneOf(1.5, 2.5, -7)} {
			check(t, fn(op, tDouble, colRef(0, tDouble), colRef(1, tDouble)), two, []func(*rand.Rand) any{g, g}, strict(func(r []any) outcome {
				a, b := r[0].(float64), r[1].(float64)
				if (op == "/" || op == "%") && b == 0 {
					return outcome{warns: 1}
				}
				if x := f(a, b); !math.IsInf(x, 0) {
					return value(x)
				}
				return outcome{err: true}
			}))
		}
	}
}

func decimalOf(x *big.Int, t mysqltype.Type) outcome {
	if t.Kind() == vec.I64 {
		if !x.IsInt64() {
			return outcome{err: true}
		}
		return value(x.Int64())
	}
	v, ok := vec.Int128FromBig(x)
	if !ok || len(x.Text(10)) > 38+int(b2i(x.Sign() < 0)) {
		return outcome{err: true}
	}
	return value(v)
}

// roundRat rounds half away from zero by way of rationals.
func roundRat(r *big.Rat) *big.Int {
	neg := r.Sign() < 0
	r = new(big.Rat).Abs(r)
	r.Add(r, big.NewRat(1, 2))
	q := new(big.Int).Quo(r.Num(), r.Denom())
	if neg {
		q.Neg(q)
	}
	return q
}

func TestDecimalArithmetic(t *testing.T) {
	gen := func(d mysqltype.Type, digits int) func(*rand.Rand) any {
		return func(rng *rand.Rand) any {
			x := new(big.Int).Rand(rng, vec.BigPow10(1+rng.Intn(digits)))
			if rng.Intn(2) == 0 {
				x.Neg(x)
			}
			if d.Kind() == vec.I64 {
				return x.Int64()
			}
			v, _ := vec.Int128FromBig(x)
			return v
		}
	}
	for _, p := range []struct{ a, b, sum, mul, div mysqltype.Type }{
		{dec(10, 2), dec(5, 0), dec(13, 2), dec(15, 2), dec(14, 6)},
		{dec(15, 2), dec(16, 2), dec(17, 2), dec(31, 4), dec(21, 6)},
		{dec(30, 10), dec(10, 2), dec(31, 10), dec(40, 12), dec(36, 14)},
		{dec(38, 20), dec(38, 20), dec(39, 20), dec(65, 30), dec(65, 24)},
		{dec(18, 9), dec(38, 0), dec(39, 9), dec(56, 9), dec(31, 13)},
	} {
		types := []mysqltype.Type{p.a, p.b}
		args := []plan.Expr{colRef(0, p.a), colRef(1, p.b)}
		gens := []func(*rand.Rand) any{gen(p.a, int(p.a.Precision)), gen(p.b, int(p.b.Precision))}
		rat := func(r []any) (*big.Rat, *big.Rat) {
			return new(big.Rat).SetFrac(bigOf(r[0]), vec.BigPow10(int(p.a.Scale))), new(big.Rat).SetFrac(bigOf(r[1]), vec.BigPow10(int(p.b.Scale)))
		}
		scaled := func(x *big.Rat, t mysqltype.Type) outcome {
			return decimalOf(roundRat(x.Mul(x, new(big.Rat).SetInt(vec.BigPow10(int(t.Scale))))), t)
		}
		check(t, fn("+", p.sum, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			return scaled(a.Add(a, b), p.sum)
		}))
		check(t, fn("-", p.sum, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			return scaled(a.Sub(a, b), p.sum)
		}))
		check(t, fn("*", p.mul, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			return scaled(a.Mul(a, b), p.mul)
		}))
		check(t, fn("/", p.div, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			if b.Sign() == 0 {
				return outcome{warns: 1}
			}
			unit := new(big.Rat).SetInt(vec.BigPow10(int(p.div.Scale))) // a quotient is cut off
			a.Quo(a, b).Mul(a, unit)
			return scaled(a.SetInt(new(big.Int).Quo(a.Num(), a.Denom())).Quo(a, unit), p.div)
		}))
		mod := dec(max(p.a.Precision, p.b.Precision), max(p.a.Scale, p.b.Scale))
		check(t, fn("%", mod, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			if b.Sign() == 0 {
				return outcome{warns: 1}
			}
			q := new(big.Rat).Quo(a, b)
			whole := new(big.Rat).SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
			return scaled(a.Sub(a, whole.Mul(whole, b)), mod)
		}))
		check(t, fn("div", tInt, args...), types, gens, strict(func(r []any) outcome {
			a, b := rat(r)
			if b.Sign() == 0 {
				return outcome{warns: 1}
			}
			q := a.Quo(a, b)
			return integerOf(new(big.Int).Quo(q.Num(), q.Denom()), tInt)
		}))
		check(t, fn("neg", p.a, args[0]), types[:1], gens[:1], strict(func(r []any) outcome {
			return decimalOf(new(big.Int).Neg(bigOf(r[0])), p.a)
		}))
	}
}
