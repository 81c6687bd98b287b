package parquet

import (
	"context"

	"github.com/meshql/meshql/engine/vec"
)

// decode makes c.vec the rows [base, base+n) of the row group.
func (c *chunk) decode(ctx context.Context, base int64, n int, sel vec.Selection) error {
	c.vec = vec.Vector{Kind: c.leaf.typ.Kind(), N: n}
	if c.lane == nil {
		c.vec = *vec.NewConstant(c.vec.Kind, nil, n)
		return nil
	}
	for c.pages[c.cur].end() <= base {
		c.cur++
		c.open = false
	}
	coded := c.dict != nil && c.dict.Values.N > 0
	last := c.cur
	for i := c.cur; i < len(c.pages) && c.pages[i].row < base+int64(n); i++ {
		coded = coded && c.pages[i].coded()
		last = i
	}
	if last == c.cur && !coded && (sel == nil || len(sel) > 0) {
		if done, err := c.decodeWhole(ctx, base, n); done || err != nil {
			return err
		}
	}
	if !coded {
		if err := c.lane.begin(n); err != nil {
			return err
		}
	} else if err := c.beginCodes(n); err != nil {
		return err
	}
	for at := 0; at < n; {
		if c.pages[c.cur].end() <= base+int64(at) {
			c.cur++
			c.open = false
		}
		k := int(min(int64(n-at), c.pages[c.cur].end()-base-int64(at)))
		if selects(sel, at, at+k) {
			if err := c.decodeRun(ctx, base, at, k, coded); err != nil {
				return err
			}
		} else if !coded {
			c.lane.blank(at, k)
		} else {
			c.blankCodes(at, k)
		}
		at += k
	}
	if !coded {
		c.lane.finish(&c.vec)
		return nil
	}
	c.finishCodes(n)
	return nil
}

