package mysqltype_test

import (
	"testing"

	"github.com/meshql/meshql/engine/vec"
	. "github.com/meshql/meshql/planner/mysqltype"
)

func dec(p, s uint8) Type { return Type{ID: Decimal, Precision: p, Scale: s} }

var (
	tiny     = Type{ID: TinyInt}
	integer  = Type{ID: Int}
	uinteger = Type{ID: Int, Unsigned: true}
	big      = Type{ID: BigInt}
	ubig     = Type{ID: BigInt, Unsigned: true}
	dbl      = Type{ID: Double}
	price    = dec(10, 2)
	date     = Type{ID: Date}
	at3      = Type{ID: DateTime, Scale: 3}
	text5    = Type{ID: VarChar, Length: 5}
)

// TestResults: types as MySQL 8.0 gives them.
func TestResults(t *testing.T) {
	second := func(_, r Type) Type { return r }
	for name, c := range map[string][2]Type{
		"p+q":          {Add(price, integer), dec(13, 2)},
		"p*p":          {Mul(price, price), dec(20, 4)},
		"q/q":          {Div(integer, integer), dec(14, 4)},
		"q%big":        {Mod(integer, big), integer},
		"q+u":          {Add(integer, uinteger), ubig},
		"p+d":          {Add(price, dbl), dbl},
		"wide product": {Mul(dec(60, 20), dec(60, 20)), dec(65, 30)},
		"sum(p)":       {second(Sum(price)), dec(32, 2)},
		"sum(q)":       {second(Sum(integer)), dec(41, 0)},
		"sum(d)":       {second(Sum(dbl)), dbl},
		"sum(ubig)":    {second(Sum(ubig)), dec(42, 0)},
		"avg(p)":       {second(Avg(price)), dec(14, 6)},
		"avg(q)":       {second(Avg(integer)), dec(14, 4)},
		"sum(text)":    {second(Sum(text5)), dbl},
		"sum(date)":    {second(Sum(date)), dec(41, 0)},
		"-u":           {Neg(uinteger), big},
		"date+0":       {Numeric(date), big},
		"datetime+0":   {Numeric(at3), dec(17, 3)},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %s, want %s", name, c[0], c[1])
		}
	}
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ a, b, want Type }{
		{price, integer, dec(12, 2)},
		{integer, dbl, dbl},
		{tiny, integer, integer},
		{integer, uinteger, big},
		{Type{ID: TinyInt, Unsigned: true}, integer, integer},
		{big, ubig, dec(20, 0)},
		{date, at3, at3},
		{date, Type{ID: Time}, Type{ID: DateTime}},
		{text5, integer, Type{ID: VarChar, Length: 11}},
		{text5, Type{ID: Text}, Type{ID: Text}},
		{text5, Type{ID: VarBinary, Length: 9}, Type{ID: VarBinary, Length: 9}},
		{date, integer, Type{ID: VarChar, Length: 11}},
		{Type{}, price, price},
		{Type{ID: Bool}, Type{ID: Bool}, Type{ID: Bool}},
		{Type{ID: Bool}, integer, integer},
		{Type{ID: JSON}, text5, Type{ID: Text}},
		{Type{ID: Year}, tiny, Type{ID: MediumInt}},
	} {
		for _, m := range []Type{Merge(c.a, c.b), Merge(c.b, c.a)} {
			if m != c.want {
				t.Errorf("%s with %s: %s, want %s", c.a, c.b, m, c.want)
			}
		}
	}
}

// TestCompare: two types that do not meet in one that holds both would compare
// what was cast away. The rule gives one kind for every pair.
func TestCompare(t *testing.T) {
	all := []Type{{}, {ID: Bool}, tiny, uinteger, big, ubig, {ID: Year}, {ID: Float}, dbl, price, dec(30, 5), date, {ID: Time}, at3, {ID: Timestamp}, text5, {ID: Blob}, {ID: Enum}}
	for _, a := range all {
		for _, b := range all {
			m, ok := Compare(a, b)
			if !ok {
				t.Errorf("%s and %s do not compare", a, b)
			}
			if m.Kind() == vec.Invalid {
				t.Errorf("%s and %s compare as %s", a, b, m)
			}
			if n, _ := Compare(b, a); n != m {
				t.Errorf("%s and %s compare as %s, the other way as %s", a, b, m, n)
			}
		}
		if _, ok := Compare(a, Type{ID: JSON}); ok {
			t.Errorf("%s and JSON: %v", a, ok)
		}
	}
	for _, c := range []struct{ a, b, want Type }{
		{integer, ubig, dec(20, 0)}, {integer, price, dec(12, 2)}, {price, dbl, dbl}, {text5, integer, dbl},
		{date, text5, Type{ID: DateTime, Scale: 6}}, {date, at3, at3}, {date, date, date},
	} {
		if m, _ := Compare(c.a, c.b); m != c.want {
			t.Errorf("%s and %s compare as %s, want %s", c.a, c.b, m, c.want)
		}
	}
}
