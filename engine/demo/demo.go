// Package demo writes the demo mesh into a folder: the descriptors and the real
// flights as they stand in testdata/mesh, and a shop's data made up the same way
// every time.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/meshql/meshql/connectors/parquet"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/testdata/mesh"
)

// HashKeyVariable is where the demo's mesh.yaml finds the key of its hash masks.
const HashKeyVariable = "MESHQL_DEMO_HASH_KEY"

// Orders is the number of orders in the whole demo.
const Orders = 1_000_000

// generation changes whenever the generated data does, so that a folder written
// by an earlier version is written anew.
const generation = "2"

// Write writes the mesh with the given number of orders below dir, unless it
// stands there already, and returns the path of its mesh.yaml.
func Write(ctx context.Context, dir string, orders int) (string, error) {
	main := filepath.Join(dir, "mesh.yaml")
	stamp := filepath.Join(dir, ".generated")
	want := fmt.Sprintf("%s %d\n", generation, orders)
	if got, err := os.ReadFile(stamp); err == nil && string(got) == want {
		return main, writeDescriptors(dir)
	}
	if err := writeDescriptors(dir); err != nil {
		return "", err
	}
	for _, t := range shop(orders) {
		if err := t.write(ctx, dir); err != nil {
			return "", fmt.Errorf("demo data of %s: %w", t.path, err)
		}
	}
	return main, os.WriteFile(stamp, []byte(want), 0o600)
}

func writeDescriptors(dir string) error {
	return fs.WalkDir(mesh.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		data, err := mesh.Files.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

// table is one generated product: row i is made by fill alone, so that files
// can be written one row group after the other.
type table struct {
	path    string // of the file, below the mesh's folder
	columns []parquet.WriteColumn
	sorted  []int
	rows    int
	fill    func(i int, row []any)
}

// rowGroup is how many rows a row group of the generated files has.
const rowGroup = 128 << 10

func (t *table) write(ctx context.Context, dir string) (err error) {
	path := filepath.Join(dir, filepath.FromSlash(t.path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = os.Rename(path+".tmp", path)
		} else {
			err = errors.Join(err, os.Remove(path+".tmp"))
		}
	}()
	var batches []*vec.Batch
	row := make([]any, len(t.columns))
	for from := 0; from < t.rows; from += rowGroup {
		if err := ctx.Err(); err != nil {
			return err
		}
		builders := make([]*vec.Builder, len(t.columns))
		for c, col := range t.columns {
			builders[c] = vec.NewBuilder(col.Type.Kind())
		}
		to := min(from+rowGroup, t.rows)
		for i := from; i < to; i++ {
			t.fill(i, row)
			for c, x := range row {
				if err := builders[c].Append(x); err != nil {
					return err
				}
			}
		}
		vectors := make([]*vec.Vector, len(builders))
		for c, b := range builders {
			vectors[c] = b.Build()
		}
		batches = append(batches, vec.NewBatch(to-from, vectors...))
	}
	return parquet.Write(ctx, f, t.columns, batches, parquet.WriteOptions{Compression: parquet.Zstd, RowGroupRows: rowGroup, SortedBy: t.sorted})
}

// Types of the demo's columns.
var (
	bigint   = mysqltype.Type{ID: mysqltype.BigInt}
	integer  = mysqltype.Type{ID: mysqltype.Int}
	double   = mysqltype.Type{ID: mysqltype.Double}
	money    = mysqltype.Type{ID: mysqltype.Decimal, Precision: 10, Scale: 2}
	text     = mysqltype.Type{ID: mysqltype.VarChar, Length: 255}
	day      = mysqltype.Type{ID: mysqltype.Date}
	moment   = mysqltype.Type{ID: mysqltype.DateTime, Scale: 6}
	truth    = mysqltype.Type{ID: mysqltype.Bool}
	required = mysqltype.Type{ID: mysqltype.BigInt, NotNull: true}
)

func column(name string, t mysqltype.Type) parquet.WriteColumn {
	return parquet.WriteColumn{Name: name, Type: t}
}
