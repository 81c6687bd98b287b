package twoworld

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Ranges of dates that MySQL knows.
const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
	daySpan  = 86_400_000_000
)

// numberCanary begins the digits of numbers that are hidden.
const numberCanary = 7331733173

// mutate returns another value of a type: near, far, extreme or none.
func mutate(r *rand.Rand, value any, t mysqltype.Type) any {
	if !t.NotNull && r.IntN(10) == 0 {
		return nil
	}
	switch t.Kind() {
	case vec.Bool:
		return r.IntN(2) == 0
	case vec.I32:
		x, _ := value.(int32)
		return pick(r, x+int32(r.IntN(400)-200), int32(firstDay), int32(lastDay), int32(r.IntN(40_000)))
	case vec.I64:
		x, _ := value.(int64)
		return mutateInteger(r, x, t)
	case vec.U64:
		return pick(r, uint64(0), math.MaxUint64, r.Uint64())
	case vec.F64:
		x, _ := value.(float64)
		return pick(r, x*(1+r.Float64()), 0, -1e308, 1e308, numberCanary+r.Float64())
	case vec.Bytes:
		x, _ := value.(string)
		return mutateText(r, x)
	case vec.I128, vec.Invalid:
	}
	return value
}

func mutateInteger(r *rand.Rand, x int64, t mysqltype.Type) int64 {
	switch {
	case t.IsTemporal():
		return pick(r, x+int64(r.IntN(1000))*daySpan/7, firstDay*daySpan, lastDay*daySpan, int64(r.IntN(20_000))*daySpan)
	case t.ID == mysqltype.Decimal:
		most := int64(1)
		for range t.Precision {
			most *= 10
		}
		return pick(r, x+int64(r.IntN(4000)-2000), x+int64(r.IntN(4000)-2000), 0, most-1, 1-most, numberCanary%most)
	case t.ID == mysqltype.BigInt:
		return pick(r, x, x+int64(r.IntN(2000)-1000), 0, math.MaxInt64, math.MinInt64, numberCanary*1_000_000+int64(r.IntN(1_000_000)))
	}
	return pick(r, x+int64(r.IntN(20)-10), 0, 100, -100)
}

// mutateText keeps the ends of a text, which masks show, or takes what does not
// convert.
func mutateText(r *rand.Rand, x string) string {
	keep := func(middle string) string {
		s := []rune(x)
		if len(s) < 5 {
			return middle
		}
		return string(s[:1]) + middle + string(s[len(s)-2:])
	}
	canary := fmt.Sprintf("CANARY%d", r.IntN(1_000_000))
	return pick(r, keep(canary), keep(canary), keep(canary+"@x"), canary, "", "12abc", "99999999999999999999999999", "(", "{\"a\":", strings.Repeat(canary, 50),
		"9999-99-99", "\x00\xff")
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
