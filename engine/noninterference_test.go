package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meshql/meshql/engine/demo"
	"github.com/meshql/meshql/engine/twoworld"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/optimize"
)

// worldOrders is the number of orders of the worlds.
const worldOrders = 1_000

// principals are asked in both worlds.
var principals = []string{"ana", "owen", "mara", "sam", twoworld.Guest}

// worlds are two meshes that differ only in what one user may not see.
type worlds struct {
	user  string
	paths [2]string
}

func writeWorlds(tb testing.TB, user string, discover bool) worlds {
	tb.Helper()
	w := worlds{user: user}
	for i := range w.paths {
		w.paths[i] = twoworld.Write(tb, tb.TempDir(), twoworld.Options{User: user, Second: i == 1, Discover: discover, Orders: worldOrders})
	}
	return w
}

// pair is a session of the user in each world.
type pair struct {
	tb       testing.TB
	sessions [2]*Session
	answered int // statements that gave no error
}

// open opens both worlds with some workers and without some rules.
func (w worlds) open(tb testing.TB, workers int, disable ...string) *pair {
	tb.Helper()
	tb.Setenv(demo.HashKeyVariable, twoworld.HashKey)
	p := &pair{tb: tb}
	for i, path := range w.paths {
		e, err := Open(tb.Context(), Config{Mesh: path, AuditLog: filepath.Join(tb.TempDir(), "audit.jsonl"), Workers: workers,
			Now: func() time.Time { return twoworld.Now }})
		if err != nil {
			tb.Fatal(err)
		}
		e.disable = disable
		tb.Cleanup(func() {
			if err := e.Close(); err != nil {
				tb.Error(err)
			}
		})
		if p.sessions[i], err = e.Session(tb.Context(), Identity{User: w.user, Client: "test"}); err != nil {
			tb.Fatal(err)
		}
	}
	return p
}

// same asks both worlds and compares all that can be observed.
func (p *pair) same(s twoworld.Statement, args ...any) {
	p.tb.Helper()
	a := observe(p.tb.Context(), p.sessions[0], s, args...)
	b := observe(p.tb.Context(), p.sessions[1], s, args...)
	if a.failure == "" {
		p.answered++
	}
	if x, y := a.String(), b.String(); x != y {
		p.tb.Errorf("%s: the worlds differ\n%s\n--- one\n%s--- other\n%s", p.sessions[0].identity.User, s.SQL, excerpt(x, y), excerpt(y, x))
	}
	for _, o := range []*observation{a, b} {
		if found := twoworld.Canary.FindString(o.String()); found != "" && !twoworld.Canary.MatchString(s.SQL) {
			p.tb.Errorf("%s: a hidden value is seen: %s\n%s\n%s", p.sessions[0].identity.User, found, s.SQL, excerpt(o.String(), ""))
		}
	}
}

// excerpt is the part of x around what differs from y.
func excerpt(x, y string) string {
	lines, other := strings.SplitAfter(x, "\n"), strings.SplitAfter(y, "\n")
	first := 0
	for first < len(lines)-1 && first < len(other) && lines[first] == other[first] {
		first++
	}
	return fmt.Sprintf("(%d lines, from %d)\n", len(lines), first) + strings.Join(lines[first:min(first+8, len(lines))], "")
}

// observation is what a principal learns from one statement.
type observation struct {
	header   string
	rows     []string
	failure  string
	warnings []string
}

func (o *observation) String() string {
	if o.failure != "" { // how many rows came before it is a matter of batches
		return o.failure + strings.Join(o.warnings, "")
	}
	return o.header + strings.Join(o.rows, "") + strings.Join(o.warnings, "")
}

func observe(ctx context.Context, s *Session, st twoworld.Statement, args ...any) *observation {
	o := &observation{}
	r, err := s.Query(ctx, st.SQL, args...)
	if err == nil {
		err = o.read(ctx, s, r)
	}
	if err != nil {
		e := mysqlerr.From(err)
		o.failure = fmt.Sprintf("ERROR %d (%s): %s\n", e.Code, e.State, e.Message)
	}
	for _, w := range s.Warnings() {
		o.warnings = append(o.warnings, fmt.Sprintf("%s %d: %s\n", w.Level, w.Code, w.Message))
	}
	slices.Sort(o.warnings)
	if !st.Ordered {
		slices.Sort(o.rows)
	}
	return o
}

