package wire

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// handler answers the commands of all connections. The protocol library calls
// it from one goroutine a connection.
type handler struct {
	engine     *engine.Engine
	log        *slog.Logger
	requireTLS bool

	mu      sync.Mutex
	closing bool
	running map[*engine.Session]struct{} // whose statements run
	idle    chan struct{}                // closed when closing and nothing runs
}

// NewConnection implements mysql.Handler: ids are random, so that nobody can
// guess another's.
func (h *handler) NewConnection(c *mysql.Conn) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err == nil {
		c.ConnectionID = binary.LittleEndian.Uint32(b[:])&0x7fffffff | 1
	}
	c.DisableClientMultiStatements = true
	c.StatusFlags |= mysql.ServerStatusAutocommit
}

// ConnectionClosed implements mysql.Handler.
func (h *handler) ConnectionClosed(c *mysql.Conn) {
	if s := session(c); s != nil {
		if err := s.Close(); err != nil {
			h.log.Error("close session", "error", err)
		}
	}
}

// ConnectionAborted implements mysql.Handler.
func (h *handler) ConnectionAborted(*mysql.Conn, string) error { return nil }

// ConnectionAuthenticated implements mysql.Handler: it opens the session of who
// logged in.
func (h *handler) ConnectionAuthenticated(c *mysql.Conn) error {
	p, ok := c.UserData.(principal)
	if !ok || p.user != c.User {
		return sqlError(mysqlerr.AccessDenied(c.User))
	}
	g := guard(c)
	if h.requireTLS && g.tls == nil {
		return sqlError(mysqlerr.TLSRequired())
	}
	id := engine.Identity{User: p.user, Client: c.RemoteAddr().String(), ID: uint64(c.ConnectionID),
		Disconnect: g.hangUp}
	if g.tls != nil {
		id.TLSCipher = tls.CipherSuiteName(g.tls.ConnectionState().CipherSuite)
	}
	s, err := h.engine.Session(context.Background(), id)
	if err != nil {
		return sqlError(err)
	}
	return g.loggedIn(s)
}

// guard returns the connection below the protocol library.
func guard(c *mysql.Conn) *conn { return c.Conn.(*conn) }

// session returns the connection's session, nil before login.
func session(c *mysql.Conn) *engine.Session { return guard(c).session }

// ComInitDB implements mysql.Handler.
func (h *handler) ComInitDB(c *mysql.Conn, domain string) error {
	return sqlError(session(c).Use(context.Background(), domain))
}

// ComQuery implements mysql.Handler.
func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	if err := guard(c).refused; err != nil {
		return sqlError(err)
	}
	return h.run(ctx, c, query, nil, func(r *sqltypes.Result) error { return callback(r, false) })
}

// ComMultiQuery implements mysql.Handler; several statements are refused by the
// parser.
func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (string, error) {
	return "", h.ComQuery(ctx, c, query, callback)
}

// ComPrepare implements mysql.Handler. The library has prepared the guard's
// stand-in; the true text is the guard's.
func (h *handler) ComPrepare(ctx context.Context, c *mysql.Conn, _ string, prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	columns, err := h.prepare(ctx, guard(c), prepare)
	if err != nil {
		delete(c.PrepareData, prepare.StatementID)
		return nil, sqlError(err)
	}
	return fields(columns), nil
}

func (h *handler) prepare(ctx context.Context, g *conn, prepare *mysql.PrepareData) ([]plan.Column, error) {
	if len(g.statements) >= maxPrepared {
		return nil, mysqlerr.TooComplex("too many prepared statements on this connection")
	}
	columns, params, err := g.session.Describe(ctx, g.preparing)
	if err != nil {
		return nil, err
	}
	if params > maxParams {
		return nil, mysqlerr.TooComplex("it has too many parameters")
	}
	st := &statement{text: g.preparing, params: params}
	st.forget()
	g.statements[prepare.StatementID] = st
	prepare.ParamsCount = uint16(params)
	return columns, nil
}

// ComStmtExecute implements mysql.Handler. The guard has read the arguments.
func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	g := guard(c)
	return h.run(ctx, c, g.statements[prepare.StatementID].text, g.args, callback)
}

