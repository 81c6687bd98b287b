package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"

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
	Bloom        []int // columns to keep bloom filters for
}

const (
	defaultRowGroupRows = 1 << 17
	defaultPageBytes    = 256 << 10
	dictionaryBytes     = 1 << 20 // beyond it a column goes on in PLAIN
	sampleRows          = 1 << 13 // decide whether a column has a dictionary
)

// Write writes batches as a Parquet file, see Writer.
func Write(ctx context.Context, w io.Writer, columns []WriteColumn, batches []*vec.Batch, opts WriteOptions) error {
	pw, err := NewWriter(w, columns, opts)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := pw.Write(ctx, b); err != nil {
			return err
		}
	}
	return pw.Close()
}

// Writer writes a Parquet file with page index, checksums and dictionaries where
// they pay. Equal batches give equal bytes. It is used by one goroutine.
type Writer struct {
	out     io.Writer
	columns []WriteColumn
	opts    WriteOptions
	encode  []encoder
	file    *pq.GenericWriter[any] // made once there is a sample
	held    [][]pq.Value           // rows of the sample, by column
	rows    int                    // in the row group or the sample
}

// NewWriter begins a file.
func NewWriter(w io.Writer, columns []WriteColumn, opts WriteOptions) (*Writer, error) {
	if opts.RowGroupRows <= 0 {
		opts.RowGroupRows = defaultRowGroupRows
	}
	if opts.PageBytes <= 0 {
		opts.PageBytes = defaultPageBytes
	}
	if len(columns) == 0 {
		return nil, unsupported("a file without columns")
	}
	pw := &Writer{out: w, columns: columns, opts: opts, held: make([][]pq.Value, len(columns))}
	seen := map[string]bool{}
	for _, c := range columns {
		if _, err := writtenNode(c.Type); err != nil {
			return nil, err
		}
		if seen[c.Name] {
			return nil, unsupported("two columns of one name")
		}
		seen[c.Name] = true
		pw.encode = append(pw.encode, encoderOf(c.Type))
	}
	for _, list := range [][]int{opts.SortedBy, opts.Bloom} {
		for _, o := range list {
			if o < 0 || o >= len(columns) {
				return nil, fmt.Errorf("parquet: no column %d", o)
			}
		}
	}
	return pw, nil
}

