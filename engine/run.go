package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/exec"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// runOptions are what differs between the statements that run a query.
type runOptions struct {
	mesh         *catalog.Mesh
	args         []any
	text         string            // for audit; empty: no product can be read
	listing      connectors.Source // what a SHOW statement filters
	keepWarnings bool
}

// bindEnv is what names mean to this session.
func (s *Session) bindEnv(mesh *catalog.Mesh, listing connectors.Source) *bind.Env {
	return &bind.Env{
		Mesh: mesh, Principal: s.principal, Domain: s.domain, Now: s.engine.now().In(s.location), Functions: s.engine.functions,
		System: func(domain, table string) (connectors.Source, bool) {
			if listing != nil && domain == planner.ListingDomain {
				return listing, true
			}
			return s.systemSource(mesh, domain, table)
		},
		Variables: s.variable,
		Session:   s.info,
		Fold:      s.fold,
	}
}

// info answers the functions about the session: DATABASE(), USER() and so on.
func (s *Session) info(name string) (*plan.Const, bool) {
	switch name {
	case "database", "schema":
		if s.domain == "" {
			return &plan.Const{T: mysqltype.Type{ID: mysqltype.VarChar, Length: 64}}, true
		}
		return variableConst(s.domain), true
	case "user", "current_user", "session_user", "system_user":
		return variableConst(s.principal.User + "@%"), true
	case "current_role":
		return variableConst("NONE"), true
	case "version":
		return variableConst(Version), true
	case "connection_id":
		return variableConst(int64(s.id & 0xffffffff)), true
	case "found_rows", "row_count", "last_insert_id":
		return variableConst(int64(0)), true
	}
	return nil, false
}

// fold evaluates an expression without columns in the session's settings.
func (s *Session) fold(e plan.Expr) (*plan.Const, error) {
	return eval.Constant(e, &eval.Env{Location: s.location, Now: s.engine.now(), Functions: s.engine.functions, Warn: func(uint16, string) {}})
}

// run plans, audits and starts a query. The result streams.
func (s *Session) run(ctx context.Context, sel *planner.Select, o runOptions) (*Result, error) {
	ctx, cancel := s.limit(ctx)
	r := &Result{session: s, ctx: ctx, cancel: cancel, begun: s.engine.now()}
	if err := r.start(sel, o); err != nil {
		r.err = r.explainError(err)
		return nil, errors.Join(r.err, s.auditRefused(r.err, o), r.Close())
	}
	return r, nil
}

