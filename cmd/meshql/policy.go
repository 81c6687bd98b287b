package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/meshql/meshql/engine"
	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
)

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Test and explain policies"}
	cmd.AddCommand(newPolicyTest(), newPolicyExplain())
	return cmd
}

func newPolicyTest() *cobra.Command {
	var f meshFlags
	var wantCoverage bool
	var format string
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the policy tests of the mesh",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := checkReportFormat(format); err != nil {
				return err
			}
			e, err := f.open(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, e.Close()) }()
			results, err := e.PolicyTests(cmd.Context())
			if err != nil {
				return err
			}
			var covered *coverage
			if wantCoverage {
				covered = coverageOf(e.Catalog().Mesh().Policies.Rules(), results)
			}
			failed := failures(results)
			if format == "text" {
				printTests(cmd.OutOrStdout(), results, covered)
			} else {
				found := findings{command: "policy test", base: folderOf(f.mesh), diagnostics: failed, tests: results, coverage: covered}
				if err := found.write(cmd.OutOrStdout(), format); err != nil {
					return err
				}
			}
			if len(failed) > 0 {
				return errFindings
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&wantCoverage, "coverage", false, "list policies that bound no test's principal")
	reportFlag(cmd, &format)
	return cmd
}

// ruleTest is the rule of a policy test that failed.
const ruleTest = "MQ190"

// failures are the tests that failed, as diagnostics.
func failures(results []engine.TestResult) (out descriptor.Diagnostics) {
	for _, r := range results {
		if !r.Passed {
			out = append(out, descriptor.Diagnostic{File: r.File, Position: descriptor.Position{Line: r.Line, Column: 1}, Rule: ruleTest,
				Message: fmt.Sprintf("%s: want %s, got %s (as %s)", r.Name, oneLine(r.Want), oneLine(r.Got), r.As)})
		}
	}
	return out
}

func printTests(w io.Writer, results []engine.TestResult, covered *coverage) {
	width, failed := 0, 0
	for _, r := range results {
		width = max(width, utf8.RuneCountInString(r.Name))
	}
	for _, r := range results {
		verdict := "PASS"
		if !r.Passed {
			verdict = "FAIL"
			failed++
		}
		fmt.Fprintf(w, "%s  %-*s  %3d ms\n", verdict, width, r.Name, r.Duration.Milliseconds())
		if !r.Passed {
			fmt.Fprintf(w, "      %s:%d as %s\n      want  %s\n      got   %s\n", r.File, r.Line, r.As, indent(r.Want), indent(r.Got))
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed", len(results)-failed, failed)
	if covered != nil {
		fmt.Fprintf(w, " · coverage %.1f%% (%d of %d rules)", covered.Percent, covered.Covered, covered.Rules)
		if len(covered.Missing) > 0 {
			fmt.Fprintf(w, "\nuncovered: %s", strings.Join(covered.Missing, ", "))
		}
	}
	fmt.Fprintln(w)
}

func indent(s string) string {
	if s == "" {
		return "no rows"
	}
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n            ")
}

func oneLine(s string) string {
	return strings.ReplaceAll(indent(s), "\n            ", "; ")
}

// coverage says which policies bound a test's principal.
type coverage struct {
	Percent float64  `json:"percent"`
	Covered int      `json:"covered"`
	Rules   int      `json:"rules"`
	Missing []string `json:"missing,omitempty"` // domain/file:line id
}

func coverageOf(rules []governance.Rule, results []engine.TestResult) *coverage {
	type policy struct{ layer, id string }
	seen := map[policy]bool{}
	for _, r := range results {
		for _, p := range r.Policies {
			seen[policy{p.Layer, p.Policy}] = true
		}
	}
	c := &coverage{Percent: 100, Rules: len(rules)}
	for _, r := range rules {
		if seen[policy{r.Layer, r.ID}] {
			c.Covered++
			continue
		}
		c.Missing = append(c.Missing, fmt.Sprintf("%s/%s:%d %s", r.Layer, r.File, r.Line, r.ID))
	}
	if c.Rules > 0 {
		c.Percent = 100 * float64(c.Covered) / float64(c.Rules)
	}
	return c
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
