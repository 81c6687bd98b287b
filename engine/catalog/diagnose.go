package catalog

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/meshql/meshql/governance/descriptor"
)

// Diagnostics tell authors what is wrong with their files.
type Diagnostics = descriptor.Diagnostics

// diagnoser collects what is wrong with one file.
type diagnoser struct {
	file  string
	found Diagnostics
}

func (d *diagnoser) errorf(at descriptor.Position, rule, hint, format string, args ...any) {
	d.found = append(d.found, descriptor.Diagnostic{
		File: d.file, Position: at, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...),
	})
}

func (d *diagnoser) warnf(at descriptor.Position, rule, hint, format string, args ...any) {
	d.errorf(at, rule, hint, format, args...)
	d.found[len(d.found)-1].Severity = descriptor.Warning
}

// done returns what was found, in order and without repetition.
func (d *diagnoser) done() Diagnostics {
	d.found.Sort()
	return slices.Compact(d.found)
}

// sorted walks a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
