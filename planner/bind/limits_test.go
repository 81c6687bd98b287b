package bind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// wide lets the parser see texts that DefaultLimits would refuse.
var wide = expr.Limits{Bytes: 4 << 20, Tokens: 4 << 20, Depth: 4 << 20}

func small(t testing.TB) *mesh {
	m := newMesh()
	m.product(t, "shop.orders", "id bigint not null\ncustomer_id int\ntotal decimal(10,2)\nq int\nday date\nat datetime(3)\nnote varchar(100)\nflag bool")
	m.product(t, "shop.customers", "id int not null\nname varchar(40)\ncountry varchar(2)")
	return m
}

func bindText(ctx context.Context, m *mesh, sql string, limits expr.Limits, args ...any) (*bind.Bound, error) {
	stmt, _, err := expr.ParseStatement(sql, limits)
	if err != nil {
		return nil, err
	}
	return bind.Select(ctx, stmt, args, m.env("shop"))
}

// TestLongStatements: what is long is bound in time that grows with its length,
// what is deep is refused, and no stack overflows.
func TestLongStatements(t *testing.T) {
	m := small(t)
	tooComplex := mysqlerr.TooComplex("")
	nest := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for _, c := range []struct {
		name, sql string
		refused   bool
	}{
		{"and", "SELECT 1 FROM orders WHERE q = 1" + strings.Repeat(" AND q = 1", 50_000), false},
		{"or", "SELECT 1 FROM orders WHERE q = 1" + strings.Repeat(" OR q = 1", 50_000), false},
		{"xor", "SELECT 1 FROM orders WHERE q" + strings.Repeat(" XOR q", 50_000), true},
		{"plus", "SELECT 1" + strings.Repeat("+1", 500_000), true},
		{"in", "SELECT 1 FROM orders WHERE q IN (1" + strings.Repeat(",2", 100_000) + ")", false},
		{"not", "SELECT " + strings.Repeat("NOT ", 50_000) + "1", true},
		{"minus", "SELECT " + strings.Repeat("- ", 50_000) + "1", true},
		{"parentheses", nest("SELECT (", "SELECT 1", ")", 2_000), true},
		{"case", "SELECT " + nest("CASE WHEN 1 THEN ", "1", " END", 2_000), true},
		{"between doubles", "SELECT " + nest("(", "q", " BETWEEN 1 AND 2)", 150) + " FROM orders", true},
		{"subquery between doubles", "SELECT " + nest("((SELECT ", "1", ") BETWEEN 1 AND 2)", 60), true},
		{"nullif doubles", "SELECT " + nest("NULLIF(", "q", ", 1)", 150) + " FROM orders", true},
		{"unions", "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 999), false},
		{"too many unions", "SELECT 1" + strings.Repeat(" UNION SELECT 1", 1000), true},
		{"tables", "SELECT 1 FROM orders a0" + list(63, ", orders a%d"), false},
		{"too many tables", "SELECT 1 FROM orders a0" + list(64, ", orders a%d"), true},
		{"far too many tables", "SELECT 1 FROM orders a0" + list(20_000, ", orders a%d"), true},
		{"columns", "SELECT 1" + strings.Repeat(", q", 4095) + " FROM orders", false},
		{"too many columns", "SELECT 1" + strings.Repeat(", q", 4096) + " FROM orders", true},
		{"groups", "SELECT count(*) FROM orders GROUP BY q" + strings.Repeat(", q + 1", 500), false},
		{"ctes stay linear", "WITH c0 AS (SELECT 1 x)" + list(300, ", c%d AS (SELECT a.x FROM c%[2]d a, c%[2]d b)") + " SELECT * FROM c300", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, err := bindText(ctx, m, c.sql, wide)
			if refused := errors.Is(err, tooComplex); refused != c.refused || err != nil && !refused {
				t.Fatalf("refused %v, want %v: %v", refused, c.refused, err)
			}
		})
	}
}

// list repeats a format with 1 to n, and the number before as its second value.
func list(n int, format string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if strings.Contains(format, "[2]") {
			fmt.Fprintf(&b, format, i, i-1)
		} else {
			fmt.Fprintf(&b, format, i)
		}
	}
	return b.String()
}

func TestCancelled(t *testing.T) {
	m := small(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := bindText(ctx, m, "SELECT 1", wide); !errors.Is(err, mysqlerr.Killed()) {
		t.Fatalf("cancelled: %v", err)
	}
	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	if _, err := bindText(ctx, m, "SELECT 1", wide); !errors.Is(err, mysqlerr.Deadline()) {
		t.Fatalf("out of time: %v", err)
	}
}

// TestNotAQuery: other statements are refused, whatever they are.
func TestNotAQuery(t *testing.T) {
	m := small(t)
	for _, sql := range []string{"DELETE FROM orders", "SHOW TABLES", "EXPLAIN SELECT 1"} {
		stmt, _, err := expr.ParseStatement(sql, expr.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := stmt.(ast.ResultSetNode); ok {
			if _, err := bind.Select(context.Background(), stmt, nil, m.env("shop")); err == nil {
				t.Fatalf("%s was bound", sql)
			}
			continue
		}
		if _, err := bind.Select(context.Background(), stmt, nil, m.env("shop")); !errors.Is(err, mysqlerr.Unsupported("")) {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}
