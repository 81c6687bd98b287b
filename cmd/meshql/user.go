package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/meshql/meshql/engine/catalog"
)

func newUser() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage who may log in"}
	var native bool
	password := &cobra.Command{
		Use:   "password",
		Short: "Turn a password, read from the terminal or stdin, into the verifier that identity.yaml holds",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := readPassword(cmd, "Password: ")
			if err != nil {
				return err
			}
			if p == "" {
				return errors.New("an empty password is refused")
			}
			v := catalog.NewSaltedVerifier(p)
			if native {
				v = catalog.NewNativeVerifier(p)
			}
			fmt.Fprintln(cmd.OutOrStdout(), v)
			return nil
		},
	}
	password.Flags().BoolVar(&native, "native", false, "for clients that know only mysql_native_password")
	cmd.AddCommand(password)
	return cmd
}

// readPassword asks on a terminal without echo, else takes the first line.
func readPassword(cmd *cobra.Command, prompt string) (string, error) {
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		return string(b), nil
	}
	s := bufio.NewScanner(cmd.InOrStdin())
	if !s.Scan() {
		return "", errors.Join(errors.New("no password on stdin"), s.Err())
	}
	return strings.TrimRight(s.Text(), "\r"), nil
}
