package parquet

import (
	"context"
	"fmt"

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
	leaves    []leaf // by ordinal
	skipped   []Skipped
	rowGroups []RowGroup
	chunks    [][]chunkMeta // by row group and ordinal
}

// chunkMeta is where a column of a row group stands in the file.
type chunkMeta struct {
	codec       codec
	start, size int64 // of dictionary and pages
	raw         int64 // uncompressed bytes, a claim
	offsetIndex span
	columnIndex span
}

// span is a range of a file's bytes; size 0 is none.
type span struct{ start, size int64 }

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
	footer, err := readFooter(ctx, store, o)
	if err != nil {
		return nil, err
	}
	f := &File{store: store, object: o}
	if err := f.load(footer); err != nil {
		return nil, err
	}
	return f, nil
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

// load takes from the footer what reading needs.
func (f *File) load(footer []byte) (err error) {
	meta, err := parseFooter(footer)
	if err != nil {
		return err
	}
	defer quarantine(&err, "the footer")
	ordered := make([]bool, meta.Schema.NumColumns())
	for i := range ordered {
		ordered[i] = i < len(meta.ColumnOrders) && meta.ColumnOrders[i] != nil &&
			(meta.ColumnOrders[i].TYPE_ORDER != nil || meta.ColumnOrders[i].IEEE_754_TOTAL_ORDER != nil)
	}
	if len(ordered)*len(meta.RowGroups) > maxChunks {
		return tooLarge("more than %d column chunks", maxChunks)
	}
	skipped := map[string]bool{}
	for i := range ordered {
		c := meta.Schema.Column(i)
		name := c.ColumnPath()[0]
		l, reason := newLeaf(c, i)
		if reason == "" {
			f.columns = append(f.columns, Column{Name: name, Type: l.typ, Ordinal: len(f.leaves), Required: l.required})
			l.orderKnown = ordered[i]
			f.leaves = append(f.leaves, l)
		} else if !skipped[name] {
			f.skipped = append(f.skipped, Skipped{Name: name, Reason: reason})
			skipped[name] = true
		}
	}
	for _, g := range meta.RowGroups {
		if g.NumRows < 0 || g.NumRows > maxRowGroupRows || len(g.Columns) != len(ordered) {
			return corrupt("a row group has an impossible size")
		}
		group := RowGroup{Rows: g.NumRows}
		chunks := make([]chunkMeta, len(f.leaves))
		for i := range f.leaves {
			l := &f.leaves[i]
			column := g.Columns[l.index]
			m := column.MetaData
			if column.CryptoMetadata != nil {
				return unsupported("a column is encrypted")
			}
			if m == nil || physical(m.Type) != l.phys || m.NumValues != g.NumRows {
				return corrupt("a column chunk contradicts the schema")
			}
			if column.FilePath != nil && *column.FilePath != "" {
				return unsupported("a column stands in another file")
			}
			c := chunkMeta{codec: codec(m.Codec), start: m.DataPageOffset, size: m.TotalCompressedSize, raw: m.TotalUncompressedSize}
			if d := m.DictionaryPageOffset; d != nil && *d > 0 && *d < c.start {
				c.start = *d
			}
			if column.OffsetIndexOffset != nil && column.OffsetIndexLength != nil {
				c.offsetIndex = span{*column.OffsetIndexOffset, int64(*column.OffsetIndexLength)}
			}
			if column.ColumnIndexOffset != nil && column.ColumnIndexLength != nil {
				c.columnIndex = span{*column.ColumnIndexOffset, int64(*column.ColumnIndexLength)}
			}
			if c.size < 0 || c.start < 0 || c.start > f.object.Size || c.size > f.object.Size-c.start {
				return corrupt("a column chunk lies outside the file")
			}
			st := ColumnStats{Nulls: -1, Distinct: -1, Bytes: c.size}
			if s := m.Statistics; s != nil {
				st.Nulls, st.Distinct = count(s.NullCount, g.NumRows), count(s.DistinctCount, g.NumRows)
				st.Min, st.Max = l.bounds(s.MinValue, s.MaxValue, s.Min, s.Max, l.orderKnown)
			}
			group.Bytes += c.size
			group.Columns = append(group.Columns, st)
			chunks[i] = c
		}
		f.rowGroups = append(f.rowGroups, group)
		f.chunks = append(f.chunks, chunks)
	}
	return nil
}

// Read streams the rows of a row group in order, with the columns of the given
// ordinals in the given order; there may be none. It starts fetching at once,
// under ctx, which must live as long as the reader. Close awaits the fetches.
func (f *File) Read(ctx context.Context, rowGroup int, columns []int, opts ReadOptions) (vec.Reader, error) {
	if rowGroup < 0 || rowGroup >= len(f.rowGroups) {
		return nil, fmt.Errorf("parquet: no row group %d", rowGroup)
	}
	for _, c := range columns {
		if c < 0 || c >= len(f.leaves) {
			return nil, fmt.Errorf("parquet: no column %d", c)
		}
	}
	return newReader(ctx, f, rowGroup, columns, opts)
}
