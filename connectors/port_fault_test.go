package connectors

import (
	"errors"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/objstore/s3test"
	"github.com/meshql/meshql/connectors/parquet"
)

// TestPortUnderFaults lets every storage call of a scan fail in turn, once and
// from then on: the rows are right or there is a typed error. A port that
// failed answers the next query.
func TestPortUnderFaults(t *testing.T) {
	s := folder(t)
	cols := []parquet.WriteColumn{{Name: "id", Type: bigint}, {Name: "name", Type: text}}
	for i, key := range []string{"d/a.parquet", "d/b.parquet", "d/c.parquet"} {
		put(t, s, key, cols, parquet.WriteOptions{RowGroupRows: 2}, []any{int64(i), "x"}, []any{int64(10 + i), nil}, []any{int64(20 + i), "z"})
	}
	columns := []PortColumn{column("id", bigint), column("name", text)}
	count := &s3test.Failing{Store: s}
	want, _, err := scan(t.Context(), port(t, count, "d", columns...))
	if err != nil || want == "" {
		t.Fatal(err)
	}
	for _, class := range []error{objstore.ErrThrottled, objstore.ErrUnavailable, objstore.ErrDenied, objstore.ErrChanged, objstore.ErrCorrupt} {
		for n := range count.Calls() {
			for _, forever := range []bool{false, true} {
				failing := &s3test.Failing{Store: s, N: n + 1, Forever: forever, Err: class}
				p := port(t, failing, "d", columns...)
				if rows, _, err := scan(t.Context(), p); err == nil && rows != want {
					t.Fatalf("call %d: wrong rows\n%s", n+1, rows)
				} else if err == nil {
					t.Errorf("call %d: no error", n+1)
				} else if _, storage := Class(err); !errors.Is(err, class) || !storage {
					t.Errorf("call %d: %v", n+1, err)
				}
				failing.N = 0
				if rows, _, err := scan(t.Context(), p); err != nil || rows != want {
					t.Errorf("after call %d failed: %v\n%s", n+1, err, rows)
				}
			}
		}
	}
}
