package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/dolthub/vitess/go/mysql"
	vtlog "github.com/dolthub/vitess/go/vt/log"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/vec"
)

// Config says how to serve an engine.
type Config struct {
	Engine     *engine.Engine
	Listen     string      // host:port
	TLS        *tls.Config // nil: without TLS, and then on loopback only
	RequireTLS bool
	Log        *slog.Logger

	limits limits           // zero: defaultLimits
	now    func() time.Time // nil: time.Now
}

// Server serves the MySQL protocol.
type Server struct {
	listener *mysql.Listener
	guard    *guardedListener
	handler  *handler
	accept   sync.WaitGroup
}

// Listen starts serving. The caller shuts the server down.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.limits == (limits{}) {
		cfg.limits = defaultLimits
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if err := checkAddress(cfg); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	auth, err := newAuthenticator(cfg.Engine.Catalog().Mesh, cfg.RequireTLS, cfg.now)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if cfg.TLS == nil {
		// On loopback a certificate made for this process still lets clients log
		// in with caching_sha2_password, which sends passwords over TLS only.
		if cfg.TLS, err = ephemeralTLS(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	s := &Server{guard: newGuardedListener(l, cfg.TLS, cfg.RequireTLS, cfg.limits)}
	s.handler = &handler{engine: cfg.Engine, log: cfg.Log, requireTLS: cfg.RequireTLS,
		running: make(map[*engine.Session]struct{}), idle: make(chan struct{})}
	s.listener, err = mysql.NewListenerWithConfig(mysql.ListenerConfig{
		Listener:   s.guard,
		AuthServer: auth,
		Handler:    s.handler,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), l.Close())
	}
	s.listener.ServerVersion = engine.Version
	s.accept.Go(s.listener.Accept)
	return s, nil
}

// checkAddress refuses to send passwords and rows in clear text over a network.
func checkAddress(cfg Config) error {
	if cfg.TLS != nil {
		return nil
	}
	if cfg.RequireTLS {
		return errors.New("TLS is required but no certificate is configured: set server.tls.cert and server.tls.key in mesh.yaml")
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return fmt.Errorf("server address: %w", err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("without TLS the server listens on loopback only, not on %q: set server.tls.cert and server.tls.key in mesh.yaml", host)
}

// ephemeralTLS makes a self-signed certificate that lives as long as the process.
func ephemeralTLS() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("TLS key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "meshql"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Shutdown stops accepting, lets running statements finish for a while, and
// closes all connections. It returns when nothing runs any more.
func (s *Server) Shutdown(ctx context.Context) error {
	s.listener.Shutdown()
	s.accept.Wait()
	err := s.handler.drain(ctx, s.guard.limits.drain)
	s.guard.closeAll()
	return err
}

// Quiet sends the protocol library's own log, which quotes statements, to log at
// debug level. It is process-wide, so only the command line calls it.
func Quiet(log *slog.Logger) {
	std := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	vtlog.Info, vtlog.Infof = std.Print, std.Printf
	vtlog.Warning, vtlog.Warningf = std.Print, std.Printf
	vtlog.Error, vtlog.Errorf = std.Print, std.Printf
	stdlog.SetOutput(std.Writer())
}

// vectorsOf returns the batch's columns.
func vectorsOf(ctx context.Context, b *vec.Batch) ([]*vec.Vector, error) {
	out := make([]*vec.Vector, b.Columns())
	for i := range out {
		v, err := b.Col(ctx, i)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
