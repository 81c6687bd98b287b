package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner"
	"github.com/meshql/meshql/planner/bind"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// Identity is who opens a session.
type Identity struct {
	User    string
	Purpose string // among those held; empty: the user's default
	Client  string // "127.0.0.1:51234", "in process"; for audit
	OSUser  string // in process

	ID         uint64 // the connection's id; 0: the engine gives one
	TLSCipher  string // as SHOW STATUS tells the client
	Disconnect func() // closes the connection, for KILL; may be nil
}

// Session is one principal's conversation: current domain, variables and
// prepared statements. It is used by one goroutine at a time; the engine may
// interrupt it from any.
type Session struct {
	engine         *Engine
	id             uint64
	identity       Identity
	principal      *governance.Principal
	fixed          bool // the principal is not read from the identity file
	defaultPurpose string

	domain        string
	location      *time.Location
	maxExecution  time.Duration
	variables     map[string]any
	userVariables map[string]*plan.Const
	prepared      map[string]string
	warnings      []Warning

	// mu guards what follows, and writing domain, principal and warnings, which
	// only the session's own goroutine reads without it.
	mu      sync.Mutex
	running *Result
	started time.Time
	text    string
	cancel  context.CancelCauseFunc
}

// Warning is a row of SHOW WARNINGS.
type Warning struct {
	Level   string // Note, Warning, Error
	Code    uint16
	Message string
}

// What a session keeps at most.
const (
	maxWarnings      = 64 // of a statement
	maxPrepared      = 1024
	maxUserVariables = 1024
)

// Session opens a session for a user of the mesh's identity file. Close it.
func (e *Engine) Session(ctx context.Context, id Identity) (*Session, error) {
	p, ok := e.catalog.Mesh().Principal(id.User)
	if !ok {
		return nil, mysqlerr.AccessDenied(id.User)
	}
	s := newSession(e, id, p)
	if id.Purpose != "" {
		if err := setPurpose(s, id.Purpose); err != nil {
			return nil, err
		}
	}
	return s, e.register(s)
}

// sessionAs opens a session for a principal that no identity file names: the
// subject of a policy test.
func (e *Engine) sessionAs(p *governance.Principal) (*Session, error) {
	s := newSession(e, Identity{User: p.User, Client: "policy test"}, p)
	s.fixed = true
	return s, e.register(s)
}

func newSession(e *Engine, id Identity, p *governance.Principal) *Session {
	return &Session{engine: e, identity: id, principal: p, defaultPurpose: p.Purpose, location: time.UTC,
		variables: make(map[string]any), userVariables: make(map[string]*plan.Const), prepared: make(map[string]string)}
}

// Close interrupts what runs and ends the session.
func (s *Session) Close() error {
	s.interrupt(mysqlerr.Killed())
	s.engine.unregister(s)
	return nil
}

// ID returns the session's number, as CONNECTION_ID() does.
func (s *Session) ID() uint64 { return s.id }

// Principal returns who the session is.
func (s *Session) Principal() *governance.Principal { return s.principal }

// Domain returns the current domain, empty if none.
func (s *Session) Domain() string { return s.domain }

// Use makes domain current, or fails with 1049 as for one that does not exist.
func (s *Session) Use(_ context.Context, domain string) error {
	if err := s.refresh(); err != nil {
		return err
	}
	name, err := s.domainOf(newView(s, s.engine.catalog.Mesh()), domain)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domain = name
	return nil
}

// Warnings returns those of the last statement.
func (s *Session) Warnings() []Warning { return s.warnings }

// refresh takes roles, attributes and purposes from the identity file in force,
// so that what was withdrawn there ends on open connections too.
func (s *Session) refresh() error {
	if s.fixed {
		return nil
	}
	p, ok := s.engine.catalog.Mesh().Principal(s.identity.User)
	if !ok {
		return mysqlerr.AccessDenied(s.identity.User)
	}
	s.defaultPurpose = p.Purpose
	if held := s.principal.Purpose; held == "" || slices.Contains(p.Purposes, held) {
		if _, chosen := s.variables["purpose"]; chosen || s.identity.Purpose != "" {
			p.Purpose = held
		}
	}
	s.setPrincipal(p)
	return nil
}

func (s *Session) setPrincipal(p *governance.Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.principal = p
}

// Query runs one statement of any class: SELECT, SHOW, DESCRIBE, EXPLAIN, SET,
// USE and so on. args are the values of its ? markers: nil, int64, uint64,
// float64, string, []byte, time.Time or expr.Decimal. A statement without rows
// gives a Result without columns. Errors are *mysqlerr.Error.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Result, error) {
	s.mu.Lock()
	s.started, s.text = s.engine.now(), sql
	s.mu.Unlock()
	r, err := s.query(ctx, sql, args)
	if err != nil {
		err = s.failed(err)
		return nil, err
	}
	return r, nil
}

