package parquet

// Page types of the format.
const (
	pageData       = 0
	pageIndex      = 1
	pageDictionary = 2
	pageDataV2     = 3
)

// Encodings of the format.
const (
	encPlain           = 0
	encPlainDictionary = 2
	encRLE             = 3
	encBitPacked       = 4
	encDeltaBinary     = 5
	encDeltaLength     = 6
	encDeltaBytes      = 7
	encRLEDictionary   = 8
	encByteStreamSplit = 9
)

// maxPageBytes is the most that a page may decompress or decode to.
const maxPageBytes = 64 << 20

// pageHeader is what is used of a page's header.
type pageHeader struct {
	kind         int32
	uncompressed int
	compressed   int
	crc          uint32
	hasCRC       bool
	values       int
	encoding     int32
	levels       int32 // encoding of definition levels, in pages of version 1
	defBytes     int   // of version 2
	repBytes     int
	plainBody    bool // of version 2: the values are not compressed
}

// readPageHeader decodes the header at the start of b and returns its length.
func readPageHeader(b []byte) (h pageHeader, n int, err error) {
	r := &thriftReader{b: b}
	var sizes, details bool
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		switch {
		case id == 1 && t == thriftI32:
			h.kind = r.int32()
		case id == 2 && t == thriftI32:
			h.uncompressed = int(r.int32())
			sizes = true
		case id == 3 && t == thriftI32:
			h.compressed = int(r.int32())
		case id == 4 && t == thriftI32:
			h.crc, h.hasCRC = uint32(r.int32()), true
		case (id == 5 || id == 7 || id == 8) && t == thriftStruct:
			details = true
			r.pageDetails(&h, id == 8)
		default:
			r.skip(t, 0)
		}
	}
	if r.bad || !sizes || !details && h.kind != pageIndex {
		return h, 0, corrupt("a page header cannot be decoded")
	}
	switch h.kind {
	case pageData, pageIndex, pageDictionary, pageDataV2:
	default:
		return h, 0, corrupt("unknown type of page")
	}
	if h.uncompressed < 0 || h.compressed < 0 || h.values < 0 || h.defBytes < 0 || h.repBytes < 0 {
		return h, 0, corrupt("a page header has a negative size")
	}
	if h.uncompressed > maxPageBytes {
		return h, 0, tooLarge("a page has more than %d bytes", maxPageBytes)
	}
	if h.kind == pageDataV2 && (h.defBytes+h.repBytes > h.compressed || h.defBytes+h.repBytes > h.uncompressed) {
		return h, 0, corrupt("the levels of a page are longer than the page")
	}
	return h, r.p, nil
}

// pageDetails reads the part of a header that belongs to the page's type.
func (r *thriftReader) pageDetails(h *pageHeader, v2 bool) {
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		switch {
		case id == 1 && t == thriftI32:
			h.values = int(r.int32())
		case id == 2 && t == thriftI32 && !v2, id == 4 && t == thriftI32 && v2:
			h.encoding = r.int32()
		case id == 3 && t == thriftI32 && !v2:
			h.levels = r.int32()
		case id == 5 && t == thriftI32 && v2:
			h.defBytes = int(r.int32())
		case id == 6 && t == thriftI32 && v2:
			h.repBytes = int(r.int32())
		case id == 7 && v2:
			h.plainBody = t == thriftFalse
			if t != thriftFalse && t != thriftTrue {
				r.fail()
			}
		default:
			r.skip(t, 1)
		}
	}
}
