package engine

import (
	"math"
	"math/rand/v2"

	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// twinMesh is a domain for comparison with another server: "w" holds a column
// of every type with its edge values, a, b and c small domains with duplicates
// and NULLs to join, and e no rows.
func twinMesh() meshtest.Mesh {
	integer := func(id mysqltype.ID, unsigned bool) mysqltype.Type { return mysqltype.Type{ID: id, Unsigned: unsigned} }
	dec := func(p, s uint8) mysqltype.Type { return mysqltype.Type{ID: mysqltype.Decimal, Precision: p, Scale: s} }
	varchar := mysqltype.Type{ID: mysqltype.VarChar, Length: 40}
	datetime := func(s uint8) mysqltype.Type { return mysqltype.Type{ID: mysqltype.DateTime, Scale: s} }

	column := func(name string, t mysqltype.Type) meshtest.Column { return meshtest.Column{Name: name, Type: t} }

	wide := meshtest.Product{Domain: "shop", Name: "w", RowGroup: 10, Columns: []meshtest.Column{
		column("id", integer(mysqltype.Int, false)),
		column("i1", integer(mysqltype.TinyInt, false)), column("u1", integer(mysqltype.TinyInt, true)),
		column("i2", integer(mysqltype.SmallInt, false)), column("i4", integer(mysqltype.Int, false)),
		column("u4", integer(mysqltype.Int, true)), column("i8", integer(mysqltype.BigInt, false)),
		column("u8", integer(mysqltype.BigInt, true)), column("d2", dec(10, 2)), column("d0", dec(6, 0)),
		column("d9", dec(30, 9)), column("f8", meshtest.Double), column("s", varchar), column("n", varchar),
		column("dt", meshtest.Date), column("at", datetime(0)), column("ms", datetime(3)), column("b", meshtest.Boolean),
	}}
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(values ...any) any {
		if rng.IntN(8) == 0 {
			return nil
		}
		return values[rng.IntN(len(values))]
	}
	d9 := func(text int64) any { return vec.Int128From(text) }
	for i := range int64(40) {
		wide.Rows = append(wide.Rows, []any{
			i,
			pick(int64(-128), int64(127), int64(0), int64(1), int64(-1), int64(5)),
			pick(uint64(0), uint64(255), uint64(1), uint64(5), uint64(100)),
			pick(int64(-32768), int64(32767), int64(0), int64(7), int64(-7)),
			pick(int64(math.MinInt32), int64(math.MaxInt32), int64(0), int64(1), int64(-1), int64(1000), int64(20200102)),
			pick(uint64(0), uint64(math.MaxUint32), uint64(1), uint64(1000)),
			pick(int64(math.MinInt64), int64(math.MaxInt64), int64(0), int64(1), int64(-1), int64(12), int64(9007199254740993)),
			pick(uint64(0), uint64(math.MaxUint64), uint64(1), uint64(math.MaxInt64), uint64(math.MaxInt64+1), uint64(12)),
			pick(int64(0), int64(150), int64(-150), int64(155), int64(9999999999), int64(-9999999999), int64(1), int64(100), int64(1200), int64(5)),
			pick(int64(0), int64(1), int64(-1), int64(999999), int64(12)),
			pick(d9(0), d9(1), d9(-1), d9(1_500_000_000), d9(123_456_789_012_345_678), d9(-2_500_000_000), d9(12_000_000_000)),
			pick(0.0, 1.5, -1.5, 0.1, 1e20, -1e-5, 2.5, 3.5, 12.0, 1e300, 9007199254740993.0),
			pick("", "a", "A", "ab", "a ", " a", "é", "E", "ß", "日本語", "a%b", "a_b", "Ünïcödé", "z", "😀x", "a\\b"),
			pick("0", "1", "-1", "1.5", "12", "12abc", "abc", " 12", "12 ", "1e2", "", "0x10", ".5", "2020-01-02", "2024-02-29 10:11:12"),
			pick(int32(0), int32(18263), int32(19782), int32(18262), int32(-719162), int32(2932896), int32(19000)),
			pick(int64(18263*86400e6), int64(18263*86400e6+45296e6), int64(19782*86400e6+86399e6), int64(0), int64(253402300799e6)),
			pick(int64(18263*86400e6+45296123000), int64(18263*86400e6), int64(19782*86400e6+86399999000), int64(-1000)),
			pick(true, false),
		})
	}
	small := func(name string, n int) meshtest.Product {
		p := meshtest.Product{Domain: "shop", Name: name, RowGroup: 7, Columns: []meshtest.Column{
			column("id", integer(mysqltype.Int, false)), column("k", integer(mysqltype.Int, false)), column("v", integer(mysqltype.BigInt, false)),
			column("u", integer(mysqltype.Int, true)), column("s", varchar), column("d", dec(10, 2)), column("x", dec(5, 3)),
			column("f", meshtest.Double), column("t", meshtest.Date), column("m", datetime(0)),
		}}
		for i := range int64(n) {
			p.Rows = append(p.Rows, []any{
				i, pick(int64(0), int64(1), int64(2), int64(3)), pick(int64(-2), int64(-1), int64(0), int64(1), int64(2), int64(10)),
				pick(uint64(0), uint64(1), uint64(2), uint64(7)), pick("", "a", "A", "b", "ab", "a ", "é", "1", "2"),
				pick(int64(0), int64(100), int64(150), int64(-250), int64(200), int64(1999)), pick(int64(0), int64(1000), int64(1500), int64(1), int64(-2500)),
				pick(0.0, 1.0, 1.5, -2.5, 2.0, 0.25), pick(int32(18262), int32(18263), int32(18321), int32(18322), int32(19782)),
				pick(int64(18262*86400e6), int64(18263*86400e6+3600e6), int64(18321*86400e6+86399e6), int64(19782*86400e6)),
			})
		}
		return p
	}
	return meshtest.Mesh{
		Products: []meshtest.Product{wide, small("a", 24), small("b", 17), small("c", 9), small("e", 0)},
		Files: map[string]string{
			"identity.yaml":               "users:\n  ana: {password: \"" + meshtest.Password + "\", roles: [analyst], purposes: [analytics], default_purpose: analytics, attributes: {country: DE}}\n",
			"guild/policies.yaml":         "[]\n",
			"shop/policies/policies.yaml": "- {id: read, grant: select, to: [\"role:analyst\"]}\n",
		},
	}
}
