package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // time zones do not depend on the machine

	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/eval"
	"github.com/meshql/meshql/engine/mysqlfn"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// Config says which mesh to open and how.
type Config struct {
	Mesh     string // path or URI of mesh.yaml
	Workers  int    // goroutines a query may use; 0: GOMAXPROCS
	AuditLog string // path; empty: meshql/audit.jsonl in the user's state folder
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Engine is an open mesh. It is safe for concurrent use.
type Engine struct {
	cfg       Config
	log       *slog.Logger
	now       func() time.Time
	catalog   *catalog.Catalog
	audit     *auditLog
	functions *mysqlfn.Library
	system    map[string]*systemTable
	variables map[string]sysVar
	disable   []string // rules of the optimizer to leave out, for tests

	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	nextID   uint64
	sessions map[uint64]*Session
}

// Defaults of the limits that mesh.yaml may set.
const (
	defaultQueryMemory  = 1 << 30
	defaultQueryTimeout = 5 * time.Minute
	// recheckInterval is how often running queries are held against the
	// policies in force.
	recheckInterval = time.Second
)

// Open loads the mesh and starts watching it. A domain that cannot be loaded is
// denied, not an error.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, log: cfg.Log, now: cfg.Now, functions: mysqlfn.New(), system: systemTables(),
		variables: systemVariables(), sessions: make(map[uint64]*Session)}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.cfg.Workers <= 0 {
		e.cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if e.cfg.AuditLog == "" {
		dir, err := stateFolder()
		if err != nil {
			return nil, err
		}
		e.cfg.AuditLog = filepath.Join(dir, "audit.jsonl")
	}
	var err error
	if e.audit, err = openAudit(e.cfg.AuditLog, e.now()); err != nil {
		return nil, err
	}
	e.catalog, err = catalog.Open(ctx, catalog.Options{Mesh: cfg.Mesh, Log: e.log, Now: e.now,
		Functions: e.functions, Fold: e.foldPolicy})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open mesh: %w", err), e.audit.Close())
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.wg.Go(func() { e.recheck(watch) })
	return e, nil
}

// foldPolicy evaluates an expression of a policy, in UTC.
func (e *Engine) foldPolicy(x plan.Expr) (*plan.Const, error) {
	return eval.Constant(x, &eval.Env{Location: time.UTC, Functions: e.functions, Warn: func(uint16, string) {}})
}

// stateFolder is where the audit log goes unless the operator says otherwise.
func stateFolder() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "meshql"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the audit log: set XDG_STATE_HOME: %w", err)
	}
	return filepath.Join(home, ".local", "state", "meshql"), nil
}

// Close interrupts running queries, ends watching and closes the audit log.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	sessions := slices.Collect(maps.Values(e.sessions))
	e.mu.Unlock()
	for _, s := range sessions {
		s.interrupt(mysqlerr.Killed())
	}
	e.stop()
	e.wg.Wait()
	return errors.Join(e.catalog.Close(), e.audit.Close())
}

// Catalog returns the mesh's catalogue, for commands that describe the mesh to
// its operator. It is not governed.
func (e *Engine) Catalog() *catalog.Catalog { return e.catalog }

// recheck ends running queries whose principal may no longer see what they
// read, within a second of the policies' change.
func (e *Engine) recheck(ctx context.Context) {
	tick := time.NewTicker(recheckInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		e.mu.Lock()
		sessions := slices.Collect(maps.Values(e.sessions))
		e.mu.Unlock()
		for _, s := range sessions {
			s.recheck()
		}
	}
}

// process is what SHOW PROCESSLIST says of a session.
type process struct {
	id                                       uint64
	user, client, domain, command, statement string
	state                                    string
	seconds                                  int64
}

// processes lists the sessions of one user, and of no one else.
func (e *Engine) processes(user string) []process {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []process
	for id, s := range e.sessions {
		if s.identity.User == user {
			out = append(out, s.process(id))
		}
	}
	slices.SortFunc(out, func(a, b process) int { return cmp.Compare(a.id, b.id) })
	return out
}

// kill interrupts another session of the same user.
func (e *Engine) kill(user string, id uint64, queryOnly bool) error {
	e.mu.Lock()
	s, ok := e.sessions[id]
	e.mu.Unlock()
	if !ok || s.identity.User != user {
		return mysqlerr.UnknownThread(id)
	}
	s.interrupt(mysqlerr.Killed())
	if !queryOnly && s.identity.Disconnect != nil {
		s.identity.Disconnect()
	}
	return nil
}

func (e *Engine) register(s *Session) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return mysqlerr.Killed()
	}
	if s.id = s.identity.ID; s.id == 0 {
		e.nextID++
		s.id = 1<<32 + e.nextID
	}
	e.sessions[s.id] = s
	return nil
}

func (e *Engine) unregister(s *Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sessions[s.id] == s {
		delete(e.sessions, s.id)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
