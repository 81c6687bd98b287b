package exec

import (
	"context"

	"github.com/meshql/meshql/engine/vec"
)

// maxPairs is how many pairs of rows a join looks at before it checks the
// context and passes on what it has.
const maxPairs = vec.BatchRows

// pairing enumerates pairs of rows of a batch of Left with rows of Right: the
// chains of their keys, a list, or every row.
type pairing struct {
	n    int           // rows of the batch
	rows vec.Selection // of the batch that take part; nil: all
	skip vec.Bitmap    // rows of the batch that need no further pair, or nil

	first []uint32 // by row of the batch: the chain, plus 1; 0: none
	next  []uint32 // by row of Right, plus 1; nil: chains of one row
	list  []uint32 // rows of Right, if first is nil and list is not
	every int      // else all rows of Right, this many

	pos  int    // the position in rows
	at   uint32 // the next row of Right, plus 1 in a chain, else its position
	open bool   // pos has begun

	left, right vec.Selection // the block
}

// found returns the rows that have a chain.
func (p *pairing) found() vec.Selection {
	out := make(vec.Selection, 0, p.rows.Count(p.n))
	for k := range p.rows.Count(p.n) {
		if i := rowAt(p.rows, k); p.first[i] != 0 {
			out = append(out, uint32(i))
		}
	}
	return out
}

// fill makes the next block of pairs and reports whether there is one.
func (p *pairing) fill() bool {
	p.left, p.right = p.left[:0], p.right[:0]
	for n := p.rows.Count(p.n); p.pos < n && len(p.left) < maxPairs; {
		row := rowAt(p.rows, p.pos)
		if p.skip != nil && p.skip.Get(row) {
			p.pos, p.open = p.pos+1, false
			continue
		}
		if p.first != nil {
			p.chain(row)
		} else {
			p.block(row)
		}
	}
	return len(p.left) > 0
}

func (p *pairing) chain(row int) {
	if !p.open {
		p.open, p.at = true, p.first[row]
	}
	for p.at != 0 && len(p.left) < maxPairs {
		p.left = append(p.left, uint32(row))
		p.right = append(p.right, p.at-1)
		if p.next == nil {
			p.at = 0
		} else {
			p.at = p.next[p.at-1]
		}
	}
	if p.at == 0 {
		p.pos, p.open = p.pos+1, false
	}
}

func (p *pairing) block(row int) {
	if !p.open {
		p.open, p.at = true, 0
	}
	total := p.every
	if p.list != nil {
		total = len(p.list)
	}
	end := min(total, int(p.at)+maxPairs-len(p.left))
	for r := int(p.at); r < end; r++ {
		p.left = append(p.left, uint32(row))
		if p.list != nil {
			p.right = append(p.right, p.list[r])
		} else {
			p.right = append(p.right, uint32(r))
		}
	}
	if p.at = uint32(end); end == total {
		p.pos, p.open = p.pos+1, false
	}
}

// unknown returns the rows of l.b for which IN is neither TRUE (these are
// matched) nor FALSE: some row of Right in the list would equal but for NULLs.
func (l *probeLane) unknown(ctx context.Context) (vec.Bitmap, error) {
	t := l.j.table
	out := vec.NewBitmap(l.b.N)
	if len(l.keys) == 0 || t.n == 0 || t.equal {
		return out, nil
	}
	full, null := withoutNulls(l.vals, l.b.N, l.b.Sel)
	if len(l.keys) == 1 && l.on == nil {
		for _, i := range null {
			out.Set(int(i))
		}
		if len(t.nulls) > 0 {
			for k := range full.Count(l.b.N) {
				if i := rowAt(full, k); !l.matched.Get(i) {
					out.Set(i)
				}
			}
		}
		return out, nil
	}
	if len(null) > 0 {
		if err := l.couldEqual(ctx, pairing{n: l.b.N, rows: null, every: t.n}, out); err != nil {
			return nil, err
		}
	}
	if len(t.nulls) > 0 {
		return out, l.couldEqual(ctx, pairing{n: l.b.N, rows: full, list: t.nulls}, out)
	}
	return out, nil
}

// couldEqual sets the rows that have a pair in p with On true whose keys equal
// wherever neither is NULL.
func (l *probeLane) couldEqual(ctx context.Context, p pairing, out vec.Bitmap) error {
	// A row that is matched or known to be unknown needs no further pair.
	p.skip = vec.NewBitmap(l.b.N)
	copy(p.skip, l.matched)
	for p.fill() {
		if err := alive(ctx); err != nil {
			return err
		}
		n := 0
		for k, i := range p.left {
			if l.keysCompatible(int(i), int(p.right[k])) {
				p.left[n], p.right[n] = i, p.right[k]
				n++
			}
		}
		p.left, p.right = p.left[:n], p.right[:n]
		l.pairs.left, l.pairs.right = p.left, p.right
		b := l.pairBatch()
		if l.on != nil && n > 0 {
			var err error
			if b.Sel, err = l.on.Filter(ctx, b); err != nil {
				return err
			}
		}
		for k := range b.Rows() {
			i := int(p.left[rowAt(b.Sel, k)])
			out.Set(i)
			p.skip.Set(i)
		}
	}
	return nil
}

// keysCompatible reports whether the keys of row i of l.b and row r of Right
// are equal wherever neither is NULL.
func (l *probeLane) keysCompatible(i, r int) bool {
	for k, v := range l.vals {
		w := l.j.table.keys[k]
		if !v.IsNull(i) && !w.IsNull(r) && v.Value(i) != w.Value(r) {
			return false
		}
	}
	return true
}
