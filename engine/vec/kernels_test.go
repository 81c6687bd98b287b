package vec

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand"
	"testing"
)

var kinds = []Kind{Bool, I32, I64, U64, F64, I128, Bytes}

func randomValue(rng *rand.Rand, k Kind) any {
	switch x := rng.Intn(6); k {
	case Bool:
		return x%2 == 0
	case I32:
		return int32(x)
	case I64:
		return int64(x - 3)
	case U64:
		return uint64(x)
	case F64:
		return float64(x) / 2
	case I128:
		return Int128{Hi: int64(x - 3), Lo: uint64(x)}
	case Bytes:
		return "abcdefgh"[:x]
	case Invalid:
	}
	return nil
}

func build(t *testing.T, k Kind, values []any) *Vector {
	t.Helper()
	b := NewBuilder(k)
	for _, x := range values {
		if err := b.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

// randomVector returns a vector of n values in a form, with NULLs; dictionaries
// are the one given, if any.
func randomVector(t *testing.T, rng *rand.Rand, k Kind, form Form, n int, d *Dict) *Vector {
	values := make([]any, n)
	for i := range values {
		if values[i] = randomValue(rng, k); rng.Intn(4) == 0 {
			values[i] = nil
		}
	}
	switch form {
	case Constant:
		return NewConstant(k, values[0], n)
	case Dictionary:
		if d == nil {
			d = randomDict(t, rng, k)
		}
		v := &Vector{Kind: k, Form: Dictionary, N: n, Dict: d, Nulls: NewBitmap(n), Codes: Codes{U16: make([]uint16, n)}}
		for i := range n {
			v.Codes.U16[i] = uint16(rng.Intn(d.Values.N))
			if values[i] == nil {
				v.Nulls.Set(i)
			}
		}
		return v
	case Flat:
	}
	v := build(t, k, values)
	if k == Bytes && rng.Intn(2) == 0 { // offsets with gaps, as on a page
		s := Strings{Off: []uint32{0}, Gap: 4}
		for i := range n {
			s.Data = append(append(s.Data, v.Str.Views[i]...), "gap!"...)
			s.Off = append(s.Off, uint32(len(s.Data)))
		}
		v.Str = s
	}
	return v
}

func randomDict(t *testing.T, rng *rand.Rand, k Kind) *Dict {
	values := make([]any, 5)
	for i := range values {
		values[i] = randomValue(rng, k)
	}
	return &Dict{Values: build(t, k, values)}
}

func randomRows(rng *rand.Rand, n int) Selection {
	if rng.Intn(3) == 0 {
		return nil
	}
	sel := Selection{}
	for range rng.Intn(2 * n) {
		sel = append(sel, uint32(rng.Intn(n)))
	}
	return sel
}

func rowsOf(sel Selection, n int) []int {
	var out []int
	eachRow(sel, n, func(i int) { out = append(out, i) })
	return out
}

func each(t *testing.T, f func(t *testing.T, rng *rand.Rand, k Kind, form Form, n int)) {
	rng := rand.New(rand.NewSource(1))
	for _, k := range kinds {
		for form := Flat; form <= Dictionary; form++ {
			for _, n := range []int{1, 3, 100} {
				for range 5 {
					f(t, rng, k, form, n)
				}
			}
		}
	}
}

func TestGatherTakeFlatten(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, k Kind, form Form, n int) {
		v, sel := randomVector(t, rng, k, form, n, nil), randomRows(rng, n)
		got := Gather(v, sel)
		if got.N != sel.Count(n) {
			t.Fatalf("gather of %d rows: %d", sel.Count(n), got.N)
		}
		for i, r := range rowsOf(sel, n) {
			if got.Value(i) != v.Value(r) {
				t.Fatalf("%s form %d: row %d is %v, want %v", k, form, i, got.Value(i), v.Value(r))
			}
		}
		rows := make([]int32, 10)
		for i := range rows {
			rows[i] = int32(rng.Intn(n+1) - 1)
		}
		took := Take(v, rows)
		for i, r := range rows {
			var want any
			if r >= 0 {
				want = v.Value(int(r))
			}
			if took.Value(i) != want {
				t.Fatalf("take %s form %d: row %d is %v, want %v", k, form, i, took.Value(i), want)
			}
		}
		flat := Flatten(v)
		for i := range n {
			if flat.Form != Flat || flat.Value(i) != v.Value(i) {
				t.Fatalf("flatten %s form %d: row %d", k, form, i)
			}
		}
	})
}

