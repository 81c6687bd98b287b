package exec

import (
	"context"
	"math"

	"github.com/meshql/meshql/engine/vec"
)

// denseKeys maps integer keys that lie close together to the chains of a join's
// table by an array instead of a hash. Its bounds come from the rows themselves.
type denseKeys struct {
	least uint64
	heads []uint32 // by key-least: the last row of the key, plus 1
}

// find writes, by row, the chains of keys, which are those of the selected rows.
func (d *denseKeys) find(keys []uint64, sel vec.Selection, byRow []uint32) {
	least, heads := d.least, d.heads
	if sel == nil {
		for i, w := range keys {
			if at := w - least; at < uint64(len(heads)) {
				byRow[i] = heads[at]
			} else {
				byRow[i] = 0
			}
		}
		return
	}
	for k, i := range sel {
		if at := keys[k] - least; at < uint64(len(heads)) {
			byRow[i] = heads[at]
		} else {
			byRow[i] = 0
		}
	}
}

// indexDense makes the chains if the key is one column of signed integers whose
// range is not much wider than they are many, and reports whether it did.
func (t *joinTable) indexDense(ctx context.Context) (bool, error) {
	if len(t.keys) != 1 || t.equal || t.keys[0].Kind != vec.I64 && t.keys[0].Kind != vec.I32 {
		return false, nil
	}
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	err := t.eachKeys(ctx, func(_ int, keys []uint64, nulls *vec.Vector) {
		for i, w := range keys {
			if nulls == nil || !nulls.IsNull(i) {
				least, most = min(least, int64(w)), max(most, int64(w))
			}
		}
	})
	width := uint64(most) - uint64(least)
	if err != nil || least > most || width >= uint64(8*t.n+1024) {
		return false, err
	}
	d := &denseKeys{least: uint64(least)}
	if d.heads, err = extend(&t.mem, d.heads, int(width)+1); err != nil {
		return false, err
	}
	many := false
	err = t.eachKeys(ctx, func(base int, keys []uint64, nulls *vec.Vector) {
		for i, w := range keys {
			if nulls != nil && nulls.IsNull(i) {
				continue
			}
			head := &d.heads[w-d.least]
			many = many || *head != 0
			if !t.nolink {
				t.next[base+i] = *head
			}
			*head = uint32(base+i) + 1
		}
	})
	if err != nil {
		return false, err
	}
	if !many {
		t.dropNext()
	}
	t.dense = d
	return true, t.keepNulls()
}

// eachKeys calls f with the keys, one integer a row, of runs of rows: the number
// of the first row, the keys, and a vector that says which are NULL, or nil.
func (t *joinTable) eachKeys(ctx context.Context, f func(base int, keys []uint64, nulls *vec.Vector)) error {
	var words []uint64
	for c := 0; c*buildChunk < t.n; c++ {
		if err := alive(ctx); err != nil {
			return err
		}
		keys, n := t.chunk(c)
		words = scratch(words, n)
		packColumn(words, 1, keys[0], n, nil)
		nulls := keys[0]
		if nulls.Nulls == nil {
			nulls = nil
		}
		f(c*buildChunk, words, nulls)
	}
	return nil
}

// keepNulls collects the rows whose key is NULL.
func (t *joinTable) keepNulls() error {
	if t.keys[0].Nulls == nil {
		return nil
	}
	if err := t.mem.reserve(int64(t.keys[0].Nulls.Count()) * 4); err != nil {
		return err
	}
	for i := range t.n {
		if t.keys[0].IsNull(i) {
			t.nulls = append(t.nulls, uint32(i))
		}
	}
	return nil
}
