package vec

import "context"

// BatchRows is the number of rows that readers aim to put into a batch.
const BatchRows = 2048

// Reader is a stream of batches: scans of splits, operators and results. It
// is used by one goroutine at a time.
type Reader interface {
	// Next returns the next batch, or io.EOF after the last. The batch is
	// valid until the next call of Next or Close. A batch may select no row.
	Next(ctx context.Context) (*Batch, error)
	// Close releases what the reader holds. It may be called at any time,
	// more than once, and after an error.
	Close() error
}

// Lazy is a column that is decoded on demand.
type Lazy interface {
	// Decode returns the column's values for all rows of its batch; only
	// those in sel (nil: all) need be defined, the others are safe to read.
	Decode(ctx context.Context, sel Selection) (*Vector, error)
}

// Batch is N rows of columns, of which Sel names those alive.
type Batch struct {
	N   int
	Sel Selection
	// OnError, if not nil, gives errors of lazy decoding their context, such as
	// the product that the column belongs to.
	OnError func(error) error
	cols    []slot
}

type slot struct {
	vec  *Vector
	lazy Lazy
}

// NewBatch returns a batch of n rows over cols, all of them selected.
func NewBatch(n int, cols ...*Vector) *Batch {
	b := &Batch{}
	b.Reset(n, len(cols))
	for i, c := range cols {
		b.Set(i, c)
	}
	return b
}

// Reset makes b an all-selected batch of n rows and the given number of empty
// columns, keeping its memory.
func (b *Batch) Reset(n, columns int) {
	b.N, b.Sel, b.OnError = n, nil, nil
	if cap(b.cols) < columns {
		b.cols = make([]slot, columns)
	}
	b.cols = b.cols[:columns]
	clear(b.cols)
}

// Columns returns the number of columns.
func (b *Batch) Columns() int { return len(b.cols) }

// Rows returns the number of selected rows.
func (b *Batch) Rows() int { return b.Sel.Count(b.N) }

// Set makes v column i.
func (b *Batch) Set(i int, v *Vector) { b.cols[i] = slot{vec: v} }

// SetLazy makes l column i.
func (b *Batch) SetLazy(i int, l Lazy) { b.cols[i] = slot{lazy: l} }

// Share makes column j of from column i of b, decoded or not. Both batches
// must have the same N, and b's selection must never be wider than from's.
func (b *Batch) Share(i int, from *Batch, j int) {
	if s := from.cols[j]; s.vec != nil {
		b.cols[i] = s
		return
	}
	b.cols[i] = slot{lazy: shared{from, j}}
}

type shared struct {
	b *Batch
	i int
}

func (s shared) Decode(ctx context.Context, sel Selection) (*Vector, error) {
	return s.b.col(ctx, s.i, sel)
}

// Col returns column i, decoding it for the rows selected now if it is lazy.
// A selection may only narrow between calls, so the first decode serves all.
func (b *Batch) Col(ctx context.Context, i int) (*Vector, error) { return b.col(ctx, i, b.Sel) }

func (b *Batch) col(ctx context.Context, i int, sel Selection) (*Vector, error) {
	s := &b.cols[i]
	if s.vec == nil {
		v, err := s.lazy.Decode(ctx, sel)
		if err != nil {
			if b.OnError != nil {
				err = b.OnError(err)
			}
			return nil, err
		}
		s.vec = v
	}
	return s.vec, nil
}