// limit gives a statement its deadline and lets KILL reach it.
func (s *Session) limit(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	timeout := s.engine.queryTimeout()
	if s.maxExecution > 0 {
		timeout = min(timeout, s.maxExecution)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, stop := context.WithTimeoutCause(ctx, timeout, mysqlerr.Deadline())
	return ctx, func(cause error) {
		cancel(cause)
		stop()
	}
}

func (e *Engine) queryTimeout() time.Duration {
	if t := e.catalog.Mesh().Settings.QueryTimeout; t > 0 {
		return t
	}
	return defaultQueryTimeout
}

func (e *Engine) queryMemory() int64 {
	if m := e.catalog.Mesh().Settings.QueryMemory; m > 0 {
		return m
	}
	return defaultQueryMemory
}

// Result streams the rows of one statement. Close it.
type Result struct {
	session *Session
	ctx     context.Context
	cancel  context.CancelCauseFunc
	begun   time.Time

	columns   []plan.Column
	relations []bind.Relation
	version   uint64 // of the mesh that the statement was planned with
	reader    vec.Reader
	budget    *vec.Budget
	pinned    map[connectors.Source]connectors.Snapshot
	query     string // id of the audit record; empty: nothing to audit
	rows      int64
	err       error
	failed    bool // guarded by session.mu
	closed    bool
}

func (r *Result) start(sel *planner.Select, o runOptions) error {
	s := r.session
	s.mu.Lock()
	s.running, s.cancel = r, r.cancel
	s.mu.Unlock()

	planned, err := planner.Plan(r.ctx, sel, o.args, s.bindEnv(o.mesh, o.listing), planner.Options{Fold: s.fold, Stats: r.stats, Disable: s.engine.disable})
	if err != nil {
		return err
	}
	s.mu.Lock()
	r.columns, r.relations, r.version = planned.Columns, planned.Relations, o.mesh.Version
	s.mu.Unlock()
	for _, w := range planned.Warnings {
		r.warn(w.Code, w.Message)
	}
	if err := r.pinAll(planned.Plan); err != nil {
		return err
	}
	if err := r.auditBegin(o); err != nil {
		return err
	}
	r.budget = &vec.Budget{Limit: s.engine.queryMemory()}
	r.reader, err = exec.Run(r.ctx, planned.Plan, exec.Options{
		Workers: s.engine.cfg.Workers, Budget: r.budget, Pin: r.pin,
		Env: eval.Env{Location: s.location, Now: s.engine.now(), Warn: r.warn, Functions: s.engine.functions, Budget: r.budget},
	})
	return err
}

// warn adds a warning to the session's, up to the cap. One that was given before
// says nothing new: how often an expression is evaluated depends on the plan, on
// batches and on rows that the principal may not see. Operators call it from
// several goroutines.
func (r *Result) warn(code uint16, message string) {
	w := Warning{"Warning", code, message}
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	if !r.failed && len(r.session.warnings) < maxWarnings && !slices.Contains(r.session.warnings, w) {
		r.session.warnings = append(r.session.warnings, w)
	}
}

// Columns describe the rows; empty for a statement without a result set.
func (r *Result) Columns() []plan.Column { return r.columns }

// Next returns the next batch, or io.EOF. It is valid until the next call.
func (r *Result) Next(ctx context.Context) (*vec.Batch, error) {
	if r.reader == nil || r.err != nil {
		if r.err != nil {
			return nil, r.err
		}
		return nil, io.EOF
	}
	if rel, gone := r.revoked(); gone {
		return nil, r.fail(mysqlerr.GrantGone(rel.Product.Domain, rel.Product.Name))
	}
	if err := ctx.Err(); err != nil {
		r.cancel(mysqlerr.Killed())
	}
	b, err := r.reader.Next(r.ctx)
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, r.fail(err)
	}
	for i := range r.columns { // decoded here, so that an error has its place
		if _, err := b.Col(r.ctx, i); err != nil {
			return nil, r.fail(err)
		}
	}
	r.rows += int64(b.Rows())
	return b, nil
}

// Close ends the statement and writes the end of its audit record.
func (r *Result) Close() error {
	if r.closed || r.session == nil {
		return nil
	}
	r.closed = true
	r.cancel(mysqlerr.Killed())
	var err error
	if r.reader != nil {
		err = r.reader.Close()
	}
	s := r.session
	s.mu.Lock()
	if s.running == r {
		s.running, s.cancel, s.text = nil, nil, ""
	}
	s.mu.Unlock()
	return errors.Join(err, r.auditEnd())
}

// fail keeps the statement's first error in its MySQL form, and no warning: which
// rows were evaluated before it depends on batches.
func (r *Result) fail(err error) error {
	if r.err == nil {
		r.session.mu.Lock()
		r.failed, r.session.warnings = true, nil
		r.session.mu.Unlock()
		r.err = r.session.failed(r.explainError(err))
	}
	return r.err
}

// explainError gives an error the code and text that a user may see; the
// operator's log gets the rest under the same reference.
func (r *Result) explainError(err error) error {
	if r.ctx.Err() != nil {
		if cause := context.Cause(r.ctx); errors.As(cause, new(*mysqlerr.Error)) {
			return cause
		}
		return mysqlerr.Killed().With(err)
	}
	var known *mysqlerr.Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, vec.ErrBudget) {
		return mysqlerr.MemoryBudget()
	}
	var at *productError
	if errors.As(err, &at) {
		ref := catalog.NewRef()
		attrs := []any{"ref", ref, "product", at.domain + "." + at.product, "error", err}
		var storage *objstore.Error
		if errors.As(err, &storage) {
			attrs = append(attrs, "storage", storage)
		}
		r.session.engine.log.Error("product unreadable", attrs...)
		if class, storage := connectors.Class(err); storage {
			return mysqlerr.StorageUnavailable(at.domain, at.product, class, ref)
		}
		return mysqlerr.FileUnreadable(at.domain, at.product, ref)
	}
	return mysqlerr.Internal(err)
}

