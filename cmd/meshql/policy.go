package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
)

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Test and explain policies"}
	cmd.AddCommand(newPolicyTest(), newPolicyExplain())
	return cmd
}

func newPolicyTest() *cobra.Command {
	var f meshFlags
	var coverage bool
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the policy tests of the mesh",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			e, err := f.open(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.Close()) }()
			results, err := e.PolicyTests(cmd.Context())
			if err != nil {
				return err
			}
			failed := printTests(cmd.OutOrStdout(), results)
			if coverage {
				printCoverage(cmd.OutOrStdout(), e, results)
			}
			if failed > 0 {
				return errFindings
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&coverage, "coverage", false, "list policies that bound no test's principal")
	return cmd
}

func printTests(w io.Writer, results []engine.TestResult) (failed int) {
	for _, r := range results {
		if r.Passed {
			fmt.Fprintf(w, "PASS  %s  %d ms\n", r.Name, r.Duration.Milliseconds())
			continue
		}
		failed++
		fmt.Fprintf(w, "FAIL  %s  %d ms\n      %s:%d\n      want  %s\n      got   %s\n", r.Name, r.Duration.Milliseconds(), r.File, r.Line,
			indent(r.Want), indent(r.Got))
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", len(results)-failed, failed)
	return failed
}

func indent(s string) string {
	if s == "" {
		return "no rows"
	}
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n            ")
}

// printCoverage says which policies no test's principal was bound by.
func printCoverage(w io.Writer, e *engine.Engine, results []engine.TestResult) {
	seen := map[string]bool{}
	for _, r := range results {
		for _, id := range r.Policies {
			seen[id] = true
		}
	}
	rules := e.Catalog().Mesh().Policies.Rules()
	var missing []string
	for _, r := range rules {
		if !seen[r.ID] {
			missing = append(missing, r.Layer+" "+r.ID)
		}
	}
	if len(rules) > 0 {
		covered := len(rules) - len(missing)
		fmt.Fprintf(w, "coverage %.1f%% (%d of %d rules)\n", 100*float64(covered)/float64(len(rules)), covered, len(rules))
	}
	if len(missing) > 0 {
		fmt.Fprintf(w, "uncovered: %s\n", strings.Join(missing, ", "))
	}
}

func newPolicyExplain() *cobra.Command {
	var f meshFlags
	var user, purpose string
	cmd := &cobra.Command{
		Use:   `explain --as USER "SELECT …"`,
		Short: "Show a query's plan as a user would get it, with the text of row filters and masks",
		Long:  "Show a query's plan as a user would get it, with the text of row filters and masks.\nFor owners and the guild: whoever runs this can read the policies' files.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			e, err := f.open(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.Close()) }()
			text, err := e.ExplainPolicies(cmd.Context(), user, purpose, args[0])
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&user, "as", "", "the user whose rights apply")
	cmd.Flags().StringVar(&purpose, "purpose", "", "the purpose, if not the user's default")
	cmd.MarkFlagRequired("as") //nolint:errcheck // the flag exists
	return cmd
}
