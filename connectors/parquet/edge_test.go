package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// handPage is a page made by hand. Fields that are zero are left out of its
// header, but for sizes and values.
type handPage struct {
	kind     int32
	values   int
	encoding int32
	levels   int32
	body     []byte
	size     int // uncompressed; 0: as body
	crc      uint32
	defBytes int
	plain    bool
}

type fieldWriter struct {
	b    []byte
	last int
}

func (w *fieldWriter) int(id int, x int64) {
	w.b = append(w.b, byte(id-w.last)<<4|thriftI32)
	w.b = binary.AppendVarint(w.b, x)
	w.last = id
}

func (p handPage) bytes() []byte {
	w := &fieldWriter{}
	size := p.size
	if size == 0 {
		size = len(p.body)
	}
	w.int(1, int64(p.kind))
	w.int(2, int64(size))
	w.int(3, int64(len(p.body)))
	if p.crc != 0 {
		w.int(4, int64(int32(p.crc)))
	}
	id := map[int32]int{pageData: 5, pageIndex: 6, pageDictionary: 7, pageDataV2: 8}[p.kind]
	w.b = append(w.b, byte(id-w.last)<<4|thriftStruct)
	d := &fieldWriter{}
	d.int(1, int64(p.values))
	if p.kind == pageDataV2 {
		d.int(2, 0)
		d.int(3, int64(p.values))
		d.int(4, int64(p.encoding))
		d.int(5, int64(p.defBytes))
		d.int(6, 0)
		if p.plain {
			d.b = append(d.b, 1<<4|thriftFalse)
		}
	} else {
		d.int(2, int64(p.encoding))
		if p.kind == pageData {
			d.int(3, int64(p.levels))
			d.int(4, encRLE)
		}
	}
	w.b = append(append(w.b, d.b...), 0, 0)
	return append(w.b, p.body...)
}

// handFile is a file of one row group and one BIGINT or LONGTEXT column.
func handFile(phys physical, required bool, c codec, rows int64, pages ...handPage) *File {
	var data []byte
	for _, p := range pages {
		data = append(data, p.bytes()...)
	}
	l := leaf{phys: phys, width: phys.width(0), required: required}
	if phys == physI64 {
		l.integer(64, true)
	} else {
		l.bytes(mysqltype.Type{ID: mysqltype.Text})
	}
	return &File{
		store: &byteStore{data: data}, object: objstore.Object{Size: int64(len(data))},
		columns: []Column{{Name: "a", Type: l.typ, Required: required}}, leaves: []leaf{l},
		rowGroups: []RowGroup{{Rows: rows, Columns: []ColumnStats{{Bytes: int64(len(data))}}}},
		chunks:    [][]chunkMeta{{{codec: c, size: int64(len(data))}}},
	}
}

func int64s(values ...int64) []byte {
	var b []byte
	for _, x := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func texts(values ...string) []byte {
	var b []byte
	for _, x := range values {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(x))), x...)
	}
	return b
}

// levels puts a length before run-length encoded levels.
func levels(b ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func TestHandMadePages(t *testing.T) {
	dict := handPage{kind: pageDictionary, values: 3, encoding: encPlain, body: texts("x", "yy", "")}
	crc := func(p handPage) handPage {
		p.crc = crc32.ChecksumIEEE(p.body)
		return p
	}
	for name, c := range map[string]struct {
		f    *File
		want []any
	}{
		"bit-packed levels": {
			handFile(physI64, false, codecNone, 10, handPage{values: 10, levels: encBitPacked, body: join([]byte{0b10100000, 0b01000000}, int64s(1, 2, 3))}),
			[]any{int64(1), nil, int64(2), nil, nil, nil, nil, nil, nil, int64(3)},
		},
		"empty pages and an index page": {
			handFile(physI64, true, codecNone, 2, handPage{}, handPage{values: 1, body: int64s(5)}, handPage{kind: pageIndex, body: []byte("?")}, handPage{}, handPage{values: 1, body: int64s(6)}),
			[]any{int64(5), int64(6)},
		},
		"no rows": {handFile(physI64, true, codecNone, 0), nil},
		"codes of no bits": {
			handFile(physBytes, true, codecNone, 3, handPage{kind: pageDictionary, values: 1, body: texts("x")}, handPage{values: 3, encoding: encRLEDictionary, body: []byte{0}}),
			[]any{"x", "x", "x"},
		},
		"codes wider than needed": {
			handFile(physBytes, true, codecNone, 3, dict, handPage{values: 3, encoding: encPlainDictionary, body: join([]byte{20, 3 << 1, 2, 0, 0})}),
			[]any{"", "", ""},
		},
		"an empty dictionary": {
			handFile(physBytes, false, codecNone, 3, handPage{kind: pageDictionary}, handPage{values: 3, levels: encRLE, encoding: encRLEDictionary, body: levels(3<<1, 0)}),
			[]any{nil, nil, nil},
		},
		"fallback from a dictionary": {
			handFile(physBytes, false, codecNone, 7, dict,
				handPage{values: 3, levels: encRLE, encoding: encRLEDictionary, body: join(levels(3, 0b101), []byte{2, 3, 0b0001})},
				handPage{values: 2, levels: encRLE, body: join(levels(2<<1, 1), texts("plain", "p2"))},
				handPage{values: 2, levels: encRLE, encoding: encRLEDictionary, body: join(levels(2<<1, 1), []byte{2, 2 << 1, 2})}),
			[]any{"yy", nil, "x", "plain", "p2", "", ""},
		},
		"version 2, not compressed": {
			handFile(physI64, false, codecSnappy, 3, crc(handPage{kind: pageDataV2, values: 3, defBytes: 2, plain: true, body: join([]byte{3, 0b110}, int64s(8, 9))})),
			[]any{nil, int64(8), int64(9)},
		},
		"version 2, compressed": {
			handFile(physI64, false, codecSnappy, 3, crc(handPage{kind: pageDataV2, values: 3, defBytes: 2, size: 18, body: join([]byte{3, 0b110}, snappy.Encode(nil, int64s(8, 9)))})),
			[]any{nil, int64(8), int64(9)},
		},
		"version 2, only NULLs": {
			handFile(physI64, false, codecZstd, 3, handPage{kind: pageDataV2, values: 3, defBytes: 2, body: []byte{3 << 1, 0}}),
			[]any{nil, nil, nil},
		},
	} {
		for batch := 1; batch < 12; batch++ {
			got, err := readColumns(c.f, []int{0}, ReadOptions{BatchRows: batch}, allRows)
			if err != nil || !slices.Equal(got[0], c.want) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
			}
		}
	}
}

