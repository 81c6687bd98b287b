package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/meshql/meshql/connectors/objstore"
)

// Caps of a footer.
const (
	maxFooterBytes    = 64 << 20
	maxSchemaElements = 10_000
	maxRowGroups      = 100_000
	maxChunks         = 2_000_000
	maxRowGroupRows   = 1 << 31
)

const (
	tailBytes = 64 << 10 // read at once, in the hope that the footer is in it
	tailFixed = 8        // length and magic at the end
)

// readFooter returns the thrift bytes of the footer of o.
func readFooter(ctx context.Context, store objstore.Store, o objstore.Object) ([]byte, error) {
	if o.Size < tailFixed+4 {
		return nil, corrupt("the file is too short")
	}
	tail := make([]byte, min(o.Size, tailBytes))
	if err := store.ReadAt(ctx, o, tail, o.Size-int64(len(tail))); err != nil {
		return nil, fmt.Errorf("read Parquet footer: %w", err)
	}
	end := tail[len(tail)-tailFixed:]
	switch {
	case bytes.Equal(end[4:], []byte("PARE")):
		return nil, unsupported("the file is encrypted")
	case !bytes.Equal(end[4:], []byte("PAR1")):
		return nil, corrupt("the file does not end as a Parquet file does")
	}
	n := int64(binary.LittleEndian.Uint32(end))
	switch {
	case n > o.Size-tailFixed-4:
		return nil, corrupt("the footer is longer than the file")
	case n > maxFooterBytes:
		return nil, tooLarge("the footer has more than %d bytes", maxFooterBytes)
	case n <= int64(len(tail)-tailFixed):
		return tail[int64(len(tail)-tailFixed)-n : len(tail)-tailFixed], nil
	}
	footer := make([]byte, n)
	if err := store.ReadAt(ctx, o, footer, o.Size-tailFixed-n); err != nil {
		return nil, fmt.Errorf("read Parquet footer: %w", err)
	}
	return footer, nil
}

// parseFooter decodes a footer with arrow-go, after making sure that its
// decoder will allocate little for it and not recurse deeply.
func parseFooter(b []byte) (meta *metadata.FileMetaData, err error) {
	if err := checkFooter(b); err != nil {
		return nil, err
	}
	defer quarantine(&err, "the footer")
	meta, err = metadata.NewFileMetaData(b, nil)
	if err != nil {
		return nil, corrupt("the footer cannot be decoded")
	}
	return meta, nil
}

// checkFooter walks over the footer: it is well-formed and within the caps.
func checkFooter(b []byte) error {
	r := &thriftReader{b: b}
	for id, t := r.field(0); t != thriftStop; id, t = r.field(id) {
		if t == thriftList {
			at := r.p
			n, _ := r.list()
			switch {
			case id == 2 && n > maxSchemaElements:
				return tooLarge("more than %d columns", maxSchemaElements)
			case id == 4 && n > maxRowGroups:
				return tooLarge("more than %d row groups", maxRowGroups)
			}
			r.p = min(r.p, at)
		}
		if id == 8 {
			return unsupported("the file is encrypted")
		}
		r.skip(t, 0)
	}
	switch {
	case r.structs > maxFooterStructs:
		return tooLarge("the footer describes more than %d things", maxFooterStructs)
	case r.bad:
		return corrupt("the footer cannot be decoded")
	}
	return nil
}
