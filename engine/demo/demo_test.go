package demo

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWriteIsDeterministic writes the mesh twice and compares the generated
// files byte by byte.
func TestWriteIsDeterministic(t *testing.T) {
	const path = "checkout/data/orders/orders.parquet"
	var first []byte
	for range 2 {
		dir := t.TempDir()
		if _, err := Write(t.Context(), dir, 2_000); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if string(first) != string(data) {
			t.Errorf("%s differs from one writing to the next", path)
		}
	}
}
