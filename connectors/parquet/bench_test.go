package parquet

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	apq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// BenchmarkDecode reads all values of one column, here and with arrow-go.
func BenchmarkDecode(b *testing.B) {
	const rows = 1 << 19
	byName := map[string]kindOf{}
	for _, k := range kinds() {
		byName[k.name] = k
	}
	dict, plain := apq.Encodings.RLEDict, apq.Encodings.Plain
	for _, c := range []struct {
		name     string
		kind     string
		encoding apq.Encoding
		codec    compress.Compression
		distinct int
		nulls    float64
	}{
		{"int64/plain", "int64", plain, compress.Codecs.Uncompressed, 0, 0},
		{"int64/plain/nulls", "int64", plain, compress.Codecs.Uncompressed, 0, 0.1},
		{"int64/plain/snappy", "int64", plain, compress.Codecs.Snappy, 0, 0},
		{"int64/plain/zstd", "int64", plain, compress.Codecs.Zstd, 0, 0},
		{"int64/delta", "int64", apq.Encodings.DeltaBinaryPacked, compress.Codecs.Uncompressed, 0, 0},
		{"int64/dict200", "int64", dict, compress.Codecs.Uncompressed, 200, 0},
		{"int64/dict200/nulls", "int64", dict, compress.Codecs.Uncompressed, 200, 0.1},
		{"int64/dict5000", "int64", dict, compress.Codecs.Uncompressed, 5000, 0},
		{"int32/plain", "int32", plain, compress.Codecs.Uncompressed, 0, 0},
		{"bool/plain", "bool", plain, compress.Codecs.Uncompressed, 0, 0},
		{"decimal/fixed", "dec10f", plain, compress.Codecs.Uncompressed, 0, 0},
		{"string/plain", "string", plain, compress.Codecs.Uncompressed, 0, 0},
		{"string/plain/nulls", "string", plain, compress.Codecs.Uncompressed, 0, 0.1},
		{"string/plain/snappy", "string", plain, compress.Codecs.Snappy, 0, 0},
		{"string/dict200", "string", dict, compress.Codecs.Uncompressed, 200, 0},
		{"string/delta", "string", apq.Encodings.DeltaByteArray, compress.Codecs.Uncompressed, 0, 0},
	} {
		rnd := rand.New(rand.NewPCG(1, 8))
		l := layout{codec: c.codec, rows: rows, groups: 1, page: 1 << 20, dict: 1 << 20, nulls: c.nulls, distinct: c.distinct}
		data := generate(b, rnd, l, []kindOf{byName[c.kind]}, func(kindOf) apq.Encoding { return c.encoding })
		perValue := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
			b.ReportMetric(0, "ns/op")
		}
		b.Run(c.name+"/meshql", func(b *testing.B) {
			f, err := openBytes(data)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				benchRead(b, f)
			}
			perValue(b)
		})
		b.Run(c.name+"/arrow", func(b *testing.B) {
			r, err := file.NewParquetReader(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			for b.Loop() {
				benchArrow(b, r)
			}
			perValue(b)
		})
	}
}

func benchRead(b *testing.B, f *File) {
	ctx := context.Background()
	r, err := f.Read(ctx, 0, []int{0}, ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for {
		batch, err := r.Next(ctx)
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
		if _, err := batch.Col(ctx, 0); err != nil {
			b.Fatal(err)
		}
	}
}

var (
	arrowBools  [4096]bool
	arrowInt32s [4096]int32
	arrowInt64s [4096]int64
	arrowBytes  [4096]apq.ByteArray
	arrowFixed  [4096]apq.FixedLenByteArray
	arrowLevels [4096]int16
)

func benchArrow(b *testing.B, r *file.Reader) {
	c, err := r.RowGroup(0).Column(0)
	if err != nil {
		b.Fatal(err)
	}
	for c.HasNext() {
		var err error
		switch c := c.(type) {
		case *file.BooleanColumnChunkReader:
			_, _, err = c.ReadBatch(4096, arrowBools[:], arrowLevels[:], nil)
		case *file.Int32ColumnChunkReader:
			_, _, err = c.ReadBatch(4096, arrowInt32s[:], arrowLevels[:], nil)
		case *file.Int64ColumnChunkReader:
			_, _, err = c.ReadBatch(4096, arrowInt64s[:], arrowLevels[:], nil)
		case *file.ByteArrayColumnChunkReader:
			_, _, err = c.ReadBatch(4096, arrowBytes[:], arrowLevels[:], nil)
		case *file.FixedLenByteArrayColumnChunkReader:
			_, _, err = c.ReadBatch(4096, arrowFixed[:], arrowLevels[:], nil)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