// Write adds the selected rows of b, whose columns stand in the order of the
// file's and have the kinds of their types. It keeps nothing of b.
func (w *Writer) Write(ctx context.Context, b *vec.Batch) (err error) {
	if b.Columns() != len(w.columns) {
		return fmt.Errorf("parquet: %d columns to write for %d", b.Columns(), len(w.columns))
	}
	vectors := make([]*vec.Vector, len(w.columns))
	for i, c := range w.columns {
		if vectors[i], err = b.Col(ctx, i); err != nil {
			return err
		}
		if vectors[i].Kind != c.Type.Kind() {
			return fmt.Errorf("parquet: a vector of %s for a column of %s", vectors[i].Kind, c.Type)
		}
	}
	defer quarantineWrite(&err)
	for from := 0; from < b.Rows(); {
		n := min(b.Rows()-from, w.opts.RowGroupRows-w.rows)
		if w.file == nil {
			n = min(n, sampleRows-w.rows)
		}
		for i, v := range vectors {
			values := make([]pq.Value, 0, n)
			for k := from; k < from+n; k++ {
				row := b.Sel.At(k)
				x, err := w.value(i, v, row)
				if err != nil {
					return err
				}
				values = append(values, x)
			}
			if err := w.add(i, values); err != nil {
				return err
			}
		}
		from += n
		w.rows += n
		if w.file == nil && (w.rows == sampleRows || w.rows == w.opts.RowGroupRows) {
			if err := w.begin(); err != nil {
				return err
			}
		}
		if w.rows == w.opts.RowGroupRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// value encodes a row of column i.
func (w *Writer) value(i int, v *vec.Vector, row int) (pq.Value, error) {
	null, required := v.IsNull(row), w.columns[i].Type.NotNull
	switch {
	case null && required:
		return pq.Value{}, fmt.Errorf("parquet: NULL in a column that is NOT NULL")
	case null:
		return pq.NullValue().Level(0, 0, i), nil
	}
	x, ok := w.encode[i](v, row)
	if !ok {
		return pq.Value{}, fmt.Errorf("parquet: a value is out of the range of its column's type")
	}
	if required {
		return x.Level(0, 0, i), nil
	}
	return x.Level(0, 1, i), nil
}

// add writes values of column i, or holds them while the sample is taken.
func (w *Writer) add(i int, values []pq.Value) error {
	if w.file == nil {
		for k := range values {
			values[k] = values[k].Clone()
		}
		w.held[i] = append(w.held[i], values...)
		return nil
	}
	column := w.file.ColumnWriters()[i]
	for len(values) > 0 {
		// Pages end between calls, so that a call is a fraction of a page.
		n, size := 0, 0
		for n < len(values) && n < 1024 && size < w.opts.PageBytes/4 {
			size += 8
			if values[n].Kind() == pq.ByteArray {
				size += len(values[n].ByteArray())
			}
			n++
		}
		if _, err := column.WriteRowValues(values[:n]); err != nil {
			return fmt.Errorf("write Parquet: %w", err)
		}
		values = values[n:]
	}
	return nil
}

// begin makes the file's writer and gives it the sample.
func (w *Writer) begin() error {
	root := orderedGroup{Group: pq.Group{}}
	for i, c := range w.columns {
		n, err := writtenNode(c.Type)
		if err != nil {
			return err
		}
		if repeats(c.Type, w.held[i]) {
			n = pq.Encoded(n, &pq.RLEDictionary)
		} else if n.Type().Kind() != pq.Boolean {
			n = pq.Encoded(n, &pq.Plain)
		}
		if !c.Type.NotNull {
			n = pq.Optional(n)
		}
		root.Group[c.Name] = n
		root.order = append(root.order, c.Name)
	}
	var sorting []pq.SortingColumn
	for _, o := range w.opts.SortedBy {
		sorting = append(sorting, pq.NullsFirst(pq.Ascending(w.columns[o].Name)))
	}
	var bloom []pq.BloomFilterColumn
	for _, o := range w.opts.Bloom {
		bloom = append(bloom, pq.SplitBlockFilter(10, w.columns[o].Name))
	}
	options := []pq.WriterOption{
		pq.NewSchema("schema", root), pq.CreatedBy("meshql", "", ""), pq.PageBufferSize(w.opts.PageBytes),
		pq.DictionaryMaxBytes(dictionaryBytes), pq.DataPageVersion(2), pq.BloomFilters(bloom...),
		pq.SortingWriterConfig(pq.SortingColumns(sorting...)),
	}
	switch w.opts.Compression {
	case Snappy:
		options = append(options, pq.Compression(&pq.Snappy))
	case Zstd:
		options = append(options, pq.Compression(&pq.Zstd))
	case Uncompressed:
	}
	w.file = pq.NewGenericWriter[any](w.out, options...)
	for i, values := range w.held {
		if err := w.add(i, values); err != nil {
			return err
		}
	}
	w.held = nil
	return nil
}

// repeats reports whether values occur often enough for a dictionary.
func repeats(t mysqltype.Type, values []pq.Value) bool {
	switch t.ID {
	case mysqltype.Bool, mysqltype.Float, mysqltype.Double:
		return false
	}
	seen := map[string]bool{}
	n := 0
	for _, x := range values {
		if !x.IsNull() {
			seen[string(x.Bytes())] = true
			n++
		}
	}
	return len(seen) <= n/2
}

func (w *Writer) flush() error {
	w.rows = 0
	if err := w.file.Flush(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Close writes what is left and the footer.
func (w *Writer) Close() (err error) {
	defer quarantineWrite(&err)
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

func quarantineWrite(err *error) {
	if recover() != nil {
		*err = errors.New("parquet: the file cannot be written")
	}
}
