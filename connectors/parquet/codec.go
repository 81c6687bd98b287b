package parquet

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codec is a compression of the format.
type codec int32

const (
	codecNone   codec = 0
	codecSnappy codec = 1
	codecGzip   codec = 2
	codecLZO    codec = 3
	codecBrotli codec = 4
	codecLZ4    codec = 5 // with Hadoop's framing, undocumented
	codecZstd   codec = 6
	codecLZ4Raw codec = 7
)

// check refuses codecs that are not read.
func (c codec) check() error {
	switch c {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecZstd, codecLZ4Raw:
		return nil
	case codecLZO:
		return unsupported("LZO compression; write the file with ZSTD or SNAPPY")
	case codecLZ4:
		return unsupported("LZ4 compression with Hadoop's framing; write the file with LZ4_RAW, ZSTD or SNAPPY")
	}
	return unsupported("unknown compression")
}

// ratio is the most that a byte of the codec can stand for, generously. zstd
// and brotli have no natural limit; theirs is beyond what pages reach.
func (c codec) ratio() int {
	switch c {
	case codecSnappy:
		return 64
	case codecLZ4Raw:
		return 256
	case codecGzip:
		return 1040
	case codecZstd, codecBrotli:
		return 1 << 16
	case codecNone, codecLZO, codecLZ4:
	}
	return 1
}

// checkRatio refuses a page whose n bytes could not come of the given ones.
func (c codec) checkRatio(n, compressed int) error {
	if n-1024 > compressed*c.ratio() {
		return tooLarge("a page expands too far")
	}
	return nil
}

// decompress fills dst from src; a result of another length is an error.
func (c codec) decompress(dst, src []byte) (err error) {
	if len(dst) == 0 {
		return nil
	}
	defer quarantine(&err, "a compressed page")
	n := 0
	switch c {
	case codecSnappy:
		if n, err = snappy.DecodedLen(src); err == nil && n == len(dst) {
			_, err = snappy.Decode(dst, src)
		}
	case codecLZ4Raw:
		n, err = lz4.UncompressBlock(src, dst)
	case codecZstd:
		n, err = decompressZstd(dst, src)
	case codecGzip:
		n, err = decompressGzip(dst, src)
	case codecBrotli:
		n, err = readExactly(brotli.NewReader(bytes.NewReader(src)), dst)
	case codecNone, codecLZO, codecLZ4:
		return c.check()
	}
	if err != nil || n != len(dst) {
		return corrupt("a page cannot be decompressed")
	}
	return nil
}

// zstdDecoders and gzipReaders are kept since they are costly to make.
var (
	zstdDecoders sync.Pool
	gzipReaders  sync.Pool
)

func decompressZstd(dst, src []byte) (int, error) {
	d, _ := zstdDecoders.Get().(*zstd.Decoder)
	if d == nil {
		var err error
		d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPageBytes))
		if err != nil {
			return 0, err
		}
	}
	out, err := d.DecodeAll(src, dst[:0:len(dst)])
	zstdDecoders.Put(d)
	return len(out), err
}

func decompressGzip(dst, src []byte) (int, error) {
	z, _ := gzipReaders.Get().(*gzip.Reader)
	var err error
	if z == nil {
		z, err = gzip.NewReader(bytes.NewReader(src))
	} else {
		err = z.Reset(bytes.NewReader(src))
	}
	if err != nil {
		return 0, err
	}
	n, err := readExactly(z, dst)
	gzipReaders.Put(z)
	return n, err
}

// readExactly fills dst from r and returns one more than its length if r has more.
func readExactly(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	var one [1]byte
	switch k, err := r.Read(one[:]); {
	case k > 0:
		return n + 1, nil
	case err == io.EOF:
		return n, nil
	default:
		return n, err
	}
}
