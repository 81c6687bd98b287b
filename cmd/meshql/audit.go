package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Check the audit log"}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify FILE",
		Short: "Check that no record was changed, removed or inserted",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := engine.VerifyAudit(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d records, every chain whole\n", n)
			return nil
		},
	})
	return cmd
}
