package main

import (
	"context"
	"slices"
	"strings"

	"github.com/meshql/meshql/engine/mysqlfn"
)

// names are what a session may name: read from its own information_schema and
// thus governed.
type names struct {
	domains  []string
	products []productName
	purposes []string
}

type productName struct {
	domain, name, comment string
	columns               []columnName
}

type columnName struct{ name, typ string }

// loadNames asks the session for what it may name.
func loadNames(ctx context.Context, c client) (*names, error) {
	n := &names{purposes: c.Purposes(ctx)}
	domains, err := tableOf(ctx, c, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1")
	if err != nil {
		return nil, err
	}
	for _, r := range domains {
		n.domains = append(n.domains, r[0])
	}
	products, err := tableOf(ctx, c, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES ORDER BY 1, 2")
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for i, r := range products {
		n.products = append(n.products, productName{domain: r[0], name: r[1], comment: r[2]})
		index[r[0]+"."+r[1]] = i
	}
	columns, err := tableOf(ctx, c, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS ORDER BY 1, 2, ORDINAL_POSITION")
	if err != nil {
		return nil, err
	}
	for _, r := range columns {
		if i, ok := index[r[0]+"."+r[1]]; ok {
			n.products[i].columns = append(n.products[i].columns, columnName{r[2], r[3]})
		}
	}
	return n, nil
}

// product finds a product; an empty domain is none.
func (n *names) product(domain, name string) *productName {
	i := slices.IndexFunc(n.products, func(p productName) bool {
		return strings.EqualFold(p.domain, domain) && strings.EqualFold(p.name, name)
	})
	if i < 0 {
		return nil
	}
	return &n.products[i]
}

// tableOf runs a query and returns its rows as text, NULL as nothing.
func tableOf(ctx context.Context, c client, sql string) ([][]string, error) {
	r, err := c.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	var out [][]string
	_, err = each(ctx, r, func(cells []cell) error {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = string(c.text)
		}
		out = append(out, row)
		return nil
	})
	return out, err
}

// literal writes a SQL string.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// identifier writes a name, in backquotes where it needs them.
func identifier(s string) string {
	plain := s != "" && (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool { return !isWordRune(r) }) < 0
	if plain && !slices.Contains(keywords, strings.ToUpper(s)) {
		return s
	}
	return "`" + strings.ReplaceAll(s, "`", "``") + "`"
}

// functionNames are the functions of the library, with those of special syntax.
func functionNames() []string {
	out := []string{"count", "sum", "avg", "min", "max", "cast", "convert", "extract", "substring", "trim", "position", "group_concat", "coalesce"}
	for _, f := range mysqlfn.Functions() {
		if name := strings.ToLower(f.Name); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// keywords are the words that statements are made of here.
var keywords = strings.Fields(`ALL ALTER AND ANALYZE AS ASC BETWEEN BY CASE CROSS DATABASES DESC DESCRIBE DISTINCT
	ELSE END EXCEPT EXISTS EXPLAIN FALSE FROM FULL GROUP HAVING IN INNER INTERSECT INTERVAL IS JOIN LEFT LIKE LIMIT NATURAL
	NOT NULL OFFSET ON OR ORDER OUTER OVER PARTITION PURPOSE RECURSIVE REGEXP RIGHT SELECT SESSION SET SHOW STRAIGHT_JOIN TABLES
	THEN TRUE UNION USE USING VALUES WARNINGS WHEN WHERE WINDOW WITH XOR`)
