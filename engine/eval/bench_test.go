package eval

import (
	"math/rand"
	"testing"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Benchmarks of the main kernels, in ns a batch of 2,048 rows.

func benchColumns(b *testing.B) ([]mysqltype.Type, []*vec.Vector) {
	rng := rand.New(rand.NewSource(1))
	const n = vec.BatchRows
	ints, days, prices := make([]int64, n), make([]int32, n), make([]int64, n)
	words := vec.NewBuilder(vec.Bytes)
	for i := range n {
		ints[i], days[i], prices[i] = rng.Int63n(50), int32(8000+rng.Intn(2500)), rng.Int63n(1e7)
		if err := words.Append([]string{"ironic deposits", "special requests sleep", "quick packages"}[rng.Intn(3)]); err != nil {
			b.Fatal(err)
		}
	}
	text := words.Build()
	dictionary := vec.NewBuilder(vec.Bytes)
	for _, w := range []string{"AIR", "MAIL", "SHIP", "TRUCK"} {
		if err := dictionary.Append(w); err != nil {
			b.Fatal(err)
		}
	}
	codes := make([]uint8, n)
	for i := range codes {
		codes[i] = uint8(rng.Intn(4))
	}
	d := &vec.Vector{Kind: vec.Bytes, Form: vec.Dictionary, N: n, Codes: vec.Codes{U8: codes}, Dict: &vec.Dict{Values: dictionary.Build()}}
	return []mysqltype.Type{tInt, tDate, dec(15, 2), tText, tText}, []*vec.Vector{
		{Kind: vec.I64, N: n, I64: ints}, {Kind: vec.I32, N: n, I32: days}, {Kind: vec.I64, N: n, I64: prices}, text, d,
	}
}

func BenchmarkEval(b *testing.B) {
	types, cols := benchColumns(b)
	quantity, day, price, text, mode := colRef(0, tInt), colRef(1, tDate), colRef(2, dec(15, 2)), colRef(3, tText), colRef(4, tText)
	one := lit(dec(1, 0), int64(1))
	in := &plan.InList{Arg: mode, List: []*plan.Const{lit(tText, "AIR"), lit(tText, "SHIP")}}
	for _, c := range []struct {
		name   string
		e      plan.Expr
		filter bool
	}{
		{"filter_range", fn("and", tBool, fn(">=", tBool, day, lit(tDate, int32(8766))), fn("<", tBool, day, lit(tDate, int32(9131))), fn("<", tBool, quantity, lit(tInt, int64(24)))), true},
		{"filter_dictionary", in, true},
		{"compare", fn("<", tBool, quantity, lit(tInt, int64(24))), false},
		{"add", fn("+", tInt, quantity, quantity), false},
		{"decimal_product", fn("*", dec(31, 4), price, fn("-", dec(16, 2), one, price)), false},
		{"decimal_quotient", fn("/", dec(21, 6), price, lit(dec(3, 0), int64(7))), false},
		{"like_contains", fn("like", tBool, text, lit(tText, "%requests%"), lit(tText, "\\")), false},
		{"year", fn("year", tInt, day), false},
		{"case", &plan.Case{Whens: []plan.When{{Cond: fn("<", tBool, quantity, lit(tInt, int64(24))), Then: price}}, Else: lit(dec(15, 2), int64(0)), T: dec(15, 2)}, false},
		{"upper", fn("upper", tText, text), false},
		{"upper_dictionary", fn("upper", tText, mode), false},
	} {
		b.Run(c.name, func(b *testing.B) {
			ev, err := Compile(c.e, columnsOf(types), testEnv(new(int)))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				batch := vec.NewBatch(vec.BatchRows, cols...)
				if c.filter {
					_, err = ev.Filter(b.Context(), batch)
				} else {
					_, err = ev.Eval(b.Context(), batch)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
