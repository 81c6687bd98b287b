package parquet

import (
	"context"
	"io"

	"github.com/meshql/meshql/engine/vec"
)

const (
	defaultBatchRows = 2 * vec.BatchRows
	minBatchRows     = 64
	batchBytes       = 16 << 20 // about what the strings of a batch may take
)

// reader streams a row group.
type reader struct {
	mem    memory
	fetch  *fetch
	chunks []*chunk // by column of the batches
	counts *chunk   // the chunk whose pages say how many rows there are
	ranges []rows   // still to be read
	limit  int      // rows of a batch

	base    int64 // of the current batch
	rows    int
	batches int // how many were begun
	batch   vec.Batch
	closed  bool
}

// rows is a range of rows of a row group.
type rows struct{ start, end int64 }

func newReader(ctx context.Context, f *File, group int, columns []int, opts ReadOptions) (*reader, error) {
	if len(f.leaves) == 0 {
		return nil, unsupported("no column of the file can be read")
	}
	total := f.rowGroups[group].Rows
	r := &reader{mem: memory{budget: opts.Budget}, limit: opts.BatchRows}
	if r.limit <= 0 {
		r.limit = batchRows(f, group, columns)
	}
	if total > 0 {
		r.ranges = []rows{{0, total}}
	}
	var spans []span
	for _, o := range columns {
		c, err := r.newChunk(f, group, o)
		if err != nil {
			return nil, err
		}
		r.chunks = append(r.chunks, c)
		if r.counts == nil || c.meta.size < r.counts.meta.size {
			r.counts = c
		}
	}
	if r.counts == nil {
		smallest := 0
		for o, m := range f.chunks[group] {
			if m.size < f.chunks[group][smallest].size {
				smallest = o
			}
		}
		c, err := r.newChunk(f, group, smallest)
		if err != nil {
			return nil, err
		}
		r.counts = c
		spans = append(spans, c.parts[0].span)
	}
	if err := r.prune(ctx, f, group, opts.Predicates); err != nil {
		return nil, err
	}
	for _, c := range r.chunks {
		for _, p := range c.parts {
			spans = append(spans, p.span)
		}
	}
	var err error
	if r.fetch, err = startFetch(ctx, f.store, f.object, &r.mem, spans); err != nil {
		r.mem.free()
		return nil, err
	}
	return r, nil
}

func (r *reader) newChunk(f *File, group, ordinal int) (*chunk, error) {
	meta := f.chunks[group][ordinal]
	if err := meta.codec.check(); err != nil {
		return nil, err
	}
	c := &chunk{r: r, leaf: &f.leaves[ordinal], meta: meta, mem: &r.mem}
	c.dictOf.budget = r.mem.budget
	c.values = pageDecoder{mem: &r.mem, phys: c.leaf.phys, width: c.leaf.width}
	if c.leaf.newLane != nil {
		c.lane = c.leaf.newLane(&r.mem)
	}
	c.parts = []part{{span: span{meta.start, meta.size}, rows: f.rowGroups[group].Rows}}
	return c, nil
}

// batchRows chooses how many rows a batch has: fewer where rows are large.
func batchRows(f *File, group int, columns []int) int {
	g := &f.rowGroups[group]
	n := defaultBatchRows
	for _, o := range columns {
		if raw := f.chunks[group][o].raw; f.leaves[o].typ.Kind() == vec.Bytes && raw > 0 {
			n = int(min(int64(n), batchBytes*max(g.Rows, 1)/raw))
		}
	}
	return max(n, minBatchRows)
}

// Next implements vec.Reader.
func (r *reader) Next(ctx context.Context) (b *vec.Batch, err error) {
	if r.closed {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer quarantine(&err, "a row group")
	if r.batches == 0 && len(r.ranges) > 0 {
		if err := r.counts.load(ctx); err != nil {
			return nil, err
		}
	}
	r.batches++
	r.base += int64(r.rows)
	if len(r.ranges) > 0 && r.base >= r.ranges[0].end {
		r.ranges = r.ranges[1:]
	}
	if len(r.ranges) == 0 {
		r.rows = 0
		return nil, io.EOF
	}
	r.base = max(r.base, r.ranges[0].start)
	r.rows = int(min(int64(r.limit), r.ranges[0].end-r.base))
	r.batch.Reset(r.rows, len(r.chunks))
	for i, c := range r.chunks {
		r.batch.SetLazy(i, c)
	}
	return &r.batch, nil
}

// Close implements vec.Reader.
func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.fetch.stop()
	for _, c := range r.chunks {
		c.dictOf.abandon()
	}
	r.counts.dictOf.abandon()
	r.mem.free()
	return nil
}
