package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/reeflective/readline"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/meshql/meshql/engine"
)

// prompt opens a user's session of an engine and prompts for statements.
func prompt(cmd *cobra.Command, e *engine.Engine, user string) (err error) {
	c, err := openLocal(cmd.Context(), e, user, "", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return repl(cmd, c, replFlags{})
}

// interactive reports whether a person sits at both ends of the command.
func interactive(cmd *cobra.Command) bool {
	in, isFile := cmd.InOrStdin().(*os.File)
	return isFile && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// replFlags are what the command line says about the prompt.
type replFlags struct {
	format string
	safe   bool
}

// repl prompts for statements on a terminal until its end. Ctrl-C interrupts what
// runs, not the prompt.
func repl(cmd *cobra.Command, c client, flags replFlags) error {
	set, err := promptSettings(flags)
	if err != nil {
		return err
	}
	s := &shell{client: c, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), settings: set, safe: flags.safe, colour: colours(), screen: screenSize}
	editor, err := newEditor(s)
	if err != nil {
		return err
	}

	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	signal.Reset(os.Interrupt) // from here on it is the statement's that runs
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	ended := context.AfterFunc(cmd.Context(), func() { // told to end while a key is waited for
		if term.Restore(fd, state) == nil {
			os.Exit(exitInterrupted)
		}
	})
	defer ended()

	fmt.Fprintf(s.err, "meshql %s; statements end with ;  \\help lists commands\n", engine.Version)
	for {
		text, err := editor.read()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("terminal: %w", err)
		}
		err = interruptible(cmd.Context(), interrupts, func(ctx context.Context) error { return s.enter(ctx, text) })
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// interruptible runs fn with a context that an interrupt cancels.
func interruptible(ctx context.Context, interrupts <-chan os.Signal, fn func(context.Context) error) error {
	select {
	case <-interrupts: // of what ran before
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-interrupts:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := fn(ctx)
	cancel()
	<-done
	return err
}

// promptSettings are those of the configuration file and of flags.
func promptSettings(flags replFlags) (settings, error) {
	path, err := settingsPath()
	if err != nil {
		return settings{}, err
	}
	set, err := readSettings(path)
	if err != nil {
		return set, err
	}
	if flags.format != "" {
		set.Format = flags.format
	}
	return set, nil
}

// screenSize is the size of the terminal that output goes to, or zeros.
func screenSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}
