package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/wire"
)

// defaultListen is where the server listens unless mesh.yaml or --listen says
// otherwise.
const defaultListen = "127.0.0.1:3306"

func newServe() *cobra.Command {
	var f meshFlags
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a mesh to MySQL clients",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			e, err := f.open(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.Close()) }()
			s, err := listenOn(cmd, e, listen)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "meshql serves %s on %s\n", e.Catalog().Mesh().Name, s.Addr())
			return serveUntilDone(cmd, e, s)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen on (default: server.listen of mesh.yaml, or "+defaultListen+")")
	return cmd
}

// listenOn starts a server with the mesh's settings.
func listenOn(cmd *cobra.Command, e *engine.Engine, listen string) (*wire.Server, error) {
	set := e.Catalog().Mesh().Settings
	if listen == "" {
		listen = set.Listen
	}
	if listen == "" {
		listen = defaultListen
	}
	cfg := wire.Config{Engine: e, Listen: listen, RequireTLS: set.RequireTLS, Log: logger(cmd)}
	if set.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(set.TLSCert, set.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("server.tls of mesh.yaml: %w", err)
		}
		cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	}
	return wire.Listen(cmd.Context(), cfg)
}

// serveUntilDone serves until the process is told to end, rereading the mesh at
// SIGHUP, and then lets running statements finish.
func serveUntilDone(cmd *cobra.Command, e *engine.Engine, s *wire.Server) error {
	ctx := cmd.Context()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(cmd.ErrOrStderr(), "meshql shuts down")
			return s.Shutdown(context.WithoutCancel(ctx))
		case <-hup:
			if err := e.Catalog().Reload(ctx); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "meshql: reload: %v\n", err)
			}
		}
	}
}
