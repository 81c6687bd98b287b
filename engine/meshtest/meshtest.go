// Package meshtest writes small meshes into a folder for tests: domains with
// contracts, policies and Parquet files, as their teams would have them.
package meshtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Mesh is a mesh to write. Files are further files by path below the mesh's
// folder, such as "guild/policies.yaml"; they replace what would be made.
type Mesh struct {
	Products []Product
	Files    map[string]string
}

// Product is one data product with one output port.
type Product struct {
	Domain, Name string
	Columns      []Column
	Rows         [][]any // physical values, as vec.Vector.Value gives them
	// RowGroup is how many rows a row group has; 0: all in one.
	RowGroup int
}

// Column is a column of a product; Contract is YAML for its contract, such as
// "tags: [pii]", indented as one line each.
type Column struct {
	Name     string
	Type     mysqltype.Type
	Contract []string
}

// Write writes the mesh below dir and returns the path of its mesh.yaml.
func Write(tb testing.TB, dir string, m Mesh) string {
	tb.Helper()
	files := map[string]string{}
	domains := map[string]bool{}
	for _, p := range m.Products {
		domains[p.Domain] = true
		files[fmt.Sprintf("%s/products/%s/v1/contract.odcs.yaml", p.Domain, p.Name)] = p.contract()
		files[fmt.Sprintf("%s/data/%s/part-0.parquet", p.Domain, p.Name)] = p.data(tb)
	}
	var list strings.Builder
	for d := range domains {
		fmt.Fprintf(&list, "  %s: {uri: \"file://./%s\"}\n", d, d)
		files[d+"/domain.yaml"] = fmt.Sprintf("domain: %s\nowner: {team: %s, contact: %s@shop.example, roles: [%s_owner]}\ndescription: What %s knows\n"+
			"products: products/*/v*/contract.odcs.yaml\npolicies: policies/*.yaml\n", d, d, d, d, d)
	}
	files["mesh.yaml"] = "mesh: shop\ndomains:\n" + list.String() + "identity: {file: identity.yaml}\nguild: {uri: \"file://./guild\", roles: [guild]}\n" +
		"attributes: {country: string, regions: [string]}\npurposes: [analytics, fulfilment, marketing]\nentities: {customer: {format: integer}}\nhash_key: \"env:MESHTEST_HASH_KEY\"\n"
	for path, text := range m.Files {
		files[path] = text
	}
	for path, text := range files {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return filepath.Join(dir, "mesh.yaml")
}

func (p *Product) contract() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v3.1.0\nkind: DataContract\nid: %s-%s\nname: %s\nversion: 1.0.0\nstatus: active\ndomain: %s\ndataProduct: %s\n",
		p.Domain, p.Name, p.Name, p.Domain, p.Name)
	fmt.Fprintf(&b, "description: {purpose: \"For tests of %s\"}\n", p.Name)
	fmt.Fprintf(&b, "servers:\n  - {server: prod, type: local, path: ../../../data/%s/*.parquet, format: parquet}\n", p.Name)
	fmt.Fprintf(&b, "schema:\n  - name: %s\n    physicalType: table\n    properties:\n", p.Name)
	for _, c := range p.Columns {
		fmt.Fprintf(&b, "      - name: %s\n        logicalType: %s\n        physicalType: %q\n", c.Name, logicalType(c.Type), c.Type.String())
		for _, line := range c.Contract {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	return b.String()
}

// logicalType is ODCS's name for a type.
func logicalType(t mysqltype.Type) string {
	switch {
	case t.ID == mysqltype.Bool:
		return "boolean"
	case t.IsInteger():
		return "integer"
	case t.IsNumeric():
		return "number"
	case t.ID == mysqltype.Date:
		return "date"
	case t.ID == mysqltype.Time:
		return "time"
	case t.IsTemporal():
		return "timestamp"
	}
	return "string"
}

func (p *Product) data(tb testing.TB) string {
	tb.Helper()
	columns := make([]parquet.WriteColumn, len(p.Columns))
	for i, c := range p.Columns {
		columns[i] = parquet.WriteColumn{Name: c.Name, Type: c.Type}
	}
	size := p.RowGroup
	if size <= 0 {
		size = max(len(p.Rows), 1)
	}
	var batches []*vec.Batch
	for from := 0; from < len(p.Rows); from += size {
		batches = append(batches, p.Batch(tb, p.Rows[from:min(from+size, len(p.Rows))]))
	}
	var b bytes.Buffer
	if err := parquet.Write(tb.Context(), &b, columns, batches, parquet.WriteOptions{RowGroupRows: size}); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// Batch holds rows of the product.
func (p *Product) Batch(tb testing.TB, rows [][]any) *vec.Batch {
	tb.Helper()
	vectors := make([]*vec.Vector, len(p.Columns))
	for i, c := range p.Columns {
		b := vec.NewBuilder(c.Type.Kind())
		for _, r := range rows {
			if err := b.Append(r[i]); err != nil {
				tb.Fatal(err)
			}
		}
		vectors[i] = b.Build()
	}
	return vec.NewBatch(len(rows), vectors...)
}
