package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/objstore/s3test"
)

// TestStore runs what every store must do over each of them.
func TestStore(t *testing.T) {
	open := func(t *testing.T, cfg objstore.S3Config) objstore.Store {
		s, err := objstore.OpenS3(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("file", func(t *testing.T) {
		s, err := objstore.OpenFile(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		testStore(t, s)
	})
	t.Run("fake", func(t *testing.T) { testStore(t, open(t, s3test.NewFake().Config(nil))) })
	t.Run("prefix", func(t *testing.T) {
		f := s3test.NewFake()
		f.PageSize = 2
		f.Set("other/x", nil)
		cfg := f.Config(nil)
		cfg.Prefix = "a/b c/"
		testStore(t, open(t, cfg))
	})
	t.Run("versitygw", func(t *testing.T) { testStore(t, open(t, s3test.Start(t).Domain("checkout").Config())) })
}

func testStore(t *testing.T, s objstore.Store) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(err, class error) {
		t.Helper()
		if !errors.Is(err, class) {
			t.Fatalf("got %v, want %v", err, class)
		}
	}
	none := objstore.Condition{}
	if l, err := s.List(ctx, "", 10); err != nil || len(l) != 0 {
		t.Fatalf("empty store: %v, %v", l, err)
	}
	_, err := s.Stat(ctx, "no")
	is(err, objstore.ErrNotFound)
	_, _, err = s.Get(ctx, "no", 10)
	is(err, objstore.ErrNotFound)
	must(s.Delete(ctx, "no"))

	content := map[string]string{"a": "1", "d/x": "22", "d/y=1 & 2/ü+%.txt": "333", "d.z": "4444", "e/empty": ""}
	for k, v := range content {
		o, err := s.Put(ctx, k, []byte(v), none)
		must(err)
		now, err := s.Stat(ctx, k)
		must(err)
		if now.ETag != o.ETag || now.ETag == "" || now.Size != int64(len(v)) || o.Size != now.Size || now.Key != k {
			t.Fatalf("put gave %+v, stat %+v", o, now)
		}
		data, got, err := s.Get(ctx, k, 100)
		must(err)
		if string(data) != v || got.ETag != now.ETag {
			t.Fatalf("get %q: %q %+v", k, data, got)
		}
	}
	for prefix, want := range map[string]string{
		"": "a d.z d/x d/y=1 & 2/ü+%.txt e/empty", "d": "d.z d/x d/y=1 & 2/ü+%.txt", "d/": "d/x d/y=1 & 2/ü+%.txt", "d/y": "d/y=1 & 2/ü+%.txt", "nix": "", "a/b/c": "",
	} {
		l, err := s.List(ctx, prefix, 100)
		must(err)
		var keys []string
		for _, o := range l {
			keys = append(keys, o.Key)
			if now, err := s.Stat(ctx, o.Key); err != nil || now.ETag != o.ETag || now.Size != o.Size {
				t.Fatalf("list %+v, stat %+v", o, now)
			}
		}
		if got := strings.Join(keys, " "); got != want {
			t.Fatalf("list %q: %q, want %q", prefix, got, want)
		}
	}
	_, err = s.List(ctx, "", 4)
	is(err, objstore.ErrTooMany)
	_, _, err = s.Get(ctx, "d.z", 3)
	is(err, objstore.ErrTooLarge)

	// Ranges, and what happens to them when the object changes.
	o, err := s.Put(ctx, "r", []byte("0123456789"), none)
	must(err)
	for from := range 11 {
		for to := from; to <= 10; to++ {
			p := make([]byte, to-from)
			must(s.ReadAt(ctx, o, p, int64(from)))
			if string(p) != "0123456789"[from:to] {
				t.Fatalf("%d to %d: %q", from, to, p)
			}
		}
	}
	if s.ReadAt(ctx, o, make([]byte, 2), 9) == nil || s.ReadAt(ctx, o, make([]byte, 1), -1) == nil {
		t.Fatal("read beyond the object")
	}
	newer, err := s.Put(ctx, "r", []byte("9876543210"), none)
	must(err)
	is(s.ReadAt(ctx, o, make([]byte, 3), 0), objstore.ErrChanged)
	must(s.ReadAt(ctx, newer, make([]byte, 3), 0))
	must(s.Delete(ctx, "r"))
	is(s.ReadAt(ctx, newer, make([]byte, 3), 0), objstore.ErrChanged)

	// Conditions.
	o, err = s.Put(ctx, "c", []byte("1"), objstore.Condition{IfNoneMatch: true})
	must(err)
	_, err = s.Put(ctx, "c", []byte("2"), objstore.Condition{IfNoneMatch: true})
	is(err, objstore.ErrPrecondition)
	next, err := s.Put(ctx, "c", []byte("33"), objstore.Condition{IfMatch: o.ETag})
	must(err)
	_, err = s.Put(ctx, "c", []byte("4"), objstore.Condition{IfMatch: o.ETag})
	is(err, objstore.ErrPrecondition)
	_, err = s.Put(ctx, "c-none", []byte("4"), objstore.Condition{IfMatch: o.ETag})
	is(err, objstore.ErrPrecondition)
	if data, _, err := s.Get(ctx, "c", 10); err != nil || string(data) != "33" {
		t.Fatalf("%q, %v", data, err)
	}
	race(t, s, next)

	for _, key := range []string{"", "/a", "../a", "a/../../b", "a/./b", "a\x00b", "a\nb", `a\b`, "a/", strings.Repeat("k", 2000)} {
		_, err := s.Stat(ctx, key)
		is(err, objstore.ErrOutside)
		_, _, err = s.Get(ctx, key, 1)
		is(err, objstore.ErrOutside)
		_, err = s.Put(ctx, key, nil, none)
		is(err, objstore.ErrOutside)
		is(s.Delete(ctx, key), objstore.ErrOutside)
		is(s.ReadAt(ctx, objstore.Object{Key: key, ETag: "e", Size: 9}, make([]byte, 1), 0), objstore.ErrOutside)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.Stat(ended, "a")
	is(err, context.Canceled)
}

// race lets several writers replace one version: one of them wins.
func race(t *testing.T, s objstore.Store, o objstore.Object) {
	t.Helper()
	for _, c := range []struct {
		key  string
		cond objstore.Condition
	}{{o.Key, objstore.Condition{IfMatch: o.ETag}}, {"new/race", objstore.Condition{IfNoneMatch: true}}} {
		var wg sync.WaitGroup
		var won atomic.Int32
		var winner atomic.Value
		for i := range 8 {
			wg.Go(func() {
				data := fmt.Sprintf("writer %d", i)
				_, err := s.Put(t.Context(), c.key, []byte(data), c.cond)
				if err == nil {
					won.Add(1)
					winner.Store(data)
				} else if !errors.Is(err, objstore.ErrPrecondition) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		data, _, err := s.Get(t.Context(), c.key, 100)
		if won.Load() != 1 || err != nil || !bytes.Equal(data, []byte(winner.Load().(string))) {
			t.Errorf("%s: %d writers won, object is %q, %v", c.key, won.Load(), data, err)
		}
	}
}

// TestServerKeepsDomainsApart reads with credentials of another domain, and
// with ones that were revoked.
func TestServerKeepsDomainsApart(t *testing.T) {
	server := s3test.Start(t)
	a, b := server.Domain("checkout"), server.Domain("logistics")
	mine, err := objstore.OpenS3(a.Config())
	if err != nil {
		t.Fatal(err)
	}
	o, err := mine.Put(t.Context(), "x", []byte("1"), objstore.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := a.Config()
	cfg.Credentials = b.Config().Credentials
	theirs, err := objstore.OpenS3(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := theirs.Get(t.Context(), "x", 10); !errors.Is(err, objstore.ErrDenied) {
		t.Errorf("another domain reads: %v", err)
	}
	server.Revoke(a)
	if err := mine.ReadAt(t.Context(), o, make([]byte, 1), 0); !errors.Is(err, objstore.ErrDenied) {
		t.Errorf("a revoked user reads: %v", err)
	}
}
