package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// TestResult is the outcome of one policy test.
type TestResult struct {
	Name     string
	File     string // below the name of its domain, or guild
	Line     int
	As       string // roles and purpose of the test's principal
	Passed   bool
	Want     string // set on failure: rows or error, one a line
	Got      string
	Duration time.Duration
	Policies []governance.Reason // what bound the test's principal
}

// guildLayer is what policies call the guild where they name a domain.
const guildLayer = "guild"

// maxTestRows is how many rows a policy test may compare.
const maxTestRows = 1000

// PolicyTests runs the policy tests of the mesh as the principals that they
// name, through the same path as every query.
func (e *Engine) PolicyTests(ctx context.Context) ([]TestResult, error) {
	mesh := e.catalog.Mesh()
	var out []TestResult
	run := func(layer string, tests []*governance.Test) error {
		for _, t := range tests {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := e.policyTest(ctx, t)
			if err != nil {
				return err
			}
			r.File = layer + "/" + r.File
			out = append(out, r)
		}
		return nil
	}
	if err := run(guildLayer, mesh.GuildTests); err != nil {
		return out, err
	}
	for _, name := range sortedKeys(mesh.Domains) {
		if err := run(name, mesh.Domains[name].Tests); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (e *Engine) policyTest(ctx context.Context, t *governance.Test) (TestResult, error) {
	begun := time.Now()
	res := TestResult{Name: t.Name, File: t.File, Line: t.Line, As: describeSubject(t.As)}
	purposes := t.As.Purposes
	if t.As.Purpose != "" && !slices.Contains(purposes, t.As.Purpose) {
		purposes = append(purposes[:len(purposes):len(purposes)], t.As.Purpose)
	}
	s, err := e.sessionAs(&governance.Principal{User: t.As.User, Roles: t.As.Roles, Attributes: t.As.Attributes,
		Purposes: purposes, Purpose: t.As.Purpose})
	if err != nil {
		return res, err
	}
	got, policies, err := s.testRows(ctx, t.Query.Text)
	if cerr := s.Close(); cerr != nil {
		return res, cerr
	}
	want := renderWanted(t)
	if err != nil {
		got = fmt.Sprintf("error %d", mysqlerr.From(err).Code)
	}
	res.Duration, res.Policies = time.Since(begun), policies
	if res.Passed = got == want; !res.Passed {
		res.Want, res.Got = want, got
	}
	return res, nil
}

// describeSubject says whom a test asks as.
func describeSubject(p governance.TestPrincipal) string {
	who := p.User
	if who == "" {
		who = strings.Join(p.Roles, ", ")
	}
	if who == "" {
		who = "nobody in particular"
	}
	if p.Purpose != "" {
		who += ", purpose " + p.Purpose
	}
	return who
}

// testRows runs a query and renders its rows as policy tests compare them.
func (s *Session) testRows(ctx context.Context, sql string) (string, []governance.Reason, error) {
	r, err := s.Query(ctx, sql)
	if err != nil {
		return "", nil, err
	}
	var policies []governance.Reason
	for _, rel := range r.relations {
		policies = append(policies, rel.Decision.InForce...)
	}
	var b strings.Builder
	for n := 0; ; {
		batch, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", policies, errors.Join(err, r.Close())
		}
		for k := range batch.Rows() {
			row := batch.Sel.At(k)
			if n++; n > maxTestRows {
				return "", policies, errors.Join(mysqlerr.TooComplex("a policy test compares at most 1000 rows"), r.Close())
			}
			for i, c := range r.Columns() {
				if i > 0 {
					b.WriteString(" | ")
				}
				v, err := batch.Col(ctx, i)
				if err != nil {
					return "", policies, errors.Join(err, r.Close())
				}
				if v.IsNull(row) {
					b.WriteString("NULL")
				} else {
					b.Write(mysqltype.AppendText(nil, c.Type, v, row, s.location))
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String(), policies, r.Close()
}

func renderWanted(t *governance.Test) string {
	if t.Error != 0 || t.Expect == nil {
		return fmt.Sprintf("error %d", t.Error)
	}
	var b strings.Builder
	for _, row := range *t.Expect {
		for i, x := range row {
			if i > 0 {
				b.WriteString(" | ")
			}
			switch x := x.(type) {
			case nil:
				b.WriteString("NULL")
			case bool:
				if x {
					b.WriteByte('1')
				} else {
					b.WriteByte('0')
				}
			default:
				fmt.Fprint(&b, x)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