func TestHandMadeDamage(t *testing.T) {
	dict := handPage{kind: pageDictionary, values: 2, body: texts("x", "yy")}
	one := handPage{values: 1, body: int64s(5)}
	bad := one
	bad.crc = 77
	for name, c := range map[string]struct {
		f    *File
		want error
	}{
		"too few rows":              {handFile(physI64, true, codecNone, 2, one), ErrCorrupt},
		"too many rows":             {handFile(physI64, true, codecNone, 1, handPage{values: 2, body: int64s(5, 6)}), ErrCorrupt},
		"no pages":                  {handFile(physI64, true, codecNone, 5), ErrCorrupt},
		"checksum":                  {handFile(physI64, true, codecNone, 1, bad), ErrCorrupt},
		"short page":                {handFile(physI64, true, codecNone, 2, handPage{values: 2, body: int64s(5)}), ErrCorrupt},
		"two dictionaries":          {handFile(physBytes, true, codecNone, 1, dict, dict), ErrCorrupt},
		"late dictionary":           {handFile(physBytes, true, codecNone, 2, handPage{values: 1, body: texts("a")}, dict), ErrCorrupt},
		"no dictionary":             {handFile(physBytes, true, codecNone, 1, handPage{values: 1, encoding: encRLEDictionary, body: []byte{0}}), ErrCorrupt},
		"code beyond":               {handFile(physBytes, true, codecNone, 1, dict, handPage{values: 1, encoding: encRLEDictionary, body: []byte{2, 1 << 1, 2}}), ErrCorrupt},
		"40-bit codes":              {handFile(physBytes, true, codecNone, 1, dict, handPage{values: 1, encoding: encRLEDictionary, body: []byte{40}}), ErrCorrupt},
		"empty dictionary":          {handFile(physBytes, true, codecNone, 1, handPage{kind: pageDictionary}, handPage{values: 1, encoding: encRLEDictionary, body: []byte{0}}), ErrCorrupt},
		"long string":               {handFile(physBytes, true, codecNone, 1, handPage{values: 1, body: []byte{200, 0, 0, 0, 1}}), ErrCorrupt},
		"negative string":           {handFile(physBytes, true, codecNone, 1, handPage{values: 1, body: []byte{255, 255, 255, 255, 1}}), ErrCorrupt},
		"level of 2":                {handFile(physI64, false, codecNone, 1, handPage{values: 1, levels: encRLE, body: levels(1<<1, 2)}), ErrCorrupt},
		"levels beyond":             {handFile(physI64, false, codecNone, 1, handPage{values: 1, levels: encRLE, body: []byte{9, 0, 0, 0}}), ErrCorrupt},
		"unknown encoding":          {handFile(physI64, true, codecNone, 1, handPage{values: 1, encoding: 33, body: int64s(1)}), ErrUnsupported},
		"encoding of another type":  {handFile(physBytes, true, codecNone, 1, handPage{values: 1, encoding: encDeltaBinary, body: int64s(1)}), ErrCorrupt},
		"unknown encoding of level": {handFile(physI64, false, codecNone, 1, handPage{values: 1, levels: 9, body: int64s(1)}), ErrUnsupported},
		"LZO":                       {handFile(physI64, true, codecLZO, 1, one), ErrUnsupported},
		"LZ4 of Hadoop":             {handFile(physI64, true, codecLZ4, 1, one), ErrUnsupported},
		"unknown codec":             {handFile(physI64, true, 55, 1, one), ErrUnsupported},
		"page of 1 GiB":             {handFile(physI64, true, codecSnappy, 1, handPage{values: 1, size: 1 << 30, body: int64s(1)}), ErrLimit},
		"snappy ratio":              {handFile(physI64, true, codecSnappy, 1, handPage{values: 1, size: 1 << 20, body: int64s(1)}), ErrLimit},
		"two sizes":                 {handFile(physI64, true, codecNone, 1, handPage{values: 1, size: 9, body: int64s(1)}), ErrCorrupt},
		"delta of too many": {handFile(physI64, true, codecNone, maxPageBytes, handPage{values: maxPageBytes, encoding: encDeltaBinary,
			body: binary.AppendUvarint([]byte{128, 1, 1}, maxPageBytes)}), ErrLimit},
	} {
		_, err := readColumns(c.f, []int{0}, ReadOptions{}, allRows)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestBomb reads a page of 64 MiB made of a few KiB under a small budget.
func TestBomb(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = maxPageBytes / 8
	f := handFile(physI64, true, codecZstd, n, handPage{values: n, size: maxPageBytes, body: enc.EncodeAll(make([]byte, maxPageBytes), nil)})
	budget := &vec.Budget{Limit: 1 << 20}
	if _, err := readColumns(f, []int{0}, ReadOptions{Budget: budget}, allRows); !errors.Is(err, vec.ErrBudget) {
		t.Fatalf("under a small budget: %v", err)
	}
	if budget.Peak() > budget.Limit || budget.Used() != 0 {
		t.Fatalf("%d bytes at the peak, %d at the end", budget.Peak(), budget.Used())
	}
}

// TestManyRows reads the start of a page that stands for two billion rows in a
// few bytes, in little memory.
func TestManyRows(t *testing.T) {
	const n = math.MaxInt32
	f := handFile(physBytes, true, codecNone, n, handPage{kind: pageDictionary, values: 1, body: texts("x")},
		handPage{values: n, encoding: encRLEDictionary, body: append(binary.AppendUvarint([]byte{1}, n<<1), 0)})
	budget := &vec.Budget{Limit: 1 << 20}
	ctx := context.Background()
	r, err := f.Read(ctx, 0, []int{0}, ReadOptions{Budget: budget})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 10 {
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := b.Col(ctx, 0); err != nil || v.Value(b.N-1) != "x" {
			t.Fatal(err)
		}
	}
}

// TestCountsArePages reads no column: the rows are counted by pages, and a
// footer that says otherwise is refused.
func TestCountsArePages(t *testing.T) {
	page := handPage{values: 3, body: int64s(1, 2, 3)}
	count := func(f *File) (n int, err error) {
		ctx := context.Background()
		r, err := f.Read(ctx, 0, nil, ReadOptions{BatchRows: 2})
		if err != nil {
			return 0, err
		}
		defer r.Close()
		for {
			b, err := r.Next(ctx)
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			n += b.N
		}
	}
	if n, err := count(handFile(physI64, true, codecNone, 6, page, page)); n != 6 || err != nil {
		t.Fatal(n, err)
	}
	for _, lie := range []int64{0, 1, 3, 7, maxRowGroupRows} {
		n, err := count(handFile(physI64, true, codecNone, lie, page, page))
		if lie > 0 && !errors.Is(err, ErrCorrupt) || n > 0 {
			t.Errorf("%d rows for 6: %d, %v", lie, n, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	var good bytes.Buffer
	if err := Write(context.Background(), &good, []WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}},
		[]*vec.Batch{vec.NewBatch(1, vec.NewConstant(vec.I64, int64(1), 1))}, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	tail := func(n uint32, magic string) []byte {
		b := bytes.Clone(good.Bytes())
		binary.LittleEndian.PutUint32(b[len(b)-8:], n)
		copy(b[len(b)-4:], magic)
		return b
	}
	deep := append(bytes.Repeat([]byte{0x1c}, 1<<16), make([]byte, 1<<16)...)
	wide := binary.AppendUvarint([]byte{0x15, 2, 0x19, 0xfc}, 1<<20)
	wrap := func(footer []byte) []byte {
		b := append([]byte("PAR1"), footer...)
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(footer))), "PAR1"...)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                    {nil, ErrCorrupt},
		"11 bytes":                 {[]byte("PAR1PAR1PAR"), ErrCorrupt},
		"no magic":                 {tail(10, "PAR2"), ErrCorrupt},
		"encrypted":                {tail(10, "PARE"), ErrUnsupported},
		"footer beyond the file":   {tail(1<<20, "PAR1"), ErrCorrupt},
		"footer of nothing":        {tail(0, "PAR1"), ErrCorrupt},
		"footer of zeros":          {wrap(make([]byte, 100)), ErrCorrupt},
		"deep":                     {wrap(deep), ErrCorrupt},
		"a million columns":        {wrap(append(wide, make([]byte, 1<<20)...)), ErrLimit},
		"signed with a key, field": {wrap([]byte{0x8c, 0, 0}), ErrUnsupported},
	} {
		if _, err := openBytes(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
