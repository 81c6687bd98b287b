package exec

import (
	"context"

	"github.com/meshql/meshql/engine/vec"
)

// joinTable is the build side of a join: its rows, and chains of the rows of
// each key. Large ones are built in parallel, in parts by the hash of the keys.
type joinTable struct {
	mem   account
	n     int
	cols  []*vec.Vector // Right's columns; nil where not kept
	keys  []*vec.Vector // of Equal; nil after the build unless needed
	equal bool          // NULL equals NULL

	parts  []*joinPart // a power of two; none without Equal or where dense is used
	dense  *denseKeys  // instead of parts: keys that are integers close together
	next   []uint32    // by row: the next row of the same key, plus 1; nil if keys are unique
	nulls  []uint32    // rows with a NULL in their key, which are in no chain
	nolink bool        // chains are not needed: only whether a key is there
}

// joinPart is the keys of one part.
type joinPart struct {
	mem   account
	index *keyIndex
	heads []uint32 // by slot: the last row of the key, plus 1
	many  bool     // a key has several rows
}

const (
	serialBuild = 1 << 15 // rows up to which a table is built by one goroutine
	joinParts   = 16
	buildChunk  = 1 << 15 // rows indexed between two checks of the context
)

// index makes the chains.
func (t *joinTable) index(ctx context.Context, j *join) error {
	t.nolink = !j.withPayload() && j.node.On == nil
	if !t.nolink {
		var err error
		if t.next, err = extend(&t.mem, t.next, t.n); err != nil {
			return err
		}
	}
	if done, err := t.indexDense(ctx); err != nil || done {
		return err
	}
	parts := joinParts
	if t.n <= serialBuild || j.q.opts.Workers == 1 {
		parts = 1
	}
	kinds := make([]vec.Kind, len(t.keys))
	for i, k := range t.keys {
		kinds[i] = k.Kind
	}
	for range parts {
		t.parts = append(t.parts, &joinPart{
			mem:   account{budget: j.q.opts.Budget},
			index: newKeyIndex(kinds, j.q.opts.Budget),
		})
	}
	chunks := (t.n + buildChunk - 1) / buildChunk
	if err := t.mem.reserve(int64(t.n) * 4); err != nil { // the rows of split
		return err
	}
	split := make([][]vec.Selection, chunks)
	nulls := make([]vec.Selection, chunks)
	if err := j.q.tasks(ctx, chunks, func(_ context.Context, c int) error {
		split[c], nulls[c] = t.split(c)
		return nil
	}); err != nil {
		return err
	}
	if err := j.q.tasks(ctx, parts, func(ctx context.Context, p int) error {
		return t.link(ctx, t.parts[p], p, split)
	}); err != nil {
		return err
	}
	for c, rows := range nulls {
		for _, r := range rows {
			t.nulls = append(t.nulls, uint32(c*buildChunk)+r)
		}
	}
	t.mem.release(int64(t.n-len(t.nulls)) * 4)
	if !t.many() {
		t.dropNext()
	}
	return nil
}

// dropNext forgets the chains where every key has one row.
func (t *joinTable) dropNext() {
	t.mem.release(int64(cap(t.next)) * 4)
	t.next = nil
}

func (t *joinTable) many() bool {
	for _, p := range t.parts {
		if p.many {
			return true
		}
	}
	return false
}

func (t *joinTable) chunk(c int) ([]*vec.Vector, int) {
	lo := c * buildChunk
	hi := min(lo+buildChunk, t.n)
	out := make([]*vec.Vector, len(t.keys))
	for i, k := range t.keys {
		out[i] = vec.Slice(k, lo, hi)
	}
	return out, hi - lo
}

// split returns the rows of chunk c by part, and those with a NULL key that
// matches nothing.
func (t *joinTable) split(c int) (parts []vec.Selection, nulls vec.Selection) {
	keys, n := t.chunk(c)
	sel := vec.Selection(nil)
	if !t.equal {
		sel, nulls = withoutNulls(keys, n, nil)
	}
	return splitRows(keys, n, sel, len(t.parts), nil), nulls
}

