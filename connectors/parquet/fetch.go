package parquet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/meshql/meshql/connectors/objstore"
)

const (
	fetchGap     = 1 << 20 // ranges closer than this are read as one
	fetchPiece   = 8 << 20 // the most that one request reads
	fetchWorkers = 4       // requests in flight of one row group
)

// fetch reads ranges of an object in the background, in order of position.
type fetch struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	blocks []block
}

// block is a range that is held together, read in pieces.
type block struct {
	span
	buf    []byte
	pieces []*piece
}

// piece is what one request reads. err is set before ready is closed.
type piece struct {
	off   int64
	buf   []byte
	ready chan struct{}
	err   error
}

// startFetch begins to read the spans, charging their memory to mem first.
func startFetch(ctx context.Context, store objstore.Store, o objstore.Object, mem *memory, spans []span) (*fetch, error) {
	f := &fetch{}
	var pieces []*piece
	for _, s := range coalesce(spans) {
		if s.size > 1<<40 {
			return nil, tooLarge("a row group is too large")
		}
		slab, err := mem.get(int(s.size))
		if err != nil {
			return nil, err
		}
		b := block{span: s, buf: viewOf[byte](slab, int(s.size))}
		for at := int64(0); at < s.size; at += fetchPiece {
			p := &piece{off: s.start + at, buf: b.buf[at:min(at+fetchPiece, s.size)], ready: make(chan struct{})}
			b.pieces = append(b.pieces, p)
		}
		f.blocks = append(f.blocks, b)
		pieces = append(pieces, b.pieces...)
	}
	ctx, f.cancel = context.WithCancel(ctx)
	todo := make(chan *piece, len(pieces))
	for _, p := range pieces {
		todo <- p
	}
	close(todo)
	for range min(fetchWorkers, len(pieces)) {
		f.done.Go(func() {
			for p := range todo {
				if err := store.ReadAt(ctx, o, p.buf, p.off); err != nil {
					p.err = fmt.Errorf("read Parquet pages: %w", err)
				}
				close(p.ready)
			}
		})
	}
	return f, nil
}

// coalesce orders spans by position and joins those with small gaps.
func coalesce(spans []span) []span {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return s.size <= 0 })
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.start-(out[n-1].start+out[n-1].size) < fetchGap {
			last := &out[n-1]
			last.size = max(last.size, s.start+s.size-last.start)
			continue
		}
		out = append(out, s)
	}
	return out
}

// bytes waits for a span that was asked for and returns it.
func (f *fetch) bytes(ctx context.Context, s span) ([]byte, error) {
	if s.size == 0 {
		return nil, nil
	}
	for i := range f.blocks {
		b := &f.blocks[i]
		if s.start < b.start || s.start+s.size > b.start+b.size {
			continue
		}
		from := s.start - b.start
		for k := from / fetchPiece; k <= (from+s.size-1)/fetchPiece; k++ {
			p := b.pieces[k]
			select {
			case <-p.ready:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if p.err != nil {
				return nil, p.err
			}
		}
		return b.buf[from : from+s.size : from+s.size], nil
	}
	return nil, corrupt("a page lies outside its column chunk")
}

// stop ends the reading and awaits its goroutines.
func (f *fetch) stop() {
	f.cancel()
	f.done.Wait()
}
