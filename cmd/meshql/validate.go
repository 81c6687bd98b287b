package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
)

func newValidate() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "validate [PATH]",
		Short: "Check the files of a mesh or of one domain",
		Long: "Check the files of a mesh or of one domain: a mesh.yaml, a domain.yaml or the folder of one (default: here).\n" +
			"A domain beside the mesh.yaml that lists it is checked with that mesh's purposes, attributes and guild policies.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkReportFormat(format); err != nil {
				return err
			}
			path := "."
			if len(args) > 0 {
				path = args[0]
			}
			r, err := engine.Validate(cmd.Context(), path, logger(cmd))
			if err != nil {
				return err
			}
			if format == "text" {
				fmt.Fprint(cmd.OutOrStdout(), r.Text())
			} else {
				f := findings{command: "validate", base: folderOf(path), diagnostics: r.Diagnostics}
				if err := f.write(cmd.OutOrStdout(), format); err != nil {
					return err
				}
			}
			if r.Errors > 0 {
				return errFindings
			}
			return nil
		},
	}
	reportFlag(cmd, &format)
	return cmd
}

// reportFlag is the --format of a command that finds things.
func reportFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "text", reportNames)
	completeFlag(cmd, "format", reportNames)
}

// folderOf is the folder of a mesh's or a domain's file, which may be the folder.
func folderOf(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	return filepath.ToSlash(filepath.Clean(path))
}
