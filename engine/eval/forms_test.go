package eval

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Functions and conditions in all forms, against references that say it in the
// plainest way.

type gens = []func(*rand.Rand) any

func TestTextKernels(t *testing.T) {
	s := func(r []any, i int) string { return r[i].(string) }
	one, two := []mysqltype.Type{tText}, []mysqltype.Type{tText, tText}
	g1, g2 := gens{texts}, gens{texts, texts}
	a, b := colRef(0, tText), colRef(1, tText)
	for _, c := range []struct {
		e   plan.Expr
		ref func(r []any) any
	}{
		{fn("upper", tText, a), func(r []any) any { return strings.ToUpper(s(r, 0)) }},
		{fn("length", tInt, a), func(r []any) any { return int64(len(s(r, 0))) }},
		{fn("char_length", tInt, a), func(r []any) any { return int64(utf8.RuneCountInString(s(r, 0))) }},
		{fn("left", tText, a, lit(tInt, int64(1))), func(r []any) any {
			rs := []rune(s(r, 0))
			return string(rs[:min(1, len(rs))])
		}},
		{fn("substring", tText, a, lit(tInt, int64(2))), func(r []any) any {
			rs := []rune(s(r, 0))
			return string(rs[min(1, len(rs)):])
		}},
		{fn("hex", tText, a), func(r []any) any { return strings.ToUpper(hex.EncodeToString([]byte(s(r, 0)))) }},
		{fn("like", tBool, a, lit(tText, "a%"), lit(tText, "\\")), func(r []any) any { return strings.HasPrefix(s(r, 0), "a") }},
		{fn("like", tBool, a, lit(tText, "%b%"), lit(tText, "\\")), func(r []any) any { return strings.Contains(s(r, 0), "b") }},
		{fn("like", tBool, a, lit(tText, "_"), lit(tText, "\\")), func(r []any) any { return utf8.RuneCountInString(s(r, 0)) == 1 }},
		{fn("regexp", tBool, a, lit(tText, "^a")), func(r []any) any { return strings.HasPrefix(s(r, 0), "a") }},
	} {
		check(t, c.e, one, g1, strict(func(r []any) outcome { return value(c.ref(r)) }))
	}
	for _, c := range []struct {
		e   plan.Expr
		ref func(r []any) any
	}{
		{fn("concat", tText, a, b), func(r []any) any { return s(r, 0) + s(r, 1) }},
		{fn("instr", tInt, a, b), func(r []any) any {
			k := strings.Index(s(r, 0), s(r, 1))
			if k < 0 {
				return int64(0)
			}
			return int64(utf8.RuneCountInString(s(r, 0)[:k])) + 1
		}},
		{fn("replace", tText, a, b, lit(tText, "<>")), func(r []any) any {
			if s(r, 1) == "" {
				return s(r, 0)
			}
			return strings.ReplaceAll(s(r, 0), s(r, 1), "<>")
		}},
		{fn("greatest", tText, a, b), func(r []any) any { return max(s(r, 0), s(r, 1)) }},
	} {
		check(t, c.e, two, g2, strict(func(r []any) outcome { return value(c.ref(r)) }))
	}
	check(t, fn("concat_ws", tText, lit(tText, ","), a, b), two, g2, func(r []any) outcome {
		var parts []string
		for _, x := range r {
			if x != nil {
				parts = append(parts, x.(string))
			}
		}
		return value(strings.Join(parts, ","))
	})
	check(t, fn("coalesce", tText, a, b, lit(tText, "z")), two, g2, func(r []any) outcome {
		for _, x := range r {
			if x != nil {
				return value(x)
			}
		}
		return value("z")
	})
}

