package parquet

import (
	"context"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// File is the footer of one version of an object. It is immutable, holds no
// open handle and is safe for concurrent use.
type File struct {
	store     objstore.Store
	object    objstore.Object
	columns   []Column
	skipped   []Skipped
	rowGroups []RowGroup
}

// Column is a column of a file: a top-level leaf that is not repeated.
type Column struct {
	Name     string
	Type     mysqltype.Type // the natural MySQL type of the values as read
	Ordinal  int            // index in File.Columns
	Required bool           // the file cannot hold a NULL here
}

// Skipped is a column of a file that cannot be read, and why.
type Skipped struct {
	Name   string
	Reason string
}

// RowGroup is what the footer says of a row group. It steers pruning and cost;
// it is no answer.
type RowGroup struct {
	Rows    int64
	Bytes   int64         // compressed, of the columns of File.Columns
	Columns []ColumnStats // by ordinal
}

// ColumnStats bound a column of a row group. Min and Max are physical values of
// the column's kind as vec.Vector.Value gives them, nil if unknown: no value
// that is not NULL (or NaN) lies outside, though the bounds themselves need not
// occur. Nulls and Distinct are -1 if unknown.
type ColumnStats struct {
	Min, Max any
	Nulls    int64
	Distinct int64
	Bytes    int64 // compressed
}

// Open reads the footer of o.
func Open(ctx context.Context, store objstore.Store, o objstore.Object) (*File, error) {
	return nil, unsupported("reading")
}

// Object returns the version that the file was opened from.
func (f *File) Object() objstore.Object { return f.object }

// Columns returns the readable columns by ordinal. The slice is shared.
func (f *File) Columns() []Column { return f.columns }

// Skipped returns the columns that Columns leaves out. The slice is shared.
func (f *File) Skipped() []Skipped { return f.skipped }

// RowGroups returns the row groups in file order. The slice is shared.
func (f *File) RowGroups() []RowGroup { return f.rowGroups }

// ReadOptions say how to read.
type ReadOptions struct {
	Budget *vec.Budget // memory is reserved here before it is allocated
	// Predicates are ANDed; pages that no row of which can satisfy them may be
	// left out.
	Predicates []Predicate
	BatchRows  int // the most rows of a batch; 0 is a good default
}

// Read streams the rows of a row group in order, with the columns of the given
// ordinals in the given order; there may be none. It starts fetching at once,
// under ctx, which must live as long as the reader. Close awaits the fetches.
func (f *File) Read(ctx context.Context, rowGroup int, columns []int, opts ReadOptions) (vec.Reader, error) {
	return nil, unsupported("reading")
}