func TestAppender(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for _, k := range kinds {
		for round := range 30 {
			budget := &Budget{}
			a, d := NewAppender(k, budget), randomDict(t, rng, k)
			var want []any
			var early *Vector
			for range 6 {
				form := Form(rng.Intn(3))
				if round < 10 {
					form = Dictionary
				}
				n := 1 + rng.Intn(50)
				v, sel := randomVector(t, rng, k, form, n, d), randomRows(rng, n)
				if err := a.Append(v, sel); err != nil {
					t.Fatal(err)
				}
				for _, r := range rowsOf(sel, n) {
					want = append(want, v.Value(r))
				}
				if early == nil {
					early = a.Vector()
				}
			}
			if err := a.AppendNulls(2); err != nil {
				t.Fatal(err)
			}
			want = append(want, nil, nil)
			v := a.Vector()
			if v.N != len(want) || a.Len() != len(want) {
				t.Fatalf("%d rows, want %d", v.N, len(want))
			}
			for i, x := range want {
				if v.Value(i) != x || i < early.N && early.Value(i) != x {
					t.Fatalf("%s round %d: row %d is %v, want %v", k, round, i, v.Value(i), x)
				}
			}
			if a.Bytes() != budget.Used() {
				t.Error("reserved", budget.Used(), a.Bytes())
			}
			if a.Reset(); budget.Used() != 0 || a.Len() != 0 {
				t.Error("reset keeps memory")
			}
		}
	}
}

func TestAppenderObeysItsBudget(t *testing.T) {
	a := NewAppender(I64, &Budget{Limit: 100})
	if err := a.Append(NewConstant(I64, int64(1), 1000), nil); !errors.Is(err, ErrBudget) || a.Len() != 0 {
		t.Error(err, a.Len())
	}
}

func TestAppenderOwnsItsStrings(t *testing.T) {
	data := []byte("abc")
	v := &Vector{Kind: Bytes, N: 1, Str: Strings{Data: data, Off: []uint32{0, 3}}}
	a := NewAppender(Bytes, nil)
	if err := a.Append(v, nil); err != nil {
		t.Fatal(err)
	}
	data[0] = 'x'
	if got := a.Vector().Value(0); got != "abc" {
		t.Error(got)
	}
}

func TestHashColumns(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, k Kind, form Form, n int) {
		v, w := randomVector(t, rng, k, form, n, nil), randomVector(t, rng, I64, Flat, n, nil)
		h := HashColumns([]*Vector{v, w}, nil, n, nil)
		flat := HashColumns([]*Vector{Flatten(v), w}, nil, n, nil)
		sel := Selection{uint32(n - 1)}
		one := HashColumns([]*Vector{v, w}, sel, n, make([]uint64, n))
		for i := range n {
			if h[i] != flat[i] {
				t.Fatalf("%s form %d: a row's hash depends on the form", k, form)
			}
			for j := range i {
				same := v.Value(i) == v.Value(j) && w.Value(i) == w.Value(j)
				if same != (h[i] == h[j]) {
					t.Fatalf("%s: rows %v %v and %v %v: hashes equal %v", k, v.Value(i), w.Value(i), v.Value(j), w.Value(j), h[i] == h[j])
				}
			}
		}
		if one[n-1] != h[n-1] {
			t.Fatal("a selection changes the hash")
		}
	})
	zero := HashColumns([]*Vector{build(t, F64, []any{0.0, math.Copysign(0, -1)})}, nil, 2, nil)
	if zero[0] != zero[1] {
		t.Error("-0 and 0 hash apart")
	}
}

