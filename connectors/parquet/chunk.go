package parquet

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"github.com/meshql/meshql/engine/vec"
)

// chunk decodes a column of a row group. It is a vec.Lazy of its reader's
// current batch and goes forward only.
type chunk struct {
	r    *reader
	leaf *leaf
	meta chunkMeta
	mem  *memory

	parts  []part // where the pages come from; nil once loaded
	pages  []page
	dict   *vec.Dict
	dictOf memory // what the dictionary holds: whoever keeps it outlives the reader

	cur    int // index of the page that is open, or will be
	open   bool
	body   scratch
	values pageDecoder
	page   openPage

	lane  lane
	codes scratch
	wide  scratch // codes of a page whose batch needs values
	nulls scratch
	valid scratch
	vec   vec.Vector
	batch int // number of the batch that vec holds
}

// part is a run of bytes of a chunk that starts with a page header, and the row
// that its first data page starts with.
type part struct {
	span
	row, rows int64
}

// page is a data page of a chunk.
type page struct {
	header pageHeader
	body   []byte
	row    int64 // of the row group
}

func (p *page) end() int64 { return p.row + int64(p.header.values) }

func (p *page) coded() bool {
	return p.header.encoding == encPlainDictionary || p.header.encoding == encRLEDictionary
}

// openPage is the page that is being read.
type openPage struct {
	valid vec.Bitmap // rows that are not NULL; nil: all
	codes hybrid     // if coded
	dense dense      // if not
	row   int        // rows passed
	value int        // values that are not NULL passed
}

// Decode implements vec.Lazy.
func (c *chunk) Decode(ctx context.Context, sel vec.Selection) (v *vec.Vector, err error) {
	if c.r.closed {
		return nil, errClosed
	}
	if c.batch == c.r.batches {
		return &c.vec, nil
	}
	defer quarantine(&err, "a column")
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	if err := c.decode(ctx, c.r.base, c.r.rows, sel); err != nil {
		return nil, err
	}
	c.batch = c.r.batches
	return &c.vec, nil
}

// load waits for the bytes and finds the pages.
func (c *chunk) load(ctx context.Context) error {
	if c.parts == nil {
		return nil
	}
	found := make([][]byte, len(c.parts))
	for i, p := range c.parts {
		b, err := c.r.fetch.bytes(ctx, p.span)
		if err != nil {
			return err
		}
		found[i] = b
	}
	for i, p := range c.parts {
		if err := c.scan(found[i], p); err != nil {
			return err
		}
	}
	c.parts = nil
	return nil
}

const pageCost = 128 // bytes that a page takes in c.pages, with growth

// scan reads the page headers of a part.
func (c *chunk) scan(b []byte, p part) error {
	row, end := p.row, p.row+p.rows
	for len(b) > 0 {
		h, n, err := readPageHeader(b)
		if err != nil {
			return err
		}
		if h.compressed > len(b)-n {
			return corrupt("a page is longer than its column chunk")
		}
		body := b[n : n+h.compressed]
		b = b[n+h.compressed:]
		switch h.kind {
		case pageIndex:
		case pageDictionary:
			if c.dict != nil || len(c.pages) > 0 {
				return corrupt("a column chunk has a dictionary in the wrong place")
			}
			if err := c.readDictionary(h, body); err != nil {
				return err
			}
		default:
			if int64(h.values) > end-row {
				return errRows()
			}
			if h.values == 0 {
				continue
			}
			if err := c.mem.reserve(pageCost); err != nil {
				return err
			}
			c.pages = append(c.pages, page{header: h, body: body, row: row})
			row += int64(h.values)
		}
	}
	if row != end {
		return errRows()
	}
	return nil
}

func errRows() error { return corrupt("a column chunk has another number of rows than its row group") }

func (c *chunk) readDictionary(h pageHeader, body []byte) error {
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return unsupported("unknown encoding of a dictionary")
	}
	if c.lane == nil {
		return nil
	}
	src, err := c.inflate(&h, body, func(n int) ([]byte, error) {
		s, err := c.dictOf.get(n)
		if err != nil {
			return nil, err
		}
		return viewOf[byte](s, n), nil
	})
	if err != nil {
		return err
	}
	decoder := pageDecoder{mem: &c.dictOf, phys: c.leaf.phys, width: c.leaf.width}
	d, err := decoder.plain(src, h.values)
	if err != nil {
		return err
	}
	if c.meta.codec == codecNone { // the fetched bytes end with the reader
		if err := c.dictOf.reserve(len(d.data)); err != nil {
			return err
		}
		d.data = append([]byte(nil), d.data...)
	}
	own := c.leaf.newLane(&c.dictOf)
	v, err := own.dictionary(&d)
	if err != nil {
		return err
	}
	c.dict = &vec.Dict{Values: v}
	return nil
}