// failed keeps an error for SHOW WARNINGS and gives it its MySQL form.
func (s *Session) failed(err error) error {
	e := mysqlerr.From(err)
	usual := e.Code == mysqlerr.Syntax("", 0).Code || e.Code == mysqlerr.Killed().Code // the user's doing, not a fault
	if cause := errors.Unwrap(e); cause != nil && !usual {
		s.engine.log.Error("statement failed", "user", s.identity.User, "code", e.Code, "cause", cause)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, Warning{"Error", e.Code, e.Message})
	s.text = ""
	return e
}

func (s *Session) query(ctx context.Context, sql string, args []any) (*Result, error) {
	if err := s.refresh(); err != nil {
		return nil, err
	}
	st, err := planner.Parse(sql)
	if err != nil {
		s.warnings = nil
		return nil, err
	}
	if show, ok := st.(*planner.Show); !ok || show.Kind != planner.ShowWarnings && show.Kind != planner.ShowErrors {
		s.warnings = nil
	}
	return s.execute(ctx, st, sql, args)
}

func (s *Session) execute(ctx context.Context, st planner.Statement, sql string, args []any) (*Result, error) {
	switch st := st.(type) {
	case *planner.Select:
		return s.run(ctx, st, runOptions{mesh: s.engine.catalog.Mesh(), args: args, text: sql})
	case *planner.Explain:
		return s.explain(ctx, st, sql, args)
	case *planner.Show:
		return s.show(ctx, st)
	case *planner.Set:
		return s.set(ctx, st)
	case *planner.Use:
		return &Result{}, s.Use(ctx, st.Domain)
	case *planner.Noop:
		return &Result{}, nil
	case *planner.Prepare:
		return s.prepare(ctx, st)
	case *planner.Execute:
		return s.executePrepared(ctx, st)
	case *planner.Deallocate:
		if _, ok := s.prepared[st.Name]; !ok {
			return nil, mysqlerr.UnknownPrepared(st.Name)
		}
		delete(s.prepared, st.Name)
		return &Result{}, nil
	case *planner.Kill:
		return &Result{}, s.engine.kill(s.identity.User, st.ID, st.Query)
	}
	return nil, mysqlerr.Unsupported("this statement")
}

// Describe returns the result columns and the number of ? markers of a
// statement without running it, for the prepare protocol. Markers count as NULL.
func (s *Session) Describe(ctx context.Context, sql string) ([]plan.Column, int, error) {
	if err := s.refresh(); err != nil {
		return nil, 0, s.failed(err)
	}
	st, err := planner.Parse(sql)
	if err != nil {
		return nil, 0, s.failed(err)
	}
	sel, ok := st.(*planner.Select)
	if !ok {
		return nil, 0, nil
	}
	mesh := s.engine.catalog.Mesh()
	planning, done := s.limit(ctx)
	bound, err := bind.Select(planning, sel.Node, make([]any, sel.Params), s.bindEnv(mesh, nil))
	done(nil)
	if err != nil {
		return nil, 0, s.failed(err)
	}
	return bound.Columns, sel.Params, nil
}

// Location is the session's time zone, in which TIMESTAMPs are shown.
func (s *Session) Location() *time.Location { return s.location }

func (s *Session) prepare(_ context.Context, st *planner.Prepare) (*Result, error) {
	text := st.Text
	if st.Variable != "" {
		c, _ := s.variable(st.Variable, true)
		v, ok := c.Value.(string)
		if !ok {
			return nil, mysqlerr.EmptyQuery()
		}
		text = v
	}
	inner, err := planner.Parse(text)
	if err != nil {
		return nil, err
	}
	switch inner.(type) {
	case *planner.Prepare, *planner.Execute, *planner.Deallocate:
		return nil, mysqlerr.Unsupported("PREPARE of PREPARE, EXECUTE or DEALLOCATE")
	default:
	}
	if _, ok := s.prepared[st.Name]; !ok && len(s.prepared) >= maxPrepared {
		return nil, mysqlerr.TooManyPrepared(maxPrepared)
	}
	s.prepared[st.Name] = text
	return &Result{}, nil
}

