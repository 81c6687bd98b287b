package wire

import (
	"database/sql"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// typesMesh has a product with a column of every type that a file can hold: rows
// of zeros, of the smallest and the largest values, and of NULLs.
func typesMesh(t testing.TB) meshtest.Mesh {
	t.Helper()
	max38, _ := vec.Pow10(38)
	max38, _ = max38.Sub(vec.Int128From(1))
	type col struct {
		name           string
		t              mysqltype.Type
		zero, min, max any
	}
	const day = int64(86_400_000_000)
	cols := []col{
		{"b", mysqltype.Type{ID: mysqltype.Bool}, false, false, true},
		{"i8", mysqltype.Type{ID: mysqltype.TinyInt}, int64(0), int64(-128), int64(127)},
		{"u8", mysqltype.Type{ID: mysqltype.TinyInt, Unsigned: true}, uint64(0), uint64(1), uint64(255)},
		{"i16", mysqltype.Type{ID: mysqltype.SmallInt}, int64(0), int64(-32768), int64(32767)},
		{"u16", mysqltype.Type{ID: mysqltype.SmallInt, Unsigned: true}, uint64(0), uint64(1), uint64(65535)},
		{"i32", mysqltype.Type{ID: mysqltype.Int}, int64(0), int64(math.MinInt32), int64(math.MaxInt32)},
		{"u32", mysqltype.Type{ID: mysqltype.Int, Unsigned: true}, uint64(0), uint64(1), uint64(math.MaxUint32)},
		{"i64", mysqltype.Type{ID: mysqltype.BigInt}, int64(0), int64(math.MinInt64), int64(math.MaxInt64)},
		{"u64", mysqltype.Type{ID: mysqltype.BigInt, Unsigned: true}, uint64(0), uint64(1), uint64(math.MaxUint64)},
		{"f32", mysqltype.Type{ID: mysqltype.Float}, 0.0, -1.5, 3.25},
		{"f64", mysqltype.Type{ID: mysqltype.Double}, 0.0, -1.7976931348623157e308, 5e-324},
		{"dec", mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}, int64(0), int64(-9999999999), int64(9999999999)},
		{"dec38", mysqltype.Type{ID: mysqltype.Decimal, Precision: 38, Scale: 10}, vec.Int128{}, max38.Neg(), max38},
		{"d", mysqltype.Type{ID: mysqltype.Date}, int32(0), int32(-354285), int32(2932896)},
		{"tm", mysqltype.Type{ID: mysqltype.Time, Scale: 6}, int64(0), int64(1), day - 1},
		{"dt", mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}, int64(0), -354285 * day, 2932897*day - 1},
		{"dt0", mysqltype.Type{ID: mysqltype.DateTime}, int64(0), -day, day},
		{"ts", mysqltype.Type{ID: mysqltype.Timestamp, Scale: 3}, int64(1000), int64(123_000), 2000 * day},
		{"vc", mysqltype.Type{ID: mysqltype.VarChar, Length: 20}, "", "a\x00'\\", "Ω☃😀"},
		{"txt", mysqltype.Type{ID: mysqltype.Text}, "", "x", strings.Repeat("long ", 60_000)},
		{"vb", mysqltype.Type{ID: mysqltype.VarBinary, Length: 20}, "", "\x00\xff", "\xfe\xfd"},
		{"js", mysqltype.Type{ID: mysqltype.JSON}, "null", "[]", `{"a": [1, "ü"]}`},
	}
	p := meshtest.Product{Domain: "lab", Name: "kinds", Columns: []meshtest.Column{{Name: "id", Type: meshtest.BigInt, Contract: []string{"primaryKey: true", "required: true"}}}}
	p.Rows = [][]any{{int64(1)}, {int64(2)}, {int64(3)}, {int64(4)}}
	for _, c := range cols {
		p.Columns = append(p.Columns, meshtest.Column{Name: c.name, Type: c.t})
		for i, v := range []any{c.zero, c.min, c.max, nil} {
			p.Rows[i] = append(p.Rows[i], v)
		}
	}
	return meshtest.Mesh{Products: []meshtest.Product{p}, Files: map[string]string{
		"identity.yaml": users(), "lab/policies/p.yaml": "- {id: read, grant: select}\n", "guild/policies.yaml": "[]\n"}}
}

