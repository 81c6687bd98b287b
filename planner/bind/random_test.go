package bind_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// TestRandomExpressions: whatever types meet in whatever operator, the plan
// keeps the kernels' contract or the expression is refused by name.
func TestRandomExpressions(t *testing.T) {
	m := newMesh()
	m.product(t, "shop.t", strings.Join([]string{
		"b bool", "i1 tinyint", "i4 int", "i8 bigint not null", "u4 int unsigned", "u8 bigint unsigned", "y year", "f float", "d double",
		"p decimal(10,2)", "w decimal(30,5)", "dt date", "tm time(2)", "at datetime(3)", "ts timestamp", "s varchar(20)", "c char(3)",
		"ci varchar(9) collate utf8mb4_0900_ai_ci", "tx text", "x varbinary(8)", "j json",
	}, "\n"))
	g := generator{r: rand.New(rand.NewSource(1)), columns: strings.Fields("b i1 i4 i8 u4 u8 y f d p w dt tm at ts s c ci tx x j")}
	bound, refused := 0, map[uint16]int{}
	for range 5_000 {
		sql := fmt.Sprintf("SELECT %s FROM t WHERE %s", g.expr(3), g.expr(3))
		if g.r.Intn(4) == 0 {
			sql = fmt.Sprintf("SELECT %s AS k, %s FROM t GROUP BY k HAVING %s", g.expr(2), g.aggregate(), g.aggregate())
		}
		if g.r.Intn(8) == 0 {
			sql = fmt.Sprintf("SELECT %s FROM t UNION SELECT %s FROM t WHERE %s IN (SELECT %s FROM t)", g.expr(2), g.expr(2), g.expr(1), g.expr(1))
		}
		b, err := bindText(context.Background(), m, sql, expr.DefaultLimits)
		if err != nil {
			var e *mysqlerr.Error
			if !errors.As(err, &e) || e.Code == 1105 || e.Code == 1064 || e.Code == 1054 {
				t.Fatalf("%s: %v", sql, err)
			}
			refused[e.Code]++
			continue
		}
		bound++
		if err := contract(b.Plan); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if bound < 1_500 {
		t.Errorf("only %d bound; refused by code: %v", bound, refused)
	}
}

// generator writes random expressions.
type generator struct {
	r       *rand.Rand
	columns []string
}

func (g *generator) pick(xs ...string) string { return xs[g.r.Intn(len(xs))] }

func (g *generator) leaf() string {
	if g.r.Intn(3) > 0 {
		return g.columns[g.r.Intn(len(g.columns))]
	}
	return g.pick("0", "1", "-7", "300", "18446744073709551615", "1.5", "-0.05", "123456789012345678901.25", "1e3", "'a'", "'5'", "'-1.50'", "''",
		"'2020-01-02'", "'2020-01-02 03:04:05.678'", "'10:11:12'", "NULL", "TRUE", "DATE '2020-01-02'", "TIME '01:02:03'", "TIMESTAMP '2020-01-02 03:04:05'",
		"x'41'", "b'101'", "NOW()", "CURRENT_DATE")
}

func (g *generator) expr(depth int) string {
	if depth == 0 || g.r.Intn(6) == 0 {
		return g.leaf()
	}
	e := func() string { return g.expr(depth - 1) }
	switch g.r.Intn(14) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s %s)", e(), g.pick("=", "<>", "<", "<=", ">", ">=", "<=>"), e())
	case 3, 4:
		return fmt.Sprintf("(%s %s %s)", e(), g.pick("+", "-", "*", "/", "DIV", "%", "&", "|", "^", "<<"), e())
	case 5:
		return fmt.Sprintf("(%s %s %s)", e(), g.pick("AND", "OR", "XOR"), e())
	case 6:
		return fmt.Sprintf("(%s %s)", g.pick("NOT", "-", "~", "+"), e())
	case 7:
		return fmt.Sprintf("(%s %s (%s, %s, %s))", e(), g.pick("IN", "NOT IN"), g.leaf(), e(), g.leaf())
	case 8:
		return fmt.Sprintf("(%s BETWEEN %s AND %s)", e(), e(), e())
	case 9:
		return fmt.Sprintf("CASE WHEN %s THEN %s WHEN %s THEN %s ELSE %s END", e(), e(), e(), e(), e())
	case 10:
		return fmt.Sprintf("CASE %s WHEN %s THEN %s END", e(), e(), e())
	case 11:
		return fmt.Sprintf("%s(%s, %s)", g.pick("IFNULL", "NULLIF", "COALESCE", "concat"), e(), e())
	case 12:
		return fmt.Sprintf("CAST(%s AS %s)", e(), g.pick("SIGNED", "UNSIGNED", "CHAR", "DECIMAL(12,3)", "DATE", "DATETIME(3)", "TIME", "DOUBLE", "JSON", "BINARY(3)"))
	}
	return fmt.Sprintf("(%s %s)", e(), g.pick("IS NULL", "IS NOT TRUE", "LIKE 'a%'", "+ INTERVAL 1 DAY", "- INTERVAL '1.5' SECOND"))
}

func (g *generator) aggregate() string {
	return fmt.Sprintf("%s(%s)", g.pick("sum", "avg", "min", "max", "count", "count", "std", "bit_or", "sum", "count"), g.expr(1))
}
