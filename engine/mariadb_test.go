package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
	"github.com/go-sql-driver/mysql"

	"github.com/meshql/meshql/engine/meshtest"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// TestMariaDB runs the statements in testdata/mariadb here and in a MariaDB
// server that holds the same rows. What a test expects are the differences, so
// it is empty where both agree; where MySQL 8.0's manual, which we follow,
// differs from MariaDB, the comment above says how. Rows are compared in order
// where the statement has an ORDER BY.
func TestMariaDB(t *testing.T) {
	p := newMariaDBPair(t)
	compared := 0
	datadriven.Walk(t, "testdata/mariadb", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var b strings.Builder
			for statement := range strings.SplitSeq(d.Input, "\n") {
				compared++
				if differs := p.compare(t.Context(), statement); differs != "" {
					fmt.Fprintf(&b, "%s\n%s", statement, differs)
				}
			}
			return b.String()
		})
	})
	t.Logf("%d statements compared", compared)
}

// mariaDBPair is a MariaDB server and a mesh with the same tables.
type mariaDBPair struct {
	conn    *sql.Conn
	session *Session
}

func newMariaDBPair(t *testing.T) *mariaDBPair {
	t.Helper()
	conn := startMariaDB(t)
	m := twinMesh()
	ddl := []string{"CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "USE shop",
		"SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin", "SET time_zone = '+00:00'", fmt.Sprintf("SET timestamp = %d", testNow.Unix()),
		"SET optimizer_switch = 'subquery_cache=off'", // it rounds quotients
		"SET sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"}
	for _, p := range m.Products {
		ddl = append(ddl, mariaDBTable(t, p)...)
	}
	for _, statement := range ddl {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	s, err := openMesh(t, m).Session(t.Context(), Identity{User: "ana", Client: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Use(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	return &mariaDBPair{conn, s}
}

// startMariaDB starts a server of its own that listens on a socket alone, or
// skips the test where there is none.
func startMariaDB(t *testing.T) *sql.Conn {
	t.Helper()
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		if os.Getenv("MESHQL_REQUIRE_MARIADB") != "" {
			t.Fatal("MESHQL_REQUIRE_MARIADB is set, but there is no mariadbd in PATH (Debian: mariadb-server-core)")
		}
		t.Skip("no mariadbd in PATH (Debian: mariadb-server-core)")
	}
	dir, err := os.MkdirTemp("", "mdb") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	self, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "--no-defaults", "--user="+self.Username, "--datadir="+dir, "--socket="+socket, "--pid-file="+dir+"/pid",
		"--skip-grant-tables", "--skip-networking", "--innodb=OFF", "--default-storage-engine=MyISAM", "--skip-log-bin")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
		_ = log.Close()
		_ = os.RemoveAll(dir)
	})
	db, err := sql.Open("mysql", "root@unix("+socket+")/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for range 600 {
		conn, err := db.Conn(t.Context())
		if err == nil {
			return conn
		}
		select {
		case err := <-ended:
			ended <- err
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("mariadbd ended: %v\n%s", err, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("mariadbd did not answer\n%s", text)
	return nil
}

// mariaDBTable gives the statements that make a product's table.
func mariaDBTable(t *testing.T, p meshtest.Product) []string {
	var columns, rows []string
	for _, c := range p.Columns {
		columns = append(columns, fmt.Sprintf("`%s` %s", c.Name, c.Type))
	}
	for i := range p.Rows {
		batch := p.Batch(t, p.Rows[i:i+1])
		var cells []string
		for j, c := range p.Columns {
			v, err := batch.Col(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if v.IsNull(0) {
				cells = append(cells, "NULL")
				continue
			}
			cells = append(cells, "'"+strings.NewReplacer("'", "''", `\`, `\\`).Replace(string(mysqltype.AppendText(nil, c.Type, v, 0, time.UTC)))+"'")
		}
		rows = append(rows, "("+strings.Join(cells, ", ")+")")
	}
	out := []string{fmt.Sprintf("CREATE TABLE `%s` (%s)", p.Name, strings.Join(columns, ", "))}
	if len(rows) > 0 {
		out = append(out, fmt.Sprintf("INSERT INTO `%s` VALUES %s", p.Name, strings.Join(rows, ", ")))
	}
	return out
}

// answerOf is what a statement gave: types and rows, or an error's code.
type answerOf struct {
	types []mysqltype.Type
	// decimals is to how many places MariaDB rounded the text of a DOUBLE; -1: not.
	decimals []int
	rows     [][]string
	code     uint16
	text     string
}

const nullCell = "NULL"

// compare runs a statement on both sides and says where the answers differ:
// the errors, the columns' types, and the first row; empty if they do not.
func (p *mariaDBPair) compare(ctx context.Context, statement string) string {
	ours, theirs := p.ours(ctx, statement), p.theirs(ctx, statement)
	if ours.code != 0 || theirs.code != 0 {
		if ours.code == theirs.code {
			return ""
		}
		return fmt.Sprintf("  ours: %s; MariaDB: %s\n", ours, theirs)
	}
	if len(ours.types) != len(theirs.types) || len(ours.rows) != len(theirs.rows) {
		return fmt.Sprintf("  ours: %s; MariaDB: %s\n", ours, theirs)
	}
	var b strings.Builder
	for i, t := range ours.types {
		if !sameType(t, theirs.types[i]) {
			fmt.Fprintf(&b, "  column %d ours: %s; MariaDB: %s\n", i+1, t, theirs.types[i])
		}
	}
	for i, places := range theirs.decimals {
		for _, row := range ours.rows {
			row[i] = roundCell(row[i], places)
		}
	}
	if !ordered(statement) {
		slices.SortFunc(ours.rows, slices.Compare)
		slices.SortFunc(theirs.rows, slices.Compare)
	}
	different := 0
	for i, row := range ours.rows {
		for j := range row {
			if row[j] == theirs.rows[i][j] {
				continue
			}
			if different++; different == 1 {
				fmt.Fprintf(&b, "  row %d column %d ours: %s; MariaDB: %s", i+1, j+1, row[j], theirs.rows[i][j])
			}
		}
	}
	if different > 0 {
		fmt.Fprintf(&b, " (%d cells)\n", different)
	}
	return b.String()
}

// ordered reports whether a statement has an ORDER BY outside of parentheses.
func ordered(statement string) bool {
	depth := 0
	for i, c := range statement {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0 && strings.HasPrefix(strings.ToLower(statement[i:]), "order by"):
			return true
		}
	}
	return false
}

func (a *answerOf) String() string {
	if a.code != 0 {
		return fmt.Sprintf("ERROR %d: %s", a.code, a.text)
	}
	return fmt.Sprintf("%d rows of %d columns", len(a.rows), len(a.types))
}

// sameType compares what clients notice of types. Lengths are hints; MariaDB
// gives many integers a narrower type than MySQL, and merges signed with
// unsigned ones to DECIMAL where MySQL has a wider integer.
func sameType(a, b mysqltype.Type) bool {
	if a.IsInteger() && b.IsInteger() {
		return a.Unsigned == b.Unsigned
	}
	return typeClass(a) == typeClass(b)
}

func typeClass(t mysqltype.Type) string {
	switch {
	case t.IsInteger():
		return "decimal scale 0"
	case t.ID == mysqltype.Decimal:
		return fmt.Sprintf("decimal scale %d", t.Scale)
	case t.ID == mysqltype.Float || t.ID == mysqltype.Double:
		return "double"
	case t.ID == mysqltype.Timestamp:
		return fmt.Sprintf("datetime(%d)", t.Scale)
	case t.IsTemporal():
		return t.String()
	case t.IsBinary():
		return "bytes"
	case t.ID == mysqltype.Null:
		return "null"
	}
	return "text"
}

// normalCell writes a number in the one form in which it is compared: the last
// digits of a DOUBLE depend on the libraries, and MariaDB has a negative zero.
func normalCell(t mysqltype.Type, text string) string {
	switch t.ID {
	case mysqltype.Float, mysqltype.Double:
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return strconv.FormatFloat(x+0, 'g', 13, 64)
		}
	case mysqltype.Decimal:
		if digits, negative := strings.CutPrefix(text, "-"); negative && strings.Trim(digits, "0.") == "" {
			return digits
		}
	}
	if !utf8.ValidString(text) {
		return fmt.Sprintf("x'%x'", text)
	}
	return text
}

func roundCell(text string, places int) string {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || places < 0 {
		return text
	}
	return normalCell(mysqltype.Type{ID: mysqltype.Double}, strconv.FormatFloat(x, 'f', places, 64))
}

func (p *mariaDBPair) ours(ctx context.Context, statement string) *answerOf {
	r, err := p.session.Query(ctx, statement)
	if err == nil {
		var a *answerOf
		if a, err = readAnswer(ctx, r); err == nil {
			return a
		}
	}
	e := mysqlerr.From(err)
	text := e.Message
	if e.Code == 1105 {
		text += " " + fmt.Sprint(errors.Unwrap(e))
	}
	return &answerOf{code: e.Code, text: text}
}

func readAnswer(ctx context.Context, r *Result) (*answerOf, error) {
	a := &answerOf{}
	for _, c := range r.Columns() {
		a.types = append(a.types, c.Type)
	}
	for {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return a, r.Close()
		}
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		for k := range batch.Rows() {
			row := k
			if batch.Sel != nil {
				row = int(batch.Sel[k])
			}
			cells := make([]string, len(a.types))
			for i, t := range a.types {
				v, err := batch.Col(ctx, i)
				if err != nil {
					return nil, errors.Join(err, r.Close())
				}
				if cells[i] = nullCell; !v.IsNull(row) {
					cells[i] = normalCell(t, string(mysqltype.AppendText(nil, t, v, row, time.UTC)))
				}
			}
			a.rows = append(a.rows, cells)
		}
	}
}

func (p *mariaDBPair) theirs(ctx context.Context, statement string) *answerOf {
	rows, err := p.conn.QueryContext(ctx, statement)
	if err != nil {
		return mariaDBError(err)
	}
	defer func() { _ = rows.Close() }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return mariaDBError(err)
	}
	a := &answerOf{}
	for _, t := range types {
		places := -1
		if _, scale, ok := t.DecimalSize(); ok && t.DatabaseTypeName() == "DOUBLE" && scale <= 30 {
			places = int(scale)
		}
		a.types, a.decimals = append(a.types, mariaDBType(t)), append(a.decimals, places)
	}
	for rows.Next() {
		raw, into := make([]sql.RawBytes, len(types)), make([]any, len(types))
		for i := range raw {
			into[i] = &raw[i]
		}
		if err := rows.Scan(into...); err != nil {
			return mariaDBError(err)
		}
		cells := make([]string, len(types))
		for i := range raw {
			if cells[i] = nullCell; raw[i] != nil {
				cells[i] = normalCell(a.types[i], string(raw[i]))
			}
		}
		a.rows = append(a.rows, cells)
	}
	if err := rows.Err(); err != nil {
		return mariaDBError(err)
	}
	return a
}

func mariaDBError(err error) *answerOf {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return &answerOf{code: e.Number, text: e.Message}
	}
	return &answerOf{code: math.MaxUint16, text: err.Error()}
}

// mariaDBType reads the metadata of a result's column.
func mariaDBType(c *sql.ColumnType) mysqltype.Type {
	name, unsigned := strings.CutPrefix(c.DatabaseTypeName(), "UNSIGNED ")
	t := mysqltype.Type{Unsigned: unsigned}
	precision, scale, _ := c.DecimalSize()
	switch name {
	case "TINYINT":
		t.ID = mysqltype.TinyInt
	case "SMALLINT":
		t.ID = mysqltype.SmallInt
	case "MEDIUMINT":
		t.ID = mysqltype.MediumInt
	case "INT":
		t.ID = mysqltype.Int
	case "BIGINT":
		t.ID = mysqltype.BigInt
	case "YEAR":
		t = mysqltype.Type{ID: mysqltype.Year}
	case "FLOAT":
		t.ID = mysqltype.Float
	case "DOUBLE":
		t.ID = mysqltype.Double
	case "DECIMAL":
		t.ID, t.Precision, t.Scale = mysqltype.Decimal, uint8(precision), uint8(scale)
	case "DATE":
		t.ID = mysqltype.Date
	case "TIME":
		t.ID, t.Scale = mysqltype.Time, uint8(scale)
	case "DATETIME":
		t.ID, t.Scale = mysqltype.DateTime, uint8(scale)
	case "TIMESTAMP":
		t.ID, t.Scale = mysqltype.Timestamp, uint8(scale)
	case "BINARY", "VARBINARY":
		t.ID = mysqltype.VarBinary
	case "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB":
		t.ID = mysqltype.Blob
	case "CHAR", "VARCHAR", "ENUM":
		t.ID = mysqltype.VarChar
	case "NULL":
	default:
		t.ID = mysqltype.Text
	}
	return t
}
