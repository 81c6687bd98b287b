package parquet

import "context"

const (
	indexWorth   = 128 << 10 // a read of less does not pay for a round trip
	maxIndexSize = 8 << 20
	indexCost    = 256 // bytes that a page takes here, generously
)

// location is where a page stands, from an offset index.
type location struct {
	span
	row int64
}

// prune finds by page indexes the ranges of rows that may satisfy the
// predicates, and has the chunks read only their pages. Where an index is
// missing or makes no sense, more is read.
func (r *reader) prune(ctx context.Context, f *File, group int, predicates []Predicate) error {
	total := f.rowGroups[group].Rows
	chunks := f.chunks[group]
	size := int64(0)
	for _, c := range r.chunks {
		size += c.meta.size
	}
	var useful []*Predicate
	var spans []span
	for i := range predicates {
		p := &predicates[i]
		if p.Column < 0 || p.Column >= len(chunks) {
			continue
		}
		if c := chunks[p.Column]; f.hasIndex(c.columnIndex) && f.hasIndex(c.offsetIndex) {
			useful = append(useful, p)
			spans = append(spans, c.columnIndex, c.offsetIndex)
		}
	}
	if len(useful) == 0 || size < indexWorth || total == 0 {
		return nil
	}
	for _, c := range r.chunks {
		if f.hasIndex(c.meta.offsetIndex) {
			spans = append(spans, c.meta.offsetIndex)
		}
	}
	indexes := memory{budget: r.mem.budget}
	defer indexes.free()
	fetch, err := startFetch(ctx, f.store, f.object, &indexes, spans)
	if err != nil {
		return err
	}
	defer fetch.stop()
	for _, p := range useful {
		locations, err := readLocations(ctx, fetch, &indexes, chunks[p.Column], total)
		if err != nil {
			return err
		}
		b, err := fetch.bytes(ctx, chunks[p.Column].columnIndex)
		if err != nil {
			return err
		}
		r.ranges = intersect(r.ranges, matchingRows(b, p, &f.leaves[p.Column], locations, total))
	}
	if len(r.ranges) == 1 && r.ranges[0] == (rows{0, total}) {
		return nil
	}
	for _, c := range r.chunks {
		if !f.hasIndex(c.meta.offsetIndex) {
			continue
		}
		locations, err := readLocations(ctx, fetch, &indexes, c.meta, total)
		if err != nil {
			return err
		}
		if locations != nil {
			c.parts = partsOf(c.meta, locations, r.ranges, total)
		}
	}
	return nil
}

func (f *File) hasIndex(s span) bool {
	return s.size > 0 && s.size <= maxIndexSize && s.start >= 0 && s.start <= f.object.Size-s.size
}

// readLocations decodes a chunk's offset index; nil if it makes no sense.
func readLocations(ctx context.Context, fetch *fetch, mem *memory, c chunkMeta, total int64) ([]location, error) {
	b, err := fetch.bytes(ctx, c.offsetIndex)
	if err != nil {
		return nil, err
	}
	if err := mem.reserve(len(b) / 4 * indexCost / 4); err != nil { // a page takes some 6 bytes
		return nil, err
	}
	var out []location
	r := &thriftReader{b: b}
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		if id != 1 || t != thriftList {
			r.skip(t, 0)
			continue
		}
		n, element := r.list()
		for range n {
			if r.bad || element != thriftStruct {
				return nil, nil
			}
			out = append(out, r.location())
		}
	}
	if r.bad || len(out) == 0 || out[0].row != 0 {
		return nil, nil
	}
	for i, l := range out {
		if l.size <= 0 || l.start < c.start || l.size > c.start+c.size-l.start || l.row >= total ||
			i > 0 && (l.row <= out[i-1].row || l.start < out[i-1].start+out[i-1].size) {
			return nil, nil
		}
	}
	return out, nil
}

func (r *thriftReader) location() (l location) {
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		switch {
		case id == 1 && t == thriftI64:
			l.start = r.int()
		case id == 2 && t == thriftI32:
			l.size = int64(r.int32())
		case id == 3 && t == thriftI64:
			l.row = r.int()
		default:
			r.skip(t, 1)
		}
	}
	return l
}

// matchingRows returns the rows of the pages that may satisfy p, by the column
// index b.
func matchingRows(b []byte, p *Predicate, l *leaf, pages []location, total int64) []rows {
	all := []rows{{0, total}}
	var nullPages []bool
	var low, high [][]byte
	var nulls []int64
	r := &thriftReader{b: b}
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		if t != thriftList || id > 5 || id == 4 {
			r.skip(t, 0)
			continue
		}
		n, element := r.list()
		if n != len(pages) {
			return all
		}
		for range n {
			switch {
			case r.bad:
				return all
			case id == 1 && (element == thriftTrue || element == thriftFalse):
				nullPages = append(nullPages, r.byte() == thriftTrue)
			case id == 2 && element == thriftBinary:
				low = append(low, r.binary())
			case id == 3 && element == thriftBinary:
				high = append(high, r.binary())
			case id == 5 && element == thriftI64:
				nulls = append(nulls, r.int())
			default:
				return all
			}
		}
	}
	if n := len(pages); r.bad || n == 0 || len(nullPages) != n || len(low) != n || len(high) != n || nulls != nil && len(nulls) != n {
		return all
	}
	var out []rows
	for i, page := range pages {
		end := total
		if i+1 < len(pages) {
			end = pages[i+1].row
		}
		s := ColumnStats{Nulls: -1}
		if nulls != nil {
			s.Nulls = count(&nulls[i], end-page.row)
		}
		if nullPages[i] {
			s.Nulls = end - page.row
		} else {
			s.Min, s.Max = l.bounds(low[i], high[i], nil, nil, l.orderKnown)
		}
		if !s.matches(p, end-page.row) {
			continue
		}
		if k := len(out); k > 0 && out[k-1].end == page.row {
			out[k-1].end = end
		} else {
			out = append(out, rows{page.row, end})
		}
	}
	return out
}

// intersect returns the rows that are in both lists of ascending ranges.
func intersect(a, b []rows) []rows {
	var out []rows
	for len(a) > 0 && len(b) > 0 {
		if both := (rows{max(a[0].start, b[0].start), min(a[0].end, b[0].end)}); both.start < both.end {
			out = append(out, both)
		}
		if a[0].end < b[0].end {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// partsOf returns what to read of a chunk: what stands before its first data
// page, and the pages that the ranges touch.
func partsOf(c chunkMeta, pages []location, ranges []rows, total int64) []part {
	out := []part{}
	if before := pages[0].start - c.start; before > 0 && len(ranges) > 0 {
		out = append(out, part{span: span{c.start, before}})
	}
	for i, p := range pages {
		end := total
		if i+1 < len(pages) {
			end = pages[i+1].row
		}
		for len(ranges) > 0 && ranges[0].end <= p.row {
			ranges = ranges[1:]
		}
		if len(ranges) == 0 || ranges[0].start >= end {
			continue
		}
		if k := len(out); k > 0 && out[k-1].rows > 0 && out[k-1].row+out[k-1].rows == p.row {
			out[k-1].size = p.start + p.size - out[k-1].start
			out[k-1].rows += end - p.row
			continue
		}
		out = append(out, part{span: p.span, row: p.row, rows: end - p.row})
	}
	return out
}