func (o *observation) read(ctx context.Context, s *Session, r *Result) error {
	var b strings.Builder
	for _, c := range r.Columns() {
		fmt.Fprintf(&b, "%s %s %s.%s %v %s|", c.Name, c.Type, c.Domain, c.Product, c.Type.NotNull, c.Type.Collation)
	}
	o.header = b.String() + "\n"
	for {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return r.Close()
		}
		if err != nil {
			return errors.Join(err, r.Close())
		}
		for k := range batch.Rows() {
			row := k
			if batch.Sel != nil {
				row = int(batch.Sel[k])
			}
			var b strings.Builder
			for i, c := range r.Columns() {
				v, err := batch.Col(ctx, i)
				switch {
				case err != nil:
					return errors.Join(err, r.Close())
				case c.Name == "EXPLAIN" && strings.HasPrefix(string(v.BytesAt(row)), "actual: "): // timing
				case v.IsNull(row):
					b.WriteString("NULL|")
				case c.Type.ID == mysqltype.Double: // sums depend on the order of their terms
					x, _ := v.Value(row).(float64)
					b.WriteString(strconv.FormatFloat(x, 'g', 11, 64) + "|")
				default:
					b.Write(mysqltype.AppendText(nil, c.Type, v, row, s.location))
					b.WriteByte('|')
				}
			}
			o.rows = append(o.rows, b.String()+"\n")
		}
	}
}

// TestNonInterference is the reference test of the barrier.
func TestNonInterference(t *testing.T) {
	corpus := twoworld.Statements(t, "../testdata/queries/*.sql")
	attacks := attackStatements(t, "../testdata/attacks")
	answered := map[string]bool{}
	for _, user := range principals {
		for _, discover := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/discover=%v", user, discover), func(t *testing.T) {
				w := writeWorlds(t, user, discover)
				p := w.open(t, 1)
				for i, s := range slices.Concat(corpus, attacks) {
					if !discover && i%3 > 0 && s.File != "metadata.sql" && s.File != "errors.sql" {
						continue
					}
					was := p.answered
					p.same(s)
					if p.answered > was {
						answered[s.SQL] = true
					}
				}
				for _, s := range randomStatements(user, randomCount(discover)) {
					p.same(s)
				}
				p = w.open(t, 4)
				for i, s := range corpus {
					if discover && i%3 == 0 {
						p.same(s)
					}
				}
				if !discover {
					return
				}
				for i, rule := range optimize.Rules() {
					p := w.open(t, 1+i%4, rule)
					for j, s := range corpus {
						if (i+j)%8 == 0 {
							p.same(s)
						}
					}
				}
			})
		}
	}
	for _, s := range corpus {
		if !answered[s.SQL] && s.File != "errors.sql" && s.File != "order.sql" {
			t.Errorf("%s: nobody gets an answer: %s", s.File, s.SQL)
		}
	}
}

// TestWorldsDiffer holds that the test's worlds are not alike to who may see
// what is hidden from another.
func TestWorldsDiffer(t *testing.T) {
	w := writeWorlds(t, "ana", true)
	edit(t, w.paths[1], "identity.yaml", "canary_owen", "owen")
	w.user = "owen"
	p := w.open(t, 1)
	for _, sql := range []string{"SELECT COUNT(*) FROM checkout.orders", "SELECT SUM(total) FROM checkout.orders",
		"SELECT SUM(amount) FROM checkout.payments", "SELECT country, COUNT(*) FROM checkout.orders GROUP BY country"} {
		a := observe(t.Context(), p.sessions[0], twoworld.Statement{SQL: sql})
		b := observe(t.Context(), p.sessions[1], twoworld.Statement{SQL: sql})
		if a.failure != "" || b.failure != "" || a.String() == b.String() {
			t.Errorf("%s\n%s%s", sql, a, b)
		}
	}
}