// selects reports whether sel has a row in [from, to).
func selects(sel vec.Selection, from, to int) bool {
	if sel == nil {
		return true
	}
	lo, hi := 0, len(sel)
	for lo < hi {
		if mid := (lo + hi) / 2; int(sel[mid]) < from {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(sel) && int(sel[lo]) < to
}

// decodeWhole aliases a batch that lies within the current page, if its values
// need not move.
func (c *chunk) decodeWhole(ctx context.Context, base int64, n int) (bool, error) {
	if err := c.seek(ctx, base); err != nil {
		return false, err
	}
	if c.page.valid != nil && countBits(c.page.valid, c.page.row, c.page.row+n) < n {
		return false, nil
	}
	if !c.lane.alias(&c.vec, &c.page.dense, c.page.value, n) {
		return false, nil
	}
	c.page.row += n
	c.page.value += n
	return true, nil
}

// seek opens the current page and goes to a row in it.
func (c *chunk) seek(ctx context.Context, row int64) error {
	if !c.open {
		if err := c.openPage(ctx); err != nil {
			return err
		}
	}
	p := &c.page
	skip := int(row-c.pages[c.cur].row) - p.row
	if skip < 0 {
		return corrupt("pages overlap")
	}
	values := skip
	if p.valid != nil {
		values = countBits(p.valid, p.row, p.row+skip)
	}
	p.row += skip
	p.value += values
	if c.pages[c.cur].coded() {
		return p.codes.skip(values)
	}
	return nil
}

// decodeRun decodes n rows of the current page to the rows of the batch from at.
func (c *chunk) decodeRun(ctx context.Context, base int64, at, n int, coded bool) error {
	if err := c.seek(ctx, base+int64(at)); err != nil {
		return err
	}
	p := &c.page
	values := n
	if p.valid != nil {
		values = countBits(p.valid, p.row, p.row+n)
	}
	var err error
	switch {
	case coded:
		err = c.readCodes(at, n, values)
	case c.pages[c.cur].coded():
		err = c.gather(at, values)
	default:
		err = c.lane.put(&p.dense, p.value, values, at)
	}
	if err != nil {
		return err
	}
	if values < n {
		if !coded {
			c.lane.spread(at, values, p.valid, p.row, n)
		}
		if err := c.markNulls(at, n); err != nil {
			return err
		}
	}
	p.row += n
	p.value += values
	return nil
}

// gather decodes codes and puts the values that they stand for.
func (c *chunk) gather(at, n int) error {
	if n == 0 {
		return nil
	}
	if err := c.wide.grow(c.mem, n*4); err != nil {
		return err
	}
	codes := viewOf[uint32](c.wide.s, n)
	if err := readCodes(&c.page.codes, codes, uint32(c.dict.Values.N)); err != nil {
		return err
	}
	return c.lane.gather(c.dict.Values, codes, at)
}

// markNulls notes the NULLs of n rows of the page in the batch's rows from at.
func (c *chunk) markNulls(at, n int) error {
	if c.vec.Nulls == nil {
		words := (c.vec.N + 63) / 64
		if err := c.nulls.grow(c.mem, words*8); err != nil {
			return err
		}
		c.vec.Nulls = viewOf[uint64](c.nulls.s, words)
		clear(c.vec.Nulls)
	}
	for i := 0; i < n; i += 64 {
		k := min(64, n-i)
		x := ^wordAt(c.page.valid, c.page.row+i)
		if k < 64 {
			x &= 1<<uint(k) - 1
		}
		word, shift := (at+i)>>6, uint(at+i)&63
		c.vec.Nulls[word] |= x << shift
		if rest := x >> (63 - shift) >> 1; rest != 0 {
			c.vec.Nulls[word+1] |= rest
		}
	}
	return nil
}

// wordAt returns 64 bits of b from bit i on; bits beyond b are 0.
func wordAt(b vec.Bitmap, i int) uint64 {
	word, shift := i>>6, uint(i)&63
	x := b[word] >> shift
	if shift != 0 && word+1 < len(b) {
		x |= b[word+1] << (64 - shift)
	}
	return x
}

// codeWidth is the size in bytes of a code into a dictionary of n values.
func codeWidth(n int) int {
	switch {
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	}
	return 4
}

func (c *chunk) beginCodes(n int) error {
	return c.codes.grow(c.mem, n*codeWidth(c.dict.Values.N))
}

// readCodes decodes the codes of n rows, of which the given number are not NULL.
func (c *chunk) readCodes(at, n, values int) error {
	limit := uint32(c.dict.Values.N)
	switch codeWidth(c.dict.Values.N) {
	case 1:
		return readRun(&c.page, viewOf[uint8](c.codes.s, at+n)[at:], values, limit)
	case 2:
		return readRun(&c.page, viewOf[uint16](c.codes.s, at+n)[at:], values, limit)
	}
	return readRun(&c.page, viewOf[uint32](c.codes.s, at+n)[at:], values, limit)
}

// readRun decodes codes to dst, those of NULLs being 0.
func readRun[T uint8 | uint16 | uint32](p *openPage, dst []T, values int, limit uint32) error {
	if err := readCodes(&p.codes, dst[:values], limit); err != nil {
		return err
	}
	if values < len(dst) {
		clear(dst[values:])
		spread(dst, values, p.valid, p.row)
	}
	return nil
}

// blankCodes leaves rows undefined, with codes that are safe.
func (c *chunk) blankCodes(at, n int) {
	w := codeWidth(c.dict.Values.N)
	clear(viewOf[byte](c.codes.s, (at+n)*w)[at*w:])
}

func (c *chunk) finishCodes(n int) {
	v := &c.vec
	v.Form, v.Dict = vec.Dictionary, c.dict
	switch codeWidth(c.dict.Values.N) {
	case 1:
		v.Codes.U8 = viewOf[uint8](c.codes.s, n)
	case 2:
		v.Codes.U16 = viewOf[uint16](c.codes.s, n)
	default:
		v.Codes.U32 = viewOf[uint32](c.codes.s, n)
	}
}
