// Command meshql serves, queries, checks and publishes a data mesh. Each command
// has a file of its own name; all of them do their work through the engine and
// the catalogue, and only talk here. Rows and reports go to stdout, everything
// else to stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/engine/wire"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// Exit codes.
const (
	exitOK          = 0
	exitFindings    = 1
	exitFailed      = 2
	exitDenied      = 3
	exitInterrupted = 130
)

// errFindings ends a command that worked and found something wrong, which it has
// reported already.
var errFindings = errors.New("findings")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	var e *mysqlerr.Error
	if errors.As(err, &e) {
		fmt.Fprintln(stderr, errorLine(e))
		if ctx.Err() != nil {
			return exitInterrupted
		}
		if e.Code == 1045 || e.Code == 1142 {
			return exitDenied
		}
		return exitFindings
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "meshql: %v\n", err)
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "meshql",
		Short:         "A data mesh, asked in SQL: domains own their data, policies hold on every path",
		Version:       engine.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().Bool("verbose", false, "log what the engine does to stderr")
	root.AddCommand(newServe(), newSQL(), newDemo(), newValidate(), newPush(), newPolicy(), newUser(), newAudit())
	return root
}

// completeFlag lets the user's own shell complete a flag's values, which are
// listed as help has them.
func completeFlag(cmd *cobra.Command, flag, values string) {
	//nolint:errcheck // the flag exists
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(strings.Split(values, "|"), cobra.ShellCompDirectiveNoFileComp))
}

// logger writes to the command's stderr: warnings, or everything with --verbose.
func logger(cmd *cobra.Command) *slog.Logger {
	level := slog.LevelWarn
	if verbose, err := cmd.Flags().GetBool("verbose"); err == nil && verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	wire.Quiet(log)
	return log
}

// meshFlags are the flags of every command that opens a mesh.
type meshFlags struct {
	mesh, audit string
}

func (f *meshFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.mesh, "mesh", "mesh.yaml", "the mesh's file")
	cmd.Flags().StringVar(&f.audit, "audit", "", "the audit log's file (default: meshql/audit.jsonl in the state folder)")
}

func (f *meshFlags) open(cmd *cobra.Command) (*engine.Engine, error) {
	return engine.Open(cmd.Context(), engine.Config{Mesh: f.mesh, AuditLog: f.audit, Log: logger(cmd)})
}
