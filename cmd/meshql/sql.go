package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
)

func newSQL() *cobra.Command {
	var f meshFlags
	var server serverFlags
	var user, purpose, domain, execute, formatName, password string
	var timing, safe bool
	cmd := &cobra.Command{
		Use:   "sql",
		Short: "Ask a mesh in SQL: at a prompt, with -e, or from stdin",
		Long: "Ask a mesh in SQL: at a prompt, with -e, or from stdin.\n\n" +
			"With --mesh the engine runs in this process and --user is the operator's word: whoever can read the\n" +
			"mesh's credentials can read its data. With --host the statements go to a server, which asks for a password\n" +
			"(from the terminal, or the variable MESHQL_PASSWORD).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			write, ok := formats[formatName]
			if formatName != "" && !ok {
				return fmt.Errorf("--format %s: use %s", formatName, formatNames)
			}
			var c client
			if server.host != "" {
				if password = os.Getenv("MESHQL_PASSWORD"); password == "" {
					if password, err = readPassword(cmd, "Password: "); err != nil {
						return err
					}
				}
				c, err = dial(cmd.Context(), server, user, password, domain)
			} else {
				var e *engine.Engine
				if e, err = f.open(cmd); err != nil {
					return err
				}
				defer func() { err = errors.Join(err, e.Close()) }()
				c, err = openLocal(cmd.Context(), e, user, purpose, domain)
			}
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, c.Close()) }()
			if execute == "" && interactive(cmd) {
				return repl(cmd, c, replFlags{format: formatName, safe: safe})
			}
			if write == nil {
				write = formats["tsv"]
			}
			if execute == "" {
				text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxScript))
				if err != nil {
					return fmt.Errorf("read stdin: %w", err)
				}
				execute = string(text)
			}
			return script(cmd, c, execute, write, timing)
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&user, "user", "", "who asks (required)")
	flags.StringVar(&purpose, "purpose", "", "for which of the purposes held, if not the default")
	flags.StringVarP(&domain, "domain", "D", "", "the current domain at first")
	flags.StringVarP(&execute, "execute", "e", "", "run these statements and exit")
	flags.StringVar(&formatName, "format", "", formatNames+" (default: table at a prompt, else tsv)")
	completeFlag(cmd, "format", formatNames)
	flags.BoolVar(&timing, "timing", false, "say how long each statement took, on stderr")
	flags.BoolVar(&safe, "safe", false, "at the prompt: no programs (pager, editor) and no local files")
	flags.StringVar(&server.host, "host", "", "ask a server instead of opening the mesh here")
	flags.IntVar(&server.port, "port", 3306, "the server's port")
	flags.BoolVar(&server.insecure, "insecure", false, "do not check the server's certificate")
	cmd.MarkFlagRequired("user") //nolint:errcheck // the flag exists
	return cmd
}

// maxScript is how much is read from stdin, in bytes.
const maxScript = 64 << 20

// openLocal opens a session of this process's engine.
func openLocal(ctx context.Context, e *engine.Engine, user, purpose, domain string) (client, error) {
	s, err := e.Session(ctx, engine.Identity{User: user, Purpose: purpose, Client: "in process", OSUser: osUser()})
	if err != nil {
		return nil, err
	}
	if domain != "" {
		if err := s.Use(ctx, domain); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return localClient{s}, nil
}

// script runs statements in order and ends at the first that fails.
func script(cmd *cobra.Command, c client, text string, write format, timing bool) error {
	statements, rest := splitStatements(text)
	if rest != "" {
		statements = append(statements, statement{text: rest})
	}
	for _, s := range statements {
		begun := time.Now()
		r, err := c.Query(cmd.Context(), s.text)
		if err != nil {
			return err
		}
		as := write
		if s.vertical {
			as = writeVertical
		}
		_, err = as(cmd.Context(), cmd.OutOrStdout(), r)
		if brokenPipe(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, w := range c.Warnings(cmd.Context()) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %d: %s\n", strings.ToUpper(w.Level), w.Code, w.Message)
		}
		if timing {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", time.Since(begun).Round(time.Millisecond))
		}
	}
	return nil
}
