package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// explain shows a query's plan. To a principal who does not own every product
// in it, it is the plan before cost-based rules, with the ids of policies and
// without their text; only owners see what statistics chose, and EXPLAIN
// ANALYZE with its counts.
func (s *Session) explain(ctx context.Context, st *planner.Explain, sql string, args []any) (*Result, error) {
	mesh := s.engine.catalog.Mesh()
	planning, done := s.limit(ctx)
	planned, err := planner.Plan(planning, st.Select, args, s.bindEnv(mesh, nil), planner.Options{Fold: s.fold})
	done(nil)
	if err != nil {
		return nil, err
	}
	owned := true
	for _, rel := range planned.Relations {
		owned = owned && rel.Decision.Owner
	}
	if st.Analyze && !owned {
		return nil, mysqlerr.Unsupported("EXPLAIN ANALYZE of products that you do not own")
	}
	shown := planned.Logical
	if owned {
		shown = planned.Plan
	}
	text := plan.Format(shown, plan.FormatOptions{HidePolicy: !owned})
	if st.Analyze {
		summary, err := s.analyze(ctx, st.Select, sql, args)
		if err != nil {
			return nil, err
		}
		text += summary
	}
	var rows [][]any
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		rows = append(rows, []any{line})
	}
	src, err := connectors.NewMemory([]connectors.Column{longText("EXPLAIN")}, rows)
	if err != nil {
		return nil, mysqlerr.Internal(err)
	}
	return s.run(ctx, planner.ShowSelect(&planner.Show{}, "EXPLAIN"), runOptions{mesh: mesh, listing: src})
}

// analyze runs the query and says how many rows it gave, how long it took and
// how much memory it held at most.
func (s *Session) analyze(ctx context.Context, sel *planner.Select, sql string, args []any) (string, error) {
	begun := time.Now()
	r, err := s.run(ctx, sel, runOptions{mesh: s.engine.catalog.Mesh(), args: args, text: sql})
	if err != nil {
		return "", err
	}
	for {
		if _, err = r.Next(ctx); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	rows, peak := r.rows, r.budget.Peak()
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("actual: %d rows in %s, peak memory %d bytes\n", rows, time.Since(begun).Round(time.Millisecond), peak), nil
}

// ExplainPolicies returns the plan of a query as a user would get it, with the
// text of row filters and masks. It is for owners and the guild, who can read
// the policies' files, and is not reachable from SQL.
func (e *Engine) ExplainPolicies(ctx context.Context, user, purpose, sql string) (string, error) {
	s, err := e.Session(ctx, Identity{User: user, Purpose: purpose, Client: "policy explain"})
	if err != nil {
		return "", err
	}
	defer s.Close() //nolint:errcheck // nothing runs
	st, err := planner.Parse(sql)
	if err != nil {
		return "", err
	}
	sel, ok := st.(*planner.Select)
	if !ok {
		return "", mysqlerr.Unsupported("anything but a query in policy explain")
	}
	planned, err := planner.Plan(ctx, sel, nil, s.bindEnv(e.catalog.Mesh(), nil), planner.Options{Fold: s.fold})
	if err != nil {
		return "", err
	}
	return plan.Format(planned.Logical, plan.FormatOptions{}), nil
}
