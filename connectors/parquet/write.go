package parquet

import (
	"io"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// Compression is the codec of a written file.
type Compression uint8

const (
	Snappy Compression = iota
	Zstd
	Uncompressed
)

// WriteColumn is a column to write; Type.NotNull makes it required.
type WriteColumn struct {
	Name string
	Type mysqltype.Type
}

// WriteOptions say how to write.
type WriteOptions struct {
	Compression  Compression
	RowGroupRows int   // the most rows of a row group; 0 is a good default
	PageBytes    int   // about how large a page is; 0 is a good default
	SortedBy     []int // columns that the rows are ascending by, NULLs first: noted in the footer, not checked
}

// Write writes batches as a Parquet file. The vectors of a batch stand in the
// order of columns and have the kind of its type. Equal input gives equal bytes.
func Write(w io.Writer, columns []WriteColumn, batches []*vec.Batch, opts WriteOptions) error {
	return unsupported("writing")
}
