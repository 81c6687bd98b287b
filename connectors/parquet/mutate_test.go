package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	apq "github.com/apache/arrow-go/v18/parquet"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// seedFiles are small files in every type, encoding and codec.
func seedFiles(t testing.TB) [][]byte {
	var out [][]byte
	for seed := range uint64(24) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		l := randomLayout(rnd)
		l.codec, l.v2, l.rows, l.groups, l.index = codecsWritten[0], seed%4 < 2, 1+rnd.IntN(200), 1, seed%3 == 0
		if seed%2 == 0 { // bytes of compressed pages mostly make them useless
			l.codec = codecsWritten[seed/2%6]
		}
		all := kinds()
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		out = append(out, generate(t, rnd, l, all[:6], func(k kindOf) apq.Encoding {
			list := encodingsFor(k.phys)
			return list[rnd.IntN(len(list))]
		}))
	}
	var buf bytes.Buffer
	columns := []WriteColumn{{"a", mysqltype.Type{ID: mysqltype.Int}}, {"b", mysqltype.Type{ID: mysqltype.Text}}}
	if err := Write(context.Background(), &buf, columns, []*vec.Batch{
		vec.NewBatch(100, vec.NewConstant(vec.I64, int64(7), 100), vec.NewConstant(vec.Bytes, "seven", 100)),
	}, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return append(out, buf.Bytes())
}

// mutate damages a few places, mostly of the pages.
func mutate(b []byte, rnd *rand.Rand) []byte {
	b = bytes.Clone(b)
	footer := int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	inFooter := rnd.IntN(5) == 0
	for range 1 + rnd.IntN(4) {
		at := 4 + rnd.IntN(len(b)-12-footer)
		if inFooter {
			at = len(b) - 9 - rnd.IntN(footer)
		}
		switch rnd.IntN(7) {
		case 0:
			b[at] ^= 1 << rnd.IntN(8)
		case 1:
			b[at] = byte(rnd.Uint32())
		case 2:
			b[at] = 0xff
		case 3:
			b[at] = 0
		case 4: // a huge varint
			for k := at; k < min(at+4, len(b)-8); k++ {
				b[k] = 0xff
			}
		case 5:
			b[at]++
		case 6:
			copy(b[at:len(b)-8], b[4+rnd.IntN(len(b)-12):][:rnd.IntN(16)%(len(b)-at)%8])
		}
	}
	if rnd.IntN(30) == 0 {
		b = b[:rnd.IntN(len(b))]
	}
	return b
}

// readDamaged reads a file that may be anything, as a query would. It fails the
// test if an error is of no known class or comes of a panic, if an answer cannot
// be looked at, or if memory stays charged. Work is bounded by batches, since
// a few bytes may honestly stand for billions of rows.
func readDamaged(t *testing.T, data []byte, rnd *rand.Rand) error {
	budget := &vec.Budget{Limit: 16 << 10 << rnd.IntN(12)}
	defer func() {
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still charged", budget.Used())
		}
	}()
	f, err := openBytes(data)
	if err != nil {
		return classed(t, err, "the footer cannot be decoded")
	}
	var columns []int
	for i := range min(len(f.Columns()), 50) {
		columns = append(columns, i)
	}
	ctx := context.Background()
	for g := range min(len(f.RowGroups()), 10) {
		opts := ReadOptions{Budget: budget, BatchRows: 1 + rnd.IntN(100)}
		if rnd.IntN(3) == 0 && len(columns) > 0 {
			opts.Predicates = []Predicate{{Column: rnd.IntN(len(columns)), Op: IsNotNull}}
		}
		r, err := f.Read(ctx, g, columns, opts)
		if err != nil {
			return classed(t, err, "")
		}
		defer r.Close()
		for range 50 {
			b, err := r.Next(ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return classed(t, err, "")
			}
			if rnd.IntN(3) == 0 {
				b.Sel = vec.Selection{uint32(rnd.IntN(b.N))}
			}
			for i := range columns {
				v, err := b.Col(ctx, i)
				if err != nil {
					return classed(t, err, "a compressed page cannot be decoded")
				}
				for row := range b.N {
					safeValue(v, row)
				}
			}
		}
		r.Close()
	}
	return nil
}

// classed checks that err is one that this package promises. A panic of a
// library is reported as expected; no other may happen.
func classed(t *testing.T, err error, expected string) error {
	t.Helper()
	for _, class := range []error{ErrCorrupt, ErrUnsupported, ErrLimit, vec.ErrBudget} {
		if errors.Is(err, class) {
			if text := err.Error(); strings.HasSuffix(text, "cannot be decoded") && (expected == "" || !strings.HasSuffix(text, expected)) &&
				!strings.HasSuffix(text, "page header cannot be decoded") {
				t.Fatalf("a panic: %v", err)
			}
			return err
		}
	}
	t.Fatalf("an error of no class: %v", err)
	return nil
}

// TestMutatedFiles reads damaged files; MESHQL_SOAK=1 tries many more.
func TestMutatedFiles(t *testing.T) {
	n := uint64(2000)
	if os.Getenv("MESHQL_SOAK") != "" {
		n = 50_000
	}
	seeds := seedFiles(t)
	refused := 0
	for i := range n {
		rnd := rand.New(rand.NewPCG(i, 4))
		data := mutate(seeds[int(i)%len(seeds)], rnd)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if readDamaged(t, data, rnd) != nil {
				refused++
			}
		})
		if t.Failed() {
			return
		}
	}
	if refused < int(n)/4 {
		t.Fatalf("only %d of %d damaged files were refused", refused, n)
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range seedFiles(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readDamaged(t, data, rand.New(rand.NewPCG(uint64(len(data)), 5)))
	})
}