// withoutNulls divides the selected rows into those without a NULL in cols and
// those with one.
func withoutNulls(cols []*vec.Vector, n int, sel vec.Selection) (without, with vec.Selection) {
	any := false
	for _, v := range cols {
		any = any || v.Nulls != nil
	}
	if !any {
		return sel, nil
	}
	without = vec.Selection{}
next:
	for k := range sel.Count(n) {
		i := rowAt(sel, k)
		for _, v := range cols {
			if v.IsNull(i) {
				with = append(with, uint32(i))
				continue next
			}
		}
		without = append(without, uint32(i))
	}
	return without, with
}

// splitRows divides the selected rows into parts by the hash of their keys. The
// result reuses dst.
func splitRows(keys []*vec.Vector, n int, sel vec.Selection, parts int, dst []vec.Selection) []vec.Selection {
	if len(dst) != parts {
		dst = make([]vec.Selection, parts)
	}
	if parts == 1 {
		dst[0] = sel
		return dst
	}
	for p := range dst {
		if dst[p] = dst[p][:0]; dst[p] == nil {
			dst[p] = vec.Selection{}
		}
	}
	hashes := vec.HashColumns(keys, sel, n, nil)
	for k := range sel.Count(n) {
		i := rowAt(sel, k)
		p := hashes[i] >> 32 & uint64(parts-1)
		dst[p] = append(dst[p], uint32(i))
	}
	return dst
}

// link chains the rows of part number at.
func (t *joinTable) link(ctx context.Context, p *joinPart, at int, split [][]vec.Selection) error {
	cursor := p.index.cursor()
	var slots []uint32
	for c := range split {
		if err := alive(ctx); err != nil {
			return err
		}
		keys, n := t.chunk(c)
		sel := split[c][at]
		var err error
		if slots, err = cursor.insert(keys, n, sel, slots); err != nil {
			return err
		}
		if t.nolink {
			continue
		}
		if p.heads, err = extend(&p.mem, p.heads, p.index.len()); err != nil {
			return err
		}
		for k, s := range slots {
			row := c*buildChunk + rowAt(sel, k)
			if p.heads[s] != 0 {
				p.many = true
			}
			t.next[row] = p.heads[s]
			p.heads[s] = uint32(row) + 1
		}
	}
	return nil
}

func (t *joinTable) release() {
	for _, p := range t.parts {
		p.index.release()
		p.mem.free()
	}
	t.mem.free()
}

// finder looks keys up in a table for one goroutine.
type finder struct {
	t       *joinTable
	cursors []*keyCursor
	split   []vec.Selection
	slots   []uint32
	byRow   []uint32
	words   []uint64
}

func (t *joinTable) finder() *finder {
	f := &finder{t: t}
	for _, p := range t.parts {
		f.cursors = append(f.cursors, p.index.cursor())
	}
	return f
}

// first returns, by row, the first row of the chain of each selected row's key,
// plus 1, or 0. Without chains, 1 stands for a key that is there.
func (f *finder) first(keys []*vec.Vector, n int, sel vec.Selection) ([]uint32, error) {
	f.byRow = scratch(f.byRow, n)
	if d := f.t.dense; d != nil {
		f.words = scratch(f.words, sel.Count(n))
		packColumn(f.words, 1, keys[0], len(f.words), sel)
		d.find(f.words, sel, f.byRow)
		return f.byRow, nil
	}
	f.split = splitRows(keys, n, sel, len(f.cursors), f.split)
	for p, c := range f.cursors {
		rows := f.split[p]
		if rows != nil && len(rows) == 0 {
			continue
		}
		var err error
		if f.slots, err = c.find(keys, n, rows, f.slots); err != nil {
			return nil, err
		}
		heads := f.t.parts[p].heads
		for k, s := range f.slots {
			i := rowAt(rows, k)
			switch {
			case s == noSlot:
				f.byRow[i] = 0
			case f.t.nolink:
				f.byRow[i] = 1
			default:
				f.byRow[i] = heads[s]
			}
		}
	}
	return f.byRow, nil
}
