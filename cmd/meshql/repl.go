package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/planner/mysqlerr"
)

// prompt opens a user's session of an engine and prompts for statements.
func prompt(cmd *cobra.Command, e *engine.Engine, user string) (err error) {
	c, err := openLocal(cmd.Context(), e, user, "", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return repl(cmd, c, "table")
}

// repl reads statements from a terminal and runs them until its end.
func repl(cmd *cobra.Command, c client, formatName string) error {
	write := formats[formatName]
	if write == nil {
		write = writeTable
	}
	in := bufio.NewScanner(cmd.InOrStdin())
	text := ""
	for {
		fmt.Fprint(cmd.ErrOrStderr(), "meshql> ")
		if !in.Scan() {
			return in.Err()
		}
		var statements []string
		statements, text = splitStatements(text + "\n" + in.Text())
		for _, s := range statements {
			r, err := c.Query(cmd.Context(), s)
			if err == nil {
				_, err = write(cmd.Context(), cmd.OutOrStdout(), r)
			}
			var known *mysqlerr.Error
			if errors.As(err, &known) {
				fmt.Fprintf(cmd.ErrOrStderr(), "ERROR %d (%s): %s\n", known.Code, known.State, strings.TrimSpace(known.Message))
			} else if err != nil {
				return err
			}
		}
	}
}
