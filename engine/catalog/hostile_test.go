package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshql/meshql/governance/descriptor"
)

// TestLargeContracts refuses, in bounded work, contracts that fill a file.
func TestLargeContracts(t *testing.T) {
	head := "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nservers: [{server: s, type: local, path: ../d, format: parquet}]\n"
	fill := func(head, line string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < descriptor.MaxSize-2*len(line)-20; i++ {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"columns":      fill(head+"schema:\n  - name: a\n    properties:\n", "      - {name: c%d, logicalType: string}\n"),
		"objects":      fill(head+"schema:\n", "  - {name: a%d, properties: [{name: x, logicalType: string}]}\n"),
		"unknown keys": fill(head+"schema: [{name: a, properties: [{name: x, logicalType: string}]}]\n", "k%d: 1\n"),
		"out of place": fill(head+"schema: [{name: a, properties: [{name: x, logicalType: string, servers: [], roles: [], price: []}]}]\ntags:\n", "  - t%d\n"),
		"references":   fill(head+"schema:\n  - name: a\n    properties: [{name: x, logicalType: string}]\n    relationships:\n", "      - {from: a.x, to: a.x, customProperties: [{property: p%d, value: 1}]}\n"),
	} {
		c, found := readContract([]byte(text), "products/a/v1/contract.odcs.yaml", "shop")
		if name != "references" && found.Err() == nil {
			t.Errorf("%s: read as %v", name, c)
		}
		if len(found) > maxDiagnostics+1 {
			t.Errorf("%s: %d diagnostics", name, len(found))
		}
	}
}
