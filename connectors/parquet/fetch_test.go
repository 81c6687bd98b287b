package parquet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqltype"
)

// slowStore lets the first reads through, then blocks each until its context
// ends or fails it.
type slowStore struct {
	byteStore
	free    atomic.Int64
	running atomic.Int64
	fail    error
}

func (s *slowStore) ReadAt(ctx context.Context, o objstore.Object, p []byte, off int64) error {
	s.running.Add(1)
	defer s.running.Add(-1)
	if s.free.Add(-1) < 0 {
		if s.fail != nil {
			return s.fail
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return s.byteStore.ReadAt(ctx, o, p, off)
}

func openSlow(t *testing.T, free int64) (*File, *slowStore) {
	t.Helper()
	data, _ := indexedFile(t, rand.New(rand.NewPCG(1, 10)), 5000)
	s := &slowStore{byteStore: byteStore{data: data}}
	s.free.Store(free)
	f, err := Open(context.Background(), s, objstore.Object{Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

func TestCloseAwaitsReads(t *testing.T) {
	f, s := openSlow(t, 1)
	budget := &vec.Budget{}
	r, err := f.Read(context.Background(), 0, []int{0, 1}, ReadOptions{Budget: budget})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.running.Load(); n != 0 || budget.Used() != 0 {
		t.Fatalf("%d reads are running and %d bytes charged", n, budget.Used())
	}
	if _, err := r.Next(context.Background()); err == nil || err == io.EOF {
		t.Fatal("a closed reader goes on")
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	f, s := openSlow(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	r, err := f.Read(ctx, 0, []int{0}, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		for s.running.Load() == 0 {
			runtime.Gosched()
		}
		cancel()
	}()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestStoreFails(t *testing.T) {
	f, s := openSlow(t, 1)
	s.fail = objstore.ErrChanged
	if _, err := readColumns(f, []int{0, 3}, ReadOptions{}, allRows); !errors.Is(err, objstore.ErrChanged) {
		t.Fatal(err)
	}
	s.free.Store(0)
	if _, err := Open(context.Background(), s, f.Object()); !errors.Is(err, objstore.ErrChanged) {
		t.Fatal(err)
	}
}

func TestCoalesce(t *testing.T) {
	const m = 1 << 20
	for _, c := range []struct{ in, want []span }{
		{nil, nil},
		{[]span{{5, 0}}, nil},
		{[]span{{10, 5}, {0, 5}}, []span{{0, 15}}},
		{[]span{{0, 5}, {5 + m, 5}}, []span{{0, 5}, {5 + m, 5}}},
		{[]span{{0, 5}, {4 + m, 5}}, []span{{0, m + 9}}},
		{[]span{{0, 50}, {10, 5}}, []span{{0, 50}}},
	} {
		if got := coalesce(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.in, got, c.want)
		}
	}
}

// TestLazy makes a column that cannot be decompressed: reading fails only when a
// row of it is wanted.
func TestLazy(t *testing.T) {
	n := 20000
	b := vec.NewBuilder(vec.Bytes)
	for i := range n {
		if err := b.Append(string(rune('a'+i%26)) + "some text"); err != nil {
			t.Fatal(err)
		}
	}
	text := b.Build()
	var buf bytes.Buffer
	columns := []WriteColumn{{"a", mysqltype.Type{ID: mysqltype.BigInt}}, {"b", mysqltype.Type{ID: mysqltype.Text, NotNull: true}}}
	if err := Write(t.Context(), &buf, columns, []*vec.Batch{vec.NewBatch(n, vec.NewConstant(vec.I64, int64(1), n), text)}, WriteOptions{PageBytes: 1000}); err != nil {
		t.Fatal(err)
	}
	f, err := openBytes(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	f.chunks[0][1].codec = codecGzip // no page can be decompressed
	read := func(sel vec.Selection) error {
		r, err := f.Read(t.Context(), 0, []int{0, 1}, ReadOptions{})
		if err != nil {
			return err
		}
		defer r.Close()
		for {
			b, err := r.Next(t.Context())
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := b.Col(t.Context(), 0); err != nil {
				return err
			}
			if b.Sel = sel; sel == nil || len(sel) > 0 {
				if _, err := b.Col(t.Context(), 1); err != nil {
					return err
				}
			}
		}
	}
	if err := read(vec.Selection{}); err != nil {
		t.Fatalf("a column that nobody asked for: %v", err)
	}
	if err := read(nil); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a damaged column: %v", err)
	}
}
