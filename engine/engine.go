// Package engine is meshql as a Go library: [Open] a mesh, make a [Session] for
// an identity, and Query it. Identity and purpose are required arguments, never
// defaults. The wire server, the REPL and the commands use nothing else.
package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/planner/plan"
)

// Config says which mesh to open and how.
type Config struct {
	Mesh     string // path or URI of mesh.yaml
	Workers  int    // goroutines a query may use; 0: GOMAXPROCS
	AuditLog string // path; empty: $XDG_STATE_HOME/meshql/audit.jsonl
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Engine is an open mesh. It is safe for concurrent use.
type Engine struct{}

// Open loads the mesh and starts watching it. A domain that cannot be loaded is
// denied, not an error.
func Open(ctx context.Context, cfg Config) (*Engine, error) { return &Engine{}, nil }

// Close ends watching, running queries and the audit log.
func (e *Engine) Close() error { return nil }

// Identity is who opens a session.
type Identity struct {
	User    string
	Purpose string // among those held; empty: the user's default
	Client  string // "wire 127.0.0.1:51234", "process uid=1000"; for audit
	OSUser  string // in process
}

// Session is one principal's conversation: current domain, variables and
// prepared statements. It is used by one goroutine at a time; Kill may be
// called by any.
type Session struct{}

// Session opens a session for a user of the mesh's identity file.
func (e *Engine) Session(ctx context.Context, id Identity) (*Session, error) { return &Session{}, nil }

// Principal returns who the session is.
func (s *Session) Principal() *governance.Principal { return nil }

// Domain returns the current domain, empty if none; Use changes it.
func (s *Session) Domain() string { return "" }

// Use makes domain current, or fails with 1049 as for one that does not exist.
func (s *Session) Use(ctx context.Context, domain string) error { return nil }

// Query runs one statement of any class: SELECT, SHOW, DESCRIBE, EXPLAIN, SET,
// USE and so on. args are the values of its ? markers: nil, int64, uint64,
// float64, string, []byte, time.Time or Decimal text. A statement without rows
// gives a Result without columns. The error is, or wraps, a *mysqlerr.Error.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Result, error) {
	return &Result{}, nil
}

// Describe returns the result columns and the number of ? markers of a
// statement without running it, for the prepare protocol.
func (s *Session) Describe(ctx context.Context, sql string) ([]plan.Column, int, error) {
	return nil, 0, nil
}

// Warnings returns those of the last statement.
func (s *Session) Warnings() []Warning { return nil }

// Warning is a row of SHOW WARNINGS.
type Warning struct {
	Level   string // Note, Warning, Error
	Code    uint16
	Message string
}

// Result streams the rows of one statement. Close it.
type Result struct{}

// Columns describe the rows; empty for a statement without a result set.
func (r *Result) Columns() []plan.Column { return nil }

// Next returns the next batch, or io.EOF. It is valid until the next call.
func (r *Result) Next(ctx context.Context) (*vec.Batch, error) { return nil, nil }

// Close ends the statement and writes the end of its audit record.
func (r *Result) Close() error { return nil }