func TestSelectTrue(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	for form := Flat; form <= Dictionary; form++ {
		for range 50 {
			v := randomVector(t, rng, Bool, form, 70, nil)
			var sel Selection
			if rng.Intn(2) == 0 {
				sel = Selection{}
				for i := range v.N {
					if rng.Intn(2) == 0 {
						sel = append(sel, uint32(i))
					}
				}
			}
			want := Selection{}
			for _, i := range rowsOf(sel, v.N) {
				if v.Value(i) == true {
					want = append(want, uint32(i))
				}
			}
			if got := SelectTrue(v, sel, nil); got == nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("form %d: %v, want %v", form, got, want)
			}
		}
	}
}

func TestInt128(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	draw := func() Int128 {
		x := Int128{Hi: rng.Int63() >> rng.Intn(64), Lo: rng.Uint64() >> rng.Intn(64)}
		if rng.Intn(2) == 0 {
			x.Hi = 0
		}
		if rng.Intn(2) == 0 {
			x = x.Neg()
		}
		return x
	}
	fits := func(x *big.Int) bool { return x.BitLen() <= 127 }
	check := func(op string, a, b Int128, got Int128, ok bool, want *big.Int) {
		if ok != fits(want) || ok && got.Big().Cmp(want) != 0 {
			t.Fatalf("%v %s %v: %v %v, want %v", a, op, b, got, ok, want)
		}
	}
	for range 20000 {
		a, b := draw(), draw()
		x, y := a.Big(), b.Big()
		r, ok := a.Mul(b)
		check("*", a, b, r, ok, new(big.Int).Mul(x, y))
		r, ok = a.Add(b)
		check("+", a, b, r, ok, new(big.Int).Add(x, y))
		r, ok = a.Sub(b)
		check("-", a, b, r, ok, new(big.Int).Sub(x, y))
		if !b.IsZero() {
			q, m := a.QuoRem(b)
			bq, bm := new(big.Int).QuoRem(x, y, new(big.Int))
			check("quo", a, b, q, true, bq)
			check("rem", a, b, m, true, bm)
			half := new(big.Int).Abs(bm)
			if half.Lsh(half, 1).CmpAbs(y) >= 0 {
				bq.Add(bq, big.NewInt(int64(x.Sign()*y.Sign())))
			}
			check("round", a, b, a.QuoRound(b), true, bq)
		}
		if got := a.Fits(20); got != (len(new(big.Int).Abs(x).String()) <= 20) {
			t.Fatal("fits", a)
		}
	}
	if p, _ := Pow10(38); p.String() != "100000000000000000000000000000000000000" {
		t.Error(p)
	}
}

func TestArithmeticProvesOverflow(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	near := []int64{math.MaxInt64, math.MinInt64, 1 << 32, -1 << 31, 3037000500, 2, 1, 0, -1}
	for range 2000 {
		n := 1 + rng.Intn(5)
		draw := func() Operand[int64] {
			v := make([]int64, n)
			for i := range v {
				v[i] = near[rng.Intn(len(near))]
			}
			return Operand[int64]{v, -rng.Intn(2)}
		}
		a, b := draw(), draw()
		for name, op := range map[string]struct {
			f   func(a, b Operand[int64], out []int64) bool
			big func(z, x, y *big.Int) *big.Int
		}{"+": {AddI64, (*big.Int).Add}, "-": {SubI64, (*big.Int).Sub}, "*": {MulI64, (*big.Int).Mul}} {
			out := make([]int64, n)
			ok := op.f(a, b, out)
			rows := n
			if a.Mask == 0 && b.Mask == 0 {
				rows = 1
			}
			for i := range rows {
				want := op.big(new(big.Int), big.NewInt(a.At(i)), big.NewInt(b.At(i)))
				if ok && (!want.IsInt64() || want.Int64() != out[i]) {
					t.Fatalf("%d %s %d = %d, said to fit", a.At(i), name, b.At(i), out[i])
				}
				if !ok && rows == 1 && want.IsInt64() {
					t.Fatalf("%d %s %d said not to fit", a.At(i), name, b.At(i))
				}
			}
		}
	}
}