// inflate checks the page's CRC and decompresses its body, after the levels in
// a page of version 2, into memory of alloc.
func (c *chunk) inflate(h *pageHeader, body []byte, alloc func(int) ([]byte, error)) ([]byte, error) {
	if h.hasCRC && crc32.ChecksumIEEE(body) != h.crc {
		return nil, corrupt("a page does not match its checksum")
	}
	levels := h.defBytes + h.repBytes // zero but in version 2
	body = body[levels:]
	if c.meta.codec == codecNone || h.plainBody {
		if h.compressed != h.uncompressed {
			return nil, corrupt("a page has two sizes")
		}
		return body, nil
	}
	n := h.uncompressed - levels
	if err := c.meta.codec.checkRatio(n, len(body)); err != nil {
		return nil, err
	}
	dst, err := alloc(n)
	if err != nil {
		return nil, err
	}
	return dst, c.meta.codec.decompress(dst, body)
}

// openPage decompresses the current page and takes it apart.
func (c *chunk) openPage(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &c.pages[c.cur]
	h := &p.header
	src, err := c.inflate(h, p.body, func(n int) ([]byte, error) {
		if err := c.body.grow(c.mem, n); err != nil {
			return nil, err
		}
		return viewOf[byte](c.body.s, n), nil
	})
	if err != nil {
		return err
	}
	c.page = openPage{}
	present := h.values
	if !c.leaf.required {
		var levels []byte
		if h.kind == pageDataV2 {
			levels = p.body[h.repBytes : h.repBytes+h.defBytes]
		} else if levels, src, err = c.levels(h, src); err != nil {
			return err
		}
		if present, err = c.readLevels(h, levels); err != nil {
			return err
		}
	}
	if !p.coded() {
		c.page.dense, err = c.values.decode(h.encoding, src, present)
	} else if present > 0 {
		c.page.codes, err = c.newCodes(src)
	}
	c.open = err == nil
	return err
}

// levels cuts the definition levels off a page of version 1.
func (c *chunk) levels(h *pageHeader, src []byte) (levels, rest []byte, err error) {
	var n, at int
	switch h.levels {
	case encRLE:
		if len(src) < 4 {
			return nil, nil, errShort()
		}
		if u := binary.LittleEndian.Uint32(src); uint64(u) <= uint64(len(src)-4) {
			n, at = int(u), 4
		} else {
			return nil, nil, errShort()
		}
	case encBitPacked:
		n = (h.values + 7) / 8
		if n > len(src) {
			return nil, nil, errShort()
		}
	default:
		return nil, nil, unsupported("unknown encoding of levels")
	}
	return src[at : at+n], src[at+n:], nil
}

// readLevels sets c.page.valid from definition levels and returns how many rows
// are not NULL.
func (c *chunk) readLevels(h *pageHeader, levels []byte) (int, error) {
	if u, n := binary.Uvarint(levels); n > 0 && n < len(levels) && h.levels != encBitPacked && u&1 == 0 && u>>1 >= uint64(h.values) && levels[n] == 1 {
		return h.values, nil // one run: no NULL
	}
	words := (h.values + 63) / 64
	if words*8 > maxPageBytes {
		return 0, tooLarge("a page has too many values")
	}
	if err := c.valid.grow(c.mem, words*8); err != nil {
		return 0, err
	}
	valid := vec.Bitmap(viewOf[uint64](c.valid.s, words))
	clear(valid)
	var present int
	if h.kind == pageData && h.levels == encBitPacked { // most significant bit first
		for i := range h.values {
			if bits.Reverse8(levels[i>>3])>>(uint(i)&7)&1 != 0 {
				valid.Set(i)
			}
		}
		present = valid.Count()
	} else {
		var err error
		if present, err = readBits(valid, levels, h.values); err != nil {
			return 0, err
		}
	}
	if present < h.values {
		c.page.valid = valid
	}
	return present, nil
}

func (c *chunk) newCodes(src []byte) (hybrid, error) {
	switch {
	case c.dict == nil:
		return hybrid{}, corrupt("a page needs a dictionary that is not there")
	case len(src) == 0:
		return hybrid{}, errShort()
	case src[0] > 32:
		return hybrid{}, corrupt("codes of more than 32 bits")
	}
	return newHybrid(src[1:], uint(src[0])), nil
}
