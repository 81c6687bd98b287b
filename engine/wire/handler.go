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
	"net"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/dolthub/vitess/go/vt/sqlparser"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// handler answers the commands of all connections. The protocol library calls
// it from one goroutine a connection.
type handler struct {
	engine     *engine.Engine
	log        *slog.Logger
	requireTLS bool

	running sync.WaitGroup // statements
	mu      sync.Mutex
	closing bool
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
		Disconnect: func() { g.Close() }} //nolint:errcheck // KILL
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
	return h.run(ctx, c, query, nil, func(r *sqltypes.Result) error { return callback(r, false) })
}

// ComMultiQuery implements mysql.Handler; several statements are refused by the
// parser.
func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) (string, error) {
	return "", h.ComQuery(ctx, c, query, callback)
}

// ComPrepare implements mysql.Handler. query is the guard's stand-in; the true
// text is the guard's.
func (h *handler) ComPrepare(ctx context.Context, c *mysql.Conn, _ string, prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	g := guard(c)
	if len(c.PrepareData) > maxPrepared {
		delete(c.PrepareData, prepare.StatementID)
		return nil, sqlError(mysqlerr.TooComplex("too many prepared statements on this connection"))
	}
	err := g.preparedErr
	if err == nil {
		prepare.PrepareStmt = g.prepared
		columns, _, derr := g.session.Describe(ctx, prepare.PrepareStmt)
		if derr == nil {
			return fields(columns), nil
		}
		err = derr
	}
	delete(c.PrepareData, prepare.StatementID)
	return nil, sqlError(err)
}

// maxPrepared is how many prepared statements a connection keeps.
const maxPrepared = 1024

// ComStmtExecute implements mysql.Handler.
func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	args, err := arguments(prepare)
	if err != nil {
		return sqlError(err)
	}
	return h.run(ctx, c, prepare.PrepareStmt, args, callback)
}

// arguments are the values bound to a prepared statement's markers, in order.
func arguments(p *mysql.PrepareData) ([]any, error) {
	args := make([]any, p.ParamsCount)
	names := make([]string, 0, len(p.BindVars))
	for n := range p.BindVars {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		i, err := strconv.Atoi(strings.TrimPrefix(n, "v"))
		if err != nil || i < 1 || i > len(args) {
			return nil, mysqlerr.WrongArguments("EXECUTE")
		}
		v, err := sqltypes.BindVariableToValue(p.BindVars[n])
		if err != nil {
			return nil, mysqlerr.WrongArguments("EXECUTE")
		}
		if args[i-1], err = argument(v); err != nil {
			return nil, mysqlerr.WrongArguments("EXECUTE")
		}
	}
	return args, nil
}

func argument(v sqltypes.Value) (any, error) {
	switch {
	case v.IsNull():
		return nil, nil
	case v.IsUnsigned():
		return strconv.ParseUint(v.ToString(), 10, 64)
	case v.IsSigned():
		return strconv.ParseInt(v.ToString(), 10, 64)
	case v.IsFloat():
		return strconv.ParseFloat(v.ToString(), 64)
	}
	return v.ToString(), nil
}

// run executes a statement and hands its rows to the protocol.
func (h *handler) run(ctx context.Context, c *mysql.Conn, query string, args []any, callback func(*sqltypes.Result) error) (err error) {
	if !h.begin() {
		return mysql.NewSQLError(1053, "08S01", "Server shutdown in progress")
	}
	defer h.running.Done()
	g := guard(c)
	sent := false
	defer func() {
		if p := recover(); p != nil {
			err = mysqlerr.Internal(fmt.Errorf("panic: %v", p))
		}
		if err == nil {
			return
		}
		e := asSQLError(err)
		if sent { // the protocol can only hang up now; the guard adds the reason
			g.failure = func(sequence byte) []byte { return errorPacket(e, sequence) }
		}
		err = e
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

// begin counts a statement in, unless the server is shutting down.
func (h *handler) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.running.Add(1)
	return true
}

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
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return mysql.NewSQLError(mysql.CRServerLost, mysql.SSUnknownSQLState, "connection closed")
	}
	e := mysqlerr.From(err)
	return mysql.NewSQLError(int(e.Code), e.State, "%s", e.Message)
}

// errorPacket renders an ERR packet.
func errorPacket(e *mysql.SQLError, sequence byte) []byte {
	body := []byte{0xff, byte(e.Num), byte(e.Num >> 8), '#'}
	body = append(body, e.State...)
	body = append(body, e.Message...)
	return append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), sequence}, body...)
}
