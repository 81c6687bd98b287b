package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/demo"
)

// demoListen is where the demo serves: beside a MySQL server that may be there.
const demoListen = "127.0.0.1:3307"

// demoKey is the demo's hash key. A real mesh keeps its own secret.
const demoKey = "meshql demo: not a secret"

// demoQuestion is asked as two principals: one join over three domains.
const demoQuestion = `SELECT o.country, COUNT(*) AS parcels, SUM(o.total) AS spent, MAX(p.email) AS an_email
FROM checkout.orders o
JOIN customers.profiles p ON p.customer_id = o.customer_id
JOIN logistics.shipments s ON s.order_id = o.order_id
WHERE s.mode = 'air'
GROUP BY o.country
ORDER BY o.country`

func newDemo() *cobra.Command {
	var folder, listen, user string
	var orders int
	var serve bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a mesh of four domains and ask it one question as two people",
		Long: "Serve a mesh of four domains and ask it one question as two people.\n" +
			"The data is made at the first run. On a terminal a prompt follows; with --serve the server goes on until it is told to end.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if folder == "" {
				cache, err := os.UserCacheDir()
				if err != nil {
					return fmt.Errorf("no place for the demo's data: use --folder: %w", err)
				}
				folder = filepath.Join(cache, "meshql", "demo")
			}
			e, err := openDemo(cmd, folder, orders)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.Close()) }()
			s, err := listenOn(cmd, e, listen)
			if err != nil {
				return err
			}
			_, port, _ := strings.Cut(s.Addr().String(), ":")
			fmt.Fprintf(cmd.ErrOrStderr(), "meshql serves %s on %s; everyone's password is their name: ana, owen, mara, sam\n"+
				"  mariadb --ssl -h 127.0.0.1 -P %s -u ana -pana\n\n", e.Catalog().Mesh().Name, s.Addr(), port)
			if serve {
				return serveUntilDone(cmd, e, s)
			}
			defer func() { err = errors.Join(err, s.Shutdown(context.WithoutCancel(cmd.Context()))) }()
			for _, who := range []struct{ user, is string }{{"ana", "an analyst in Germany"}, {"sam", "support, in every country"}} {
				if err := ask(cmd, e, who.user, who.is); err != nil {
					return err
				}
			}
			if !interactive(cmd) {
				return nil
			}
			return prompt(cmd, e, user)
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "where the mesh and its data are written (default: meshql/demo in the user's cache)")
	cmd.Flags().StringVar(&listen, "listen", demoListen, "address to listen on")
	cmd.Flags().StringVar(&user, "user", "ana", "whose prompt follows")
	cmd.Flags().IntVar(&orders, "orders", demo.Orders, "number of orders")
	cmd.Flags().BoolVar(&serve, "serve", false, "serve until told to end, and ask nothing")
	return cmd
}

// openDemo writes the demo mesh where it is not yet, and opens it.
func openDemo(cmd *cobra.Command, folder string, orders int) (*engine.Engine, error) {
	begun := time.Now()
	mesh, err := demo.Write(cmd.Context(), folder, orders)
	if err != nil {
		return nil, err
	}
	if took := time.Since(begun); took > time.Second {
		fmt.Fprintf(cmd.ErrOrStderr(), "made %d orders with their customers, payments and parcels in %s\n", orders, took.Round(time.Second))
	}
	if os.Getenv(demo.HashKeyVariable) == "" {
		if err := os.Setenv(demo.HashKeyVariable, demoKey); err != nil {
			return nil, fmt.Errorf("demo's hash key: %w", err)
		}
	}
	return engine.Open(cmd.Context(), engine.Config{Mesh: mesh, AuditLog: filepath.Join(folder, "audit.jsonl"), Log: logger(cmd)})
}

// ask runs the demo's question as one user.
func ask(cmd *cobra.Command, e *engine.Engine, user, is string) (err error) {
	w := cmd.OutOrStdout()
	s, err := e.Session(cmd.Context(), engine.Identity{User: user, Client: "demo", OSUser: osUser()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	fmt.Fprintf(w, "%s, %s:\n", user, is)
	if user == "ana" {
		fmt.Fprintf(w, "\n%s;\n", demoQuestion)
	}
	fmt.Fprintln(w)
	begun := time.Now()
	r, err := s.Query(cmd.Context(), demoQuestion)
	if err != nil {
		return err
	}
	n, err := writeTable(cmd.Context(), w, newEngineRows(s, r))
	if err != nil {
		return err
	}
	rows := "rows"
	if n == 1 {
		rows = "row"
	}
	_, err = fmt.Fprintf(w, "%d %s in %s\n\n", n, rows, time.Since(begun).Round(time.Millisecond))
	return err
}