// computed are of the types that only expressions give.
const computed = `SELECT id, TIME '-838:59:58.000001' AS t6, TIME '-00:00:01' AS t0, TIMEDIFF('00:00:00', '25:01:02.5') AS td,
	CAST(id AS YEAR) AS y, NULL AS n, id = 1 AS bool, SUM(id) AS s, AVG(id) AS a, 1.50 AS dec2, 1e0 AS dbl, 'text' AS lit, X'00FF' AS bin,
	CAST('2026-01-02 03:04:05.006' AS DATETIME(3)) AS dt3, CONCAT('a', id) AS con, COUNT(*) AS c, -id AS neg, id / 3 AS div3, MD5(id) AS h
	FROM lab.kinds GROUP BY id ORDER BY id`

// TestProtocols: the text and the binary protocol give the same values.
func TestProtocols(t *testing.T) {
	f := serveMesh(t, typesMesh(t), nil)
	for _, query := range []string{"SELECT * FROM lab.kinds ORDER BY id", computed, "SHOW VARIABLES", "SELECT * FROM information_schema.columns ORDER BY 1, 2, 3, ordinal_position"} {
		for _, zone := range []string{"'SYSTEM'", "'-05:30'"} {
			db := f.open(t, "ana", overTLS+"&time_zone="+strings.NewReplacer("'", "%27", ":", "%3A").Replace(zone))
			text, columns := collect(t, db, query)
			stmt, err := db.Prepare(query)
			if err != nil {
				t.Errorf("prepare %.40s: %v", query, err)
				continue
			}
			binary, described := collect(t, db, query, stmt)
			stmt.Close() // a test's statement
			if len(text) < 2 || strings.Join(columns, "\n") != strings.Join(described, "\n") {
				t.Errorf("%.40s: columns\n%s\nprepared\n%s", query, columns, described)
			}
			for i := range max(len(text), len(binary)) {
				if i >= len(text) || i >= len(binary) || text[i] != binary[i] {
					t.Errorf("%.40s: row %d\n%.2000s\nprepared\n%.2000s", query, i, text[i], binary[i])
				}
			}
		}
	}
}

// collect returns rows as text and what the driver says of columns.
func collect(t *testing.T, db *sql.DB, query string, prepared ...*sql.Stmt) (rows, columns []string) {
	t.Helper()
	var r *sql.Rows
	var err error
	if len(prepared) > 0 {
		r, err = prepared[0].Query()
	} else {
		r, err = db.Query(query)
	}
	if err != nil {
		t.Fatalf("%.60s: %v", query, err)
	}
	defer r.Close() // read to its end
	types, err := r.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range types {
		nullable, _ := c.Nullable()
		p, s, _ := c.DecimalSize()
		columns = append(columns, fmt.Sprintf("%s %s null=%v %d,%d", c.Name(), c.DatabaseTypeName(), nullable, p, s))
	}
	values := make([]sql.NullString, len(types))
	at := make([]any, len(types))
	for i := range values {
		at[i] = &values[i]
	}
	for r.Next() {
		if err := r.Scan(at...); err != nil {
			t.Fatal(err)
		}
		var line []string
		for i, v := range values {
			if !v.Valid {
				v.String = "NULL"
			}
			line = append(line, types[i].Name()+"="+v.String)
		}
		rows = append(rows, strings.Join(line, " "))
	}
	if err := r.Err(); err != nil {
		t.Fatalf("%.60s: %v", query, err)
	}
	return rows, columns
}

// TestFields is what the client is told of columns.
func TestFields(t *testing.T) {
	f := serveMesh(t, typesMesh(t), nil)
	db := f.open(t, "ana", overTLS)
	datadriven.RunTest(t, "testdata/fields", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		rows, _ := collect(t, db, strings.ReplaceAll(d.Input, "COMPUTED", computed))
		s, err := f.engine.Session(t.Context(), engine.Identity{User: "ana"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close() // never fails
		columns, _, err := s.Describe(t.Context(), strings.ReplaceAll(d.Input, "COMPUTED", computed))
		if err != nil {
			return err.Error()
		}
		describe(&b, columns)
		for _, r := range rows {
			if len(r) > 2000 {
				r = r[:200] + " … " + r[len(r)-100:]
			}
			fmt.Fprintf(&b, "%q\n", r)
		}
		return b.String()
	})
}

func describe(b *strings.Builder, columns []plan.Column) {
	for _, f := range fields(columns) {
		fmt.Fprintf(b, "%-6s %-10s length %-10d decimals %-2d charset %-3d", f.Name, f.Type, f.ColumnLength, f.Decimals, f.Charset)
		for _, flag := range []struct {
			bit  uint32
			name string
		}{{flagNotNull, " not null"}, {flagBlob, " blob"}, {flagUnsigned, " unsigned"}, {flagBinary, " binary"}, {flagNum, " num"}} {
			if f.Flags&flag.bit != 0 {
				b.WriteString(flag.name)
			}
		}
		b.WriteByte('\n')
	}
}
