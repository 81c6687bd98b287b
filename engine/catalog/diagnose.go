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

// maxDiagnostics is how many findings a file can have; the rest are not told.
const maxDiagnostics = 100

// done returns what was found, in order and without repetition.
func (d *diagnoser) done() Diagnostics {
	d.found.Sort()
	d.found = slices.Compact(d.found)
	if len(d.found) > maxDiagnostics {
		rest := d.found[maxDiagnostics:]
		d.found = d.found[:maxDiagnostics:maxDiagnostics]
		d.warnf(descriptor.Position{}, "MQ010", "", "there are %d more", len(rest))
		if rest.Err() != nil {
			d.found[maxDiagnostics].Severity = descriptor.Error
		}
	}
	return d.found
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