// revoked returns a relation whose decision is no longer the one that the
// statement was planned with.
func (r *Result) revoked() (bind.Relation, bool) {
	mesh := r.session.engine.catalog.Mesh()
	now := r.session.engine.now()
	r.session.mu.Lock() // the statement may still be planned
	relations, version, p := r.relations, r.version, r.session.principal
	r.session.mu.Unlock()
	for _, rel := range relations {
		d := rel.Decision
		if mesh.Version == version && (d.Until.IsZero() || now.Before(d.Until)) {
			continue
		}
		p := p // each relation is decided for the principal anew
		if !r.session.fixed {
			fresh, ok := mesh.Principal(p.User)
			if !ok {
				return rel, true
			}
			if fresh.Purpose = ""; slices.Contains(fresh.Purposes, p.Purpose) {
				fresh.Purpose = p.Purpose
			}
			p = fresh
		}
		dom, ok := mesh.Domains[rel.Product.Domain]
		if !ok || dom.State == catalog.Denied {
			return rel, true
		}
		product, ok := dom.Products[rel.Product.Name]
		if !ok || mesh.Policies.Decide(p, product.Relation, now).Fingerprint != d.Fingerprint {
			return rel, true
		}
	}
	return bind.Relation{}, false
}

func (r *Result) auditBegin(o runOptions) error {
	if len(r.relations) == 0 {
		return nil
	}
	s := r.session
	rec := auditRecord{Time: s.engine.now(), Event: "begin", Query: catalog.NewRef() + catalog.NewRef(), User: s.principal.User, OSUser: s.identity.OSUser,
		Purpose: s.principal.Purpose, Client: s.identity.Client, Statement: planner.Normalize(o.text), Version: o.mesh.Version, Decision: "allowed"}
	for _, rel := range r.relations {
		rec.Products = append(rec.Products, rel.Product.Domain+"."+rel.Product.Name)
		if snap, ok := r.pinned[rel.Product.Source]; ok {
			rec.Snapshots = append(rec.Snapshots, snap.ID())
		}
		for _, reason := range rel.Decision.InForce {
			rec.Policies = append(rec.Policies, reason.Policy)
		}
	}
	slices.Sort(rec.Policies)
	rec.Policies = slices.Compact(rec.Policies)
	if err := s.engine.audit.Write(rec); err != nil {
		return mysqlerr.AuditUnavailable().With(err)
	}
	r.query = rec.Query
	return nil
}

// auditRefused notes a statement that asked for what does not exist for its
// principal: a guess, or an attempt. Only the guild sees it.
func (s *Session) auditRefused(err error, o runOptions) error {
	switch e := mysqlerr.From(err); e.Code {
	case 1045, 1049, 1054, 1142, 1146:
		return s.engine.audit.Note(auditRecord{Time: s.engine.now(), Event: "refused", User: s.principal.User, OSUser: s.identity.OSUser,
			Purpose: s.principal.Purpose, Client: s.identity.Client, Statement: planner.Normalize(o.text), Version: o.mesh.Version,
			Decision: "refused", Error: strconv.Itoa(int(e.Code))})
	}
	return nil
}

func (r *Result) auditEnd() error {
	if r.query == "" {
		return nil
	}
	s := r.session
	rec := auditRecord{Time: s.engine.now(), Event: "end", Query: r.query, User: s.principal.User, Rows: r.rows,
		Millis: s.engine.now().Sub(r.begun).Milliseconds()}
	for _, rel := range r.relations {
		rec.Products = append(rec.Products, rel.Product.Domain+"."+rel.Product.Name)
	}
	if r.err != nil {
		rec.Error = strconv.Itoa(int(mysqlerr.From(r.err).Code))
	}
	return s.engine.audit.Note(rec)
}
