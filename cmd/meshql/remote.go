package main

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// remoteClient is one connection to a server.
type remoteClient struct {
	db     *sql.DB
	conn   *sql.Conn
	id     uint64 // the connection's, for KILL
	domain string
}

// serverFlags say how to reach a server.
type serverFlags struct {
	host     string
	port     int
	insecure bool
}

// dial connects with TLS. The server's certificate is checked unless it is on
// loopback or the user says otherwise.
func dial(ctx context.Context, f serverFlags, user, password, domain string) (*remoteClient, error) {
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(f.host, strconv.Itoa(f.port))
	cfg.User, cfg.Passwd, cfg.DBName = user, password, domain
	cfg.AllowNativePasswords = true
	ip := net.ParseIP(f.host)
	loopback := f.host == "localhost" || ip != nil && ip.IsLoopback()
	cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.host,
		InsecureSkipVerify: f.insecure || loopback} //nolint:gosec // the user's word, or this machine
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(remoteError(err), db.Close())
	}
	c := &remoteClient{db: db, conn: conn, domain: domain}
	if err := conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&c.id); err != nil {
		return nil, errors.Join(remoteError(err), c.Close())
	}
	return c, nil
}

// remoteError gives a server's error the form of this process's.
func remoteError(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return &mysqlerr.Error{Code: e.Number, State: string(e.SQLState[:]), Message: e.Message}
	}
	return err
}

// Query runs a statement. Interrupting it leaves the connection as it is: the
// server is told, through another one, to kill the statement.
func (c *remoteClient) Query(ctx context.Context, text string) (rows, error) {
	watched := context.AfterFunc(ctx, func() { c.kill(context.WithoutCancel(ctx)) })
	r, err := c.conn.QueryContext(context.WithoutCancel(ctx), text)
	if err != nil {
		watched()
		return nil, remoteError(err)
	}
	types, err := r.ColumnTypes()
	if err != nil {
		watched()
		return nil, errors.Join(remoteError(err), r.Close())
	}
	out := &remoteRows{rows: r, unwatch: watched}
	for _, t := range types {
		name := t.DatabaseTypeName()
		numeric := strings.Contains(name, "INT") || name == "DECIMAL" || name == "FLOAT" || name == "DOUBLE" || name == "YEAR"
		out.headers = append(out.headers, header{name: t.Name(), numeric: numeric, json: name == "JSON"})
		out.bits = append(out.bits, map[string]int{"FLOAT": 32, "DOUBLE": 64}[name])
	}
	out.raw = make([]sql.RawBytes, len(types))
	out.cells = make([]cell, len(types))
	for i := range out.raw {
		out.targets = append(out.targets, &out.raw[i])
	}
	if word, rest, _ := strings.Cut(strings.TrimSpace(text), " "); strings.EqualFold(word, "use") {
		c.domain = strings.Trim(strings.TrimSpace(rest), "`; ")
	}
	return out, nil
}

// killTimeout is how long the server may take to be told to stop.
const killTimeout = 5 * time.Second

// kill ends the running statement. If the server cannot be told, the statement
// goes on to its end.
func (c *remoteClient) kill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	_, _ = c.db.ExecContext(ctx, "KILL QUERY "+strconv.FormatUint(c.id, 10))
}

func (c *remoteClient) Purposes(ctx context.Context) []string {
	var held string
	if err := c.conn.QueryRowContext(ctx, "SELECT @@purposes").Scan(&held); err != nil || held == "" {
		return nil
	}
	return strings.Split(held, ",")
}

func (c *remoteClient) Warnings(ctx context.Context) []engine.Warning {
	r, err := c.conn.QueryContext(ctx, "SHOW WARNINGS")
	if err != nil {
		return nil
	}
	defer r.Close() //nolint:errcheck // read only
	var out []engine.Warning
	for r.Next() {
		var w engine.Warning
		if r.Scan(&w.Level, &w.Code, &w.Message) == nil {
			out = append(out, w)
		}
	}
	return out
}

func (c *remoteClient) Domain() string { return c.domain }

func (c *remoteClient) Close() error { return errors.Join(c.conn.Close(), c.db.Close()) }

// remoteRows reads a server's result in text.
type remoteRows struct {
	rows    *sql.Rows
	headers []header
	bits    []int // of a floating-point column, else 0
	raw     []sql.RawBytes
	targets []any
	cells   []cell
	unwatch func() bool
}

func (r *remoteRows) Columns() []header { return r.headers }

func (r *remoteRows) Close() error {
	r.unwatch()
	return r.rows.Close()
}

func (r *remoteRows) Next(context.Context) ([]cell, error) {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return nil, remoteError(err)
		}
		return nil, io.EOF
	}
	if err := r.rows.Scan(r.targets...); err != nil {
		return nil, remoteError(err)
	}
	for i, b := range r.raw {
		r.cells[i] = cell{text: b, null: b == nil}
		if r.bits[i] == 0 || b == nil {
			continue
		}
		// The driver reads a number and writes it its own way; here it is MySQL's again.
		x, err := strconv.ParseFloat(string(b), r.bits[i])
		if err != nil {
			return nil, fmt.Errorf("a number from the server: %w", err)
		}
		r.cells[i].text = mysqltype.AppendFloat(nil, x, r.bits[i])
	}
	return r.cells, nil
}
