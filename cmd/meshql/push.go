package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine/catalog"
)

func newPush() *cobra.Command {
	var o catalog.PushOptions
	cmd := &cobra.Command{
		Use:   "push FOLDER URI",
		Short: "Validate a domain's folder and put it in force at its URI",
		Long: "Validate a domain's folder, upload its descriptors and put them in force at its URI with one conditional write.\n" +
			"Of two pushes at once one wins; the other is told, and nothing of it is in force.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			o.Folder = args[0]
			if o.To.URI, err = storageURI(args[1]); err != nil {
				return err
			}
			done, found, err := catalog.Push(cmd.Context(), o)
			for _, d := range found {
				fmt.Fprintln(cmd.ErrOrStderr(), d)
			}
			if err != nil {
				return err
			}
			if found.Err() != nil || o.Strict && len(found) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "nothing pushed")
				return errFindings
			}
			if done.Unchanged {
				fmt.Fprintf(cmd.OutOrStdout(), "version %d of %s has these files already\n", done.Version, o.To.URI)
				return nil
			}
			fmt.Fprintf(cmd.OutOrStdout(), "version %d of %s is in force: %s, %d uploaded\n", done.Version, o.To.URI, plural(done.Files, "file"), done.Uploaded)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.To.Endpoint, "endpoint", "", "the object store's endpoint")
	flags.StringVar(&o.To.Region, "region", "", "the bucket's region")
	flags.StringVar(&o.To.Credentials, "credentials", "", "a reference, never a secret: env:NAME, file:PATH or default")
	flags.BoolVar(&o.Guild, "guild", false, "the folder holds the guild's policies")
	flags.BoolVar(&o.Strict, "strict", false, "warnings stop the push too")
	return cmd
}

// storageURI gives a place the form that storage has: a file's with an absolute
// path, and no slash at the end.
func storageURI(uri string) (string, error) {
	if rest, ok := strings.CutPrefix(uri, "file://"); ok {
		folder, err := filepath.Abs(filepath.FromSlash(rest))
		if err != nil {
			return "", fmt.Errorf("URI: %w", err)
		}
		return "file://" + filepath.ToSlash(folder), nil
	}
	if !strings.HasPrefix(uri, "s3://") {
		return "", fmt.Errorf("URI %q: use s3://BUCKET/PREFIX or file://FOLDER", uri)
	}
	return strings.TrimRight(uri, "/"), nil
}