// executePrepared plans the statement anew: rights may have changed.
func (s *Session) executePrepared(ctx context.Context, st *planner.Execute) (*Result, error) {
	text, ok := s.prepared[st.Name]
	if !ok {
		return nil, mysqlerr.UnknownPrepared(st.Name)
	}
	inner, err := planner.Parse(text)
	if err != nil {
		return nil, err
	}
	params := 0
	if sel, ok := inner.(*planner.Select); ok {
		params = sel.Params
	}
	if len(st.Using) != params {
		return nil, mysqlerr.ExecuteArguments()
	}
	args := make([]any, len(st.Using))
	for i, name := range st.Using {
		c, _ := s.variable(name, true)
		args[i] = argument(c)
	}
	return s.execute(ctx, inner, text, args)
}

// argument gives a user variable's value the form of a ? argument.
func argument(c *plan.Const) any {
	if c.Value == nil || c.T.IsString() || c.T.IsInteger() || c.T.ID == mysqltype.Double || c.T.ID == mysqltype.Float {
		return c.Value
	}
	text := string(mysqltype.AppendText(nil, c.T, vec.NewConstant(c.T.Kind(), c.Value, 1), 0, nil))
	if c.T.ID == mysqltype.Decimal {
		return expr.Decimal(text)
	}
	return text
}

// set applies the assignments of a SET statement in order.
func (s *Session) set(ctx context.Context, st *planner.Set) (*Result, error) {
	for _, a := range st.Assignments {
		if a.Global {
			return nil, mysqlerr.SetGlobal()
		}
		if a.Name == "names" {
			continue
		}
		c := &plan.Const{}
		if a.Value != nil {
			var err error
			if c, err = s.evaluate(ctx, planner.ExprSelect(a.Value)); err != nil {
				return nil, err
			}
		}
		if a.User {
			if _, ok := s.userVariables[a.Name]; !ok && len(s.userVariables) >= maxUserVariables {
				return nil, mysqlerr.TooManyVariables(maxUserVariables)
			}
			s.userVariables[a.Name] = c
			continue
		}
		if err := s.setVariable(a.Name, settable(c), a.Value == nil); err != nil {
			return nil, err
		}
	}
	return &Result{}, nil
}

// settable brings a value into the two forms that system variables take.
func settable(c *plan.Const) any {
	switch v := c.Value.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case uint64:
		return int64(min(v, 1<<63-1))
	}
	return c.Value
}

// evaluate runs a query of one column and returns its first value, NULL without
// a row.
func (s *Session) evaluate(ctx context.Context, sel *planner.Select) (*plan.Const, error) {
	r, err := s.run(ctx, sel, runOptions{mesh: s.engine.catalog.Mesh(), text: "SET"})
	if err != nil {
		return nil, err
	}
	c := &plan.Const{T: r.Columns()[0].Type}
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if b.Rows() == 0 {
			continue
		}
		row := b.Sel.At(0)
		v, err := b.Col(ctx, 0)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		c.Value = v.Value(row)
		break
	}
	return c, r.Close()
}

// Interrupt ends the running statement with the given error; any goroutine may
// call it.
func (s *Session) Interrupt(why *mysqlerr.Error) { s.interrupt(why) }

// IdleTimeout is how long the client may be silent between statements.
func (s *Session) IdleTimeout() time.Duration {
	if seconds, ok := s.variables["wait_timeout"].(int64); ok {
		return time.Duration(seconds) * time.Second
	}
	return defaultWaitTimeout * time.Second
}

// interrupt ends the running statement with the given error.
func (s *Session) interrupt(why *mysqlerr.Error) {
	s.mu.Lock()
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel(why)
	}
}

// recheck ends the running statement if the principal's rights to what it reads
// are no longer what they were when it was planned.
func (s *Session) recheck() {
	s.mu.Lock()
	r := s.running
	s.mu.Unlock()
	if r == nil {
		return
	}
	if rel, ok := r.revoked(); ok {
		s.interrupt(mysqlerr.GrantGone(rel.Product.Domain, rel.Product.Name))
	}
}

func (s *Session) process(id uint64) process {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := process{id: id, user: s.identity.User, client: s.identity.Client, domain: s.domain, command: "Sleep", statement: s.text}
	if s.text != "" {
		p.command, p.state = "Query", "executing"
	}
	if !s.started.IsZero() {
		p.seconds = int64(s.engine.now().Sub(s.started) / time.Second)
	}
	return p
}

// Reset brings the session back to what it was when it was opened, for
// connection pools.
func (s *Session) Reset() {
	clear(s.variables)
	clear(s.userVariables)
	clear(s.prepared)
	s.location, s.maxExecution, s.warnings = time.UTC, 0, nil
	p := *s.principal
	p.Purpose = s.defaultPurpose
	if s.identity.Purpose != "" {
		p.Purpose = s.identity.Purpose
	}
	s.setPrincipal(&p)
}
