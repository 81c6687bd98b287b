package mysqltype

import (
	"testing"
	"time"

	"github.com/meshql/meshql/engine/vec"
)

func TestAppendText(t *testing.T) {
	at := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		t    Type
		x    any
		want string
	}{
		{Type{ID: Bool}, true, "1"},
		{Type{ID: Date}, int32(0), "1970-01-01"},
		{Type{ID: Date}, int32(-1), "1969-12-31"},
		{Type{ID: Date}, int32(11016), "2000-02-29"},
		{Type{ID: Decimal, Precision: 10, Scale: 2}, int64(-5), "-0.05"},
		{Type{ID: Decimal, Precision: 30, Scale: 3}, vec.Int128{Hi: 1}, "18446744073709551.616"},
		{Type{ID: Decimal, Precision: 10}, int64(70), "70"},
		{Type{ID: Double}, 1e15, "1e15"},
		{Type{ID: Double}, 123456.75, "123456.75"},
		{Type{ID: Double}, 1.5e-20, "1.5e-20"},
		{Type{ID: Double}, 0.0001, "0.0001"},
		{Type{ID: Float}, float64(float32(0.1)), "0.1"},
		{Type{ID: Float}, float64(float32(123456789)), "123457000"},
		{Type{ID: Float}, float64(float32(1) / 3), "0.333333"},
		{Type{ID: Time, Scale: 3}, int64(-3_661_500_000), "-01:01:01.500"},
		{Type{ID: DateTime}, int64(-1), "1969-12-31 23:59:59"},
		{Type{ID: DateTime, Scale: 6}, int64(1), "1970-01-01 00:00:00.000001"},
		{Type{ID: Timestamp}, int64(0), "1970-01-01 02:00:00"},
		{Type{ID: BigInt, Unsigned: true}, ^uint64(0), "18446744073709551615"},
		{Type{ID: VarChar}, "ü", "ü"},
	} {
		v := vec.NewConstant(c.t.Kind(), c.x, 3)
		if got := string(AppendText(nil, c.t, v, 2, at)); got != c.want {
			t.Errorf("%v as %v: got %s, want %s", c.x, c.t, got, c.want)
		}
	}
}