func TestDateKernels(t *testing.T) {
	days := func(rng *rand.Rand) any { return int32(rng.Intn(60000) - 20000) }
	day := func(x any) time.Time { return time.Unix(int64(x.(int32))*86400, 0).UTC() }
	one, g := []mysqltype.Type{tDate}, gens{days}
	d := colRef(0, tDate)
	for name, ref := range map[string]func(time.Time) int{
		"year": time.Time.Year, "month": func(x time.Time) int { return int(x.Month()) }, "day": time.Time.Day,
		"dayofyear": time.Time.YearDay, "dayofweek": func(x time.Time) int { return int(x.Weekday()) + 1 },
		"weekofyear": func(x time.Time) int { _, w := x.ISOWeek(); return w },
	} {
		check(t, fn(name, tInt, d), one, g, strict(func(r []any) outcome { return value(int64(ref(day(r[0])))) }))
	}
	check(t, fn("date_add", tDate, d, lit(tInt, int64(1)), lit(tText, "month")), one, g, strict(func(r []any) outcome {
		x := day(r[0])
		first := time.Date(x.Year(), x.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return value(int32(first.AddDate(0, 0, min(x.Day(), last)-1).Unix() / 86400))
	}))
	check(t, fn("date_sub", tDate, d, lit(tInt, int64(40)), lit(tText, "day")), one, g, strict(func(r []any) outcome {
		return value(r[0].(int32) - 40)
	}))
	micros := func(rng *rand.Rand) any { return rng.Int63n(4e15) - 1e15 }
	check(t, fn("extract", tInt, lit(tText, "hour"), colRef(0, tMoment)), []mysqltype.Type{tMoment}, gens{micros}, strict(func(r []any) outcome {
		return value(int64(time.UnixMicro(r[0].(int64)).UTC().Hour()))
	}))
	check(t, fn("date_format", tText, colRef(0, tMoment), lit(tText, "%Y-%m-%d %H:%i:%s.%f")), []mysqltype.Type{tMoment}, gens{micros}, strict(func(r []any) outcome {
		return value(time.UnixMicro(r[0].(int64)).UTC().Format("2006-01-02 15:04:05.000000"))
	}))
}

func cast(e plan.Expr, t mysqltype.Type) plan.Expr { return &plan.Cast{Arg: e, T: t} }

func TestCasts(t *testing.T) {
	ints := func(rng *rand.Rand) any { return rng.Int63n(2000) - 1000 }
	check(t, cast(colRef(0, tInt), tText), []mysqltype.Type{tInt}, gens{ints}, strict(func(r []any) outcome {
		return value(strconv.FormatInt(r[0].(int64), 10))
	}))
	check(t, cast(colRef(0, tInt), tDouble), []mysqltype.Type{tInt}, gens{ints}, strict(func(r []any) outcome {
		return value(float64(r[0].(int64)))
	}))
	check(t, cast(colRef(0, tInt), dec(4, 2)), []mysqltype.Type{tInt}, gens{ints}, strict(func(r []any) outcome {
		x := r[0].(int64) * 100
		if x > 9999 || x < -9999 {
			return outcome{value: max(-9999, min(x, 9999)), warns: 1}
		}
		return value(x)
	}))
	check(t, cast(colRef(0, dec(8, 4)), dec(8, 2)), []mysqltype.Type{dec(8, 4)}, gens{func(rng *rand.Rand) any { return rng.Int63n(2e6) - 1e6 }}, strict(func(r []any) outcome {
		return decimalOf(roundRat(new(big.Rat).SetFrac64(r[0].(int64), 100)), dec(8, 2))
	}))
	check(t, cast(colRef(0, tInt), ty(mysqltype.TinyInt)), []mysqltype.Type{tInt}, gens{ints}, strict(func(r []any) outcome {
		x := r[0].(int64)
		if c := max(-128, min(x, 127)); c != x {
			return outcome{value: c, warns: 1}
		}
		return value(x)
	}))
	check(t, cast(colRef(0, tText), tInt), []mysqltype.Type{tText}, gens{oneOf("1", "-20", "x", "3y", "")}, strict(func(r []any) outcome {
		switch r[0] {
		case "1":
			return value(int64(1))
		case "-20":
			return value(int64(-20))
		case "3y":
			return outcome{value: int64(3), warns: 1}
		}
		return outcome{value: int64(0), warns: 1}
	}))
	check(t, cast(colRef(0, tDate), tMoment), []mysqltype.Type{tDate}, gens{kindGen(vec.I32)}, strict(func(r []any) outcome {
		return value(int64(r[0].(int32)) * 86400e6)
	}))
}

func TestInList(t *testing.T) {
	for _, k := range compareTypes {
		gen := kindGen(k.Kind())
		rng := rand.New(rand.NewSource(3))
		for _, size := range []int{0, 1, 3, 40} {
			for _, withNull := range []bool{false, true} {
				for _, negate := range []bool{false, true} {
					in := &plan.InList{Arg: colRef(0, k), Negate: negate}
					set := map[any]bool{}
					for range size {
						x := gen(rng)
						set[x] = true
						in.List = append(in.List, lit(k, x))
					}
					if withNull {
						in.List = append(in.List, lit(k, nil))
					}
					if len(in.List) == 0 {
						continue
					}
					check(t, in, []mysqltype.Type{k}, gens{gen}, strict(func(r []any) outcome {
						switch {
						case set[r[0]]:
							return value(!negate)
						case withNull:
							return outcome{}
						}
						return value(negate)
					}))
				}
			}
		}
	}
}

// TestGuards shows that a branch is evaluated on the rows that reach it only.
func TestGuards(t *testing.T) {
	x, one, zero := colRef(0, tInt), lit(tInt, int64(1)), lit(tInt, int64(0))
	types, g := []mysqltype.Type{tInt, tInt}, gens{smallInts, oneOf[int64](0, 0, 1)}
	y := colRef(1, tInt)
	inverse := fn("div", tInt, one, x)
	isZero := fn("=", tBool, x, zero)
	guarded := &plan.Case{Whens: []plan.When{{Cond: isZero, Then: y}}, Else: inverse, T: tInt}
	check(t, guarded, types, g, func(r []any) outcome {
		switch r[0] {
		case nil:
			return outcome{}
		case int64(0):
			return value(r[1])
		}
		return value(1 / r[0].(int64))
	})
	// x <> 0 AND 1 div x = y
	and := fn("and", tBool, fn("<>", tBool, x, zero), fn("=", tBool, inverse, y))
	check(t, and, types, g, func(r []any) outcome {
		switch {
		case r[0] == int64(0):
			return value(false)
		case r[0] == nil || r[1] == nil:
			return outcome{}
		}
		return value(1/r[0].(int64) == r[1].(int64))
	})
	or := fn("or", tBool, isZero, fn("=", tBool, inverse, one))
	check(t, or, types[:1], g[:1], strict(func(r []any) outcome { return value(r[0] == int64(0) || r[0] == int64(1)) }))
	nested := &plan.Case{
		Whens: []plan.When{{Cond: fn("<", tBool, x, zero), Then: fn("neg", tInt, x)}, {Cond: isZero, Then: lit(tInt, nil)}},
		Else:  inverse, T: tInt,
	}
	check(t, nested, types[:1], g[:1], strict(func(r []any) outcome {
		switch v := r[0].(int64); {
		case v < 0:
			return value(-v)
		case v == 0:
			return outcome{}
		default:
			return value(1 / v)
		}
	}))
}

func TestHashMask(t *testing.T) {
	key := &plan.MaskKey{Name: "entity:customer", Key: []byte("secret")}
	sum := func(text string) any {
		m := hmac.New(sha256.New, key.Key)
		m.Write([]byte(text))
		return hex.EncodeToString(m.Sum(nil))[:32]
	}
	check(t, &plan.HashMask{Arg: colRef(0, tText), Key: key}, []mysqltype.Type{tText}, gens{texts}, strict(func(r []any) outcome {
		return value(sum(r[0].(string)))
	}))
	for _, c := range []struct {
		t    mysqltype.Type
		x    any
		text string
	}{
		{tInt, int64(42), "42"}, {ty(mysqltype.TinyInt), int64(42), "42"}, {unsigned, uint64(42), "42"}, {tText, "42", "42"},
		{dec(10, 2), int64(4200), "42"}, {dec(10, 2), int64(4250), "42.5"}, {dec(30, 2), vec.Int128From(4200), "42"},
		{tDouble, 42.0, "42"}, {tDate, int32(0), "1970-01-01"}, {tMoment, int64(0), "1970-01-01 00:00:00"},
		{mysqltype.Type{ID: mysqltype.DateTime, Scale: 3}, int64(500000), "1970-01-01 00:00:00.5"},
		{tBool, true, "1"}, {dec(10, 2), int64(0), "0"}, {tInt, int64(100), "100"},
	} {
		got, err := Constant(&plan.HashMask{Arg: lit(c.t, c.x), Key: key}, testEnv(new(int)))
		if err != nil || got.Value != sum(c.text) {
			t.Errorf("%v as %s: %v, %v", c.x, c.t, got, err)
		}
	}
}

func TestVolatile(t *testing.T) {
	env := testEnv(new(int))
	if _, err := Constant(fn("rand", tDouble), env); err == nil {
		t.Error("rand() was folded")
	}
	ev, err := Compile(fn("rand", tDouble), nil, env)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ev.Eval(t.Context(), vec.NewBatch(100))
	if err != nil {
		t.Fatal(err)
	}
	if v.Value(0) == v.Value(1) {
		t.Error("rand() is one value a batch")
	}
}

// TestDictionaryOfHiddenValues: a value that only the dictionary has neither
// warns nor fails.
func TestDictionaryOfHiddenValues(t *testing.T) {
	b := vec.NewBuilder(vec.I64)
	for _, x := range []int64{1, 2, 0} {
		if err := b.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	col := &vec.Vector{Kind: vec.I64, Form: vec.Dictionary, N: 2, Dict: &vec.Dict{Values: b.Build()}, Codes: vec.Codes{U8: []uint8{0, 1}}}
	warns := 0
	e := fn("div", tInt, lit(tInt, int64(10)), colRef(0, tInt))
	ev, err := Compile(e, columnsOf([]mysqltype.Type{tInt}), testEnv(&warns))
	if err != nil {
		t.Fatal(err)
	}
	v, err := ev.Eval(t.Context(), vec.NewBatch(2, col))
	if err != nil || v.Value(1) != int64(5) || warns != 0 {
		t.Error(v.Value(1), warns, err)
	}
}

// TestBigInList: a list of 100,000 constants compiles and runs in milliseconds.
func TestBigInList(t *testing.T) {
	in := &plan.InList{Arg: colRef(0, tInt)}
	for i := range 100_000 {
		in.List = append(in.List, lit(tInt, int64(i*2)))
	}
	check(t, in, []mysqltype.Type{tInt}, gens{func(rng *rand.Rand) any { return rng.Int63n(300_000) }}, strict(func(r []any) outcome {
		x := r[0].(int64)
		return value(x%2 == 0 && x < 200_000)
	}))
}

func TestContractIsStrict(t *testing.T) {
	env := testEnv(new(int))
	cols := columnsOf([]mysqltype.Type{tInt, tText, dec(10, 2), dec(10, 3), tDate})
	i, s, d2, d3, day := colRef(0, tInt), colRef(1, tText), colRef(2, dec(10, 2)), colRef(3, dec(10, 3)), colRef(4, tDate)
	for _, e := range []plan.Expr{
		fn("=", tBool, i, s), fn("=", tBool, d2, d3), fn("=", tBool, i, d2), fn("+", tInt, i, s), fn("+", tDouble, i, i),
		fn("+", dec(12, 2), i, d2), fn("and", tBool, i, i), fn("not", tBool, i), fn("like", tBool, i, s), fn("+", tInt, day, i),
		&plan.InList{Arg: i, List: []*plan.Const{lit(tText, "x")}}, colRef(9, tInt), colRef(0, tText),
		&plan.Case{Whens: []plan.When{{Cond: i, Then: i}}, T: tInt}, &plan.Param{Name: "user.country", T: tText},
	} {
		if _, err := Compile(e, cols, env); err == nil {
			t.Errorf("%T %v compiled", e, e)
		}
	}
}