// run executes a statement and hands its rows to the protocol.
func (h *handler) run(ctx context.Context, c *mysql.Conn, query string, args []any, callback func(*sqltypes.Result) error) (err error) {
	g := guard(c)
	if !h.begin(g.session) {
		return sqlError(mysqlerr.Shutdown())
	}
	g.answered = func() { h.end(g.session) }
	sent := false
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("panic in a statement", "panic", p, "stack", string(debug.Stack()))
			err = mysqlerr.Internal(fmt.Errorf("panic: %v", p))
		}
		if err == nil || g.broken {
			return
		}
		e := asSQLError(err)
		err = e
		if sent { // the library can only hang up now; the guard knows better
			g.failure, err = e, nil
		}
	}()
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	g.startWatch(gone)
	defer g.endWatch()

	r, err := g.session.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if len(r.Columns()) == 0 {
		return callback(&sqltypes.Result{})
	}
	fs := fields(r.Columns())
	enc := newEncoder(r.Columns(), fs, g.session.Location())
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		vectors, err := vectorsOf(ctx, b)
		if err != nil {
			return err
		}
		for from, n := 0, b.Rows(); from < n; from += rowsPerPacketRun {
			rows := enc.run(vectors, b.Sel, from, min(from+rowsPerPacketRun, n))
			sent = true
			if err := callback(&sqltypes.Result{Fields: fs, Rows: rows}); err != nil {
				return err
			}
		}
	}
	if !sent {
		return callback(&sqltypes.Result{Fields: fs})
	}
	return nil
}

// begin counts a session's statement in, unless the server is shutting down.
func (h *handler) begin(s *engine.Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.running[s] = struct{}{}
	return true
}

func (h *handler) end(s *engine.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.running, s)
	if h.closing && len(h.running) == 0 {
		close(h.idle)
	}
}

// drain refuses new statements and waits for those that run; after limit or when
// ctx ends they are interrupted, and drain reports so.
func (h *handler) drain(ctx context.Context, limit time.Duration) error {
	h.mu.Lock()
	if !h.closing && len(h.running) == 0 {
		close(h.idle)
	}
	h.closing = true
	running := len(h.running)
	h.mu.Unlock()
	if running == 0 {
		return nil
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case <-h.idle:
		return nil
	case <-timer.C:
		err = errors.New("statements were still running and were interrupted")
	case <-ctx.Done():
		err = ctx.Err()
	}
	h.mu.Lock()
	for s := range h.running {
		s.Interrupt(mysqlerr.Shutdown())
	}
	h.mu.Unlock()
	timer.Reset(farewellTime)
	select {
	case <-h.idle:
	case <-timer.C:
	}
	return err
}

// farewellTime is how long interrupted statements may take to tell their clients.
const farewellTime = 5 * time.Second

// WarningCount implements mysql.Handler.
func (h *handler) WarningCount(c *mysql.Conn) uint16 {
	if s := session(c); s != nil {
		return uint16(len(s.Warnings()))
	}
	return 0
}

// ComResetConnection implements mysql.Handler.
func (h *handler) ComResetConnection(c *mysql.Conn) error {
	session(c).Reset()
	return nil
}

// ParserOptionsForConnection implements mysql.Handler; only the guard's
// stand-ins are parsed with them.
func (h *handler) ParserOptionsForConnection(*mysql.Conn) (sqlparser.ParserOptions, error) {
	return sqlparser.ParserOptions{}, nil
}

// sqlError gives an error the protocol's form; nil stays nil.
func sqlError(err error) error {
	if err == nil {
		return nil
	}
	return asSQLError(err)
}

func asSQLError(err error) *mysql.SQLError {
	var known *mysql.SQLError
	if errors.As(err, &known) {
		return known
	}
	e := mysqlerr.From(err)
	return &mysql.SQLError{Num: int(e.Code), State: e.State, Message: e.Message}
}

// errorPacket renders an ERR packet.
func errorPacket(e *mysql.SQLError, sequence byte) []byte {
	body := []byte{0xff, byte(e.Num), byte(e.Num >> 8), '#'}
	body = append(body, e.State...)
	body = append(body, e.Message...)
	return append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), sequence}, body...)
}
