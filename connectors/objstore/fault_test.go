package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/objstore/s3test"
)

// bench is a fake with one object behind a faulty transport.
type bench struct {
	*testing.T
	fake   *s3test.Fake
	faults *s3test.FaultTransport
	store  objstore.Store
	data   []byte
	object objstore.Object
	log    bytes.Buffer
}

const secretKey = "secret-3ad0"

// faulty runs a test in a bubble, where waiting takes no time.
func faulty(t *testing.T, name string, size int, rules []s3test.Rule, test func(b *bench)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := &bench{T: t, fake: s3test.NewFake(), data: make([]byte, size)}
			for i := range b.data {
				b.data[i] = byte(rand.Uint32())
			}
			b.fake.Set("dir/key-"+s3test.Canary, b.data)
			b.faults = &s3test.FaultTransport{Base: b.fake, Rules: rules, Seed: 1}
			cfg := b.fake.Config(b.faults)
			cfg.Credentials = func(context.Context) (objstore.Secret, error) {
				return objstore.Secret{AccessKeyID: "id", SecretAccessKey: secretKey, SessionToken: secretKey}, nil
			}
			cfg.Logger = slog.New(slog.NewTextHandler(&b.log, nil))
			plain, err := objstore.OpenS3(b.fake.Config(nil))
			if err == nil {
				b.store, err = objstore.OpenS3(cfg)
			}
			if err == nil {
				b.object, err = plain.Stat(t.Context(), "dir/key-"+s3test.Canary)
			}
			if err != nil {
				t.Fatal(err)
			}
			test(b)
		})
	})
}

// read reads the object; whatever happens, bytes are right or there is an error.
func (b *bench) read() error {
	b.Helper()
	p := make([]byte, len(b.data))
	err := b.store.ReadAt(b.Context(), b.object, p, 0)
	if err == nil && !bytes.Equal(p, b.data) {
		b.Fatal("wrong bytes without an error")
	}
	b.check(err)
	return err
}

// check looks for what no error may say.
func (b *bench) check(err error) {
	b.Helper()
	if err == nil {
		return
	}
	for _, secret := range []string{s3test.Canary, secretKey, "s3.test", "dir/", "mesh/"} {
		if strings.Contains(err.Error(), secret) {
			b.Errorf("error tells %q: %v", secret, err)
		}
	}
	slog.New(slog.NewTextHandler(&b.log, nil)).Info("x", "error", errorDetail(err))
	if strings.Contains(b.log.String(), secretKey) {
		b.Errorf("log tells the secret: %s", b.log.String())
	}
}

func errorDetail(err error) *objstore.Error {
	var e *objstore.Error
	errors.As(err, &e)
	return e
}

func want(b *bench, err, class error) {
	b.Helper()
	if !errors.Is(err, class) {
		b.Errorf("got %v, want %v", err, class)
	}
}

func TestPassingFaults(t *testing.T) {
	for name, rule := range map[string]s3test.Rule{
		"F1 slow down":         {Every: 3, Action: s3test.Status, N: 503, Code: "SlowDown"},
		"F1 too many":          {Every: 3, Action: s3test.Status, N: 429},
		"F1 internal error":    {Every: 3, Action: s3test.Status, N: 500, Code: "InternalError"},
		"F4 error as success":  {Every: 3, Action: s3test.Status, N: 200, Code: "InternalError"},
		"F6 too long":          {Every: 3, Action: s3test.Extend, N: 3},
		"F6 another range":     {Every: 3, Action: s3test.SetHeader, Code: "Content-Range: bytes 1-4/5"},
		"F6 compressed":        {Every: 3, Action: s3test.SetHeader, Code: "Content-Encoding: gzip"},
		"F8 reset in the body": {Every: 3, Action: s3test.ResetBody, N: 7},
		"F9 reset":             {Every: 3, Action: s3test.Reset},
		"F10 stall":            {Every: 3, Action: s3test.Stall, N: 5},
		"F11 slow":             {Every: 3, Action: s3test.Delay, N: 3000},
		"F11 no first byte":    {Every: 3, Action: s3test.Delay, N: 3_600_000},
	} {
		faulty(t, name, 100, []s3test.Rule{rule}, func(b *bench) {
			for range 30 {
				if err := b.read(); err != nil {
					b.Fatal(err)
				}
			}
			if n := b.fake.Requests(); n > 30*5 {
				b.Errorf("%d requests", n)
			}
		})
	}
}

// TestTruncation cuts a range at every byte, once and twice (F5).
func TestTruncation(t *testing.T) {
	const size = 257
	for k := range int64(size) {
		faulty(t, fmt.Sprint(k), size, []s3test.Rule{
			{Nth: 1, Action: s3test.Truncate, N: k}, {Nth: 2, Action: s3test.Truncate, N: k / 2},
		}, func(b *bench) {
			if err := b.read(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestLastingFaults(t *testing.T) {
	for name, c := range map[string]struct {
		rule     s3test.Rule
		class    error
		requests int // at most
	}{
		"F2 unavailable":      {s3test.Rule{Action: s3test.Status, N: 503}, objstore.ErrThrottled, 5},
		"F3 body":             {s3test.Rule{Action: s3test.Status, N: 500, Code: "InternalError"}, objstore.ErrUnavailable, 5},
		"F4 error as success": {s3test.Rule{Action: s3test.Status, N: 200}, objstore.ErrCorrupt, 5},
		"F9 reset":            {s3test.Rule{Action: s3test.Reset}, objstore.ErrUnavailable, 5},
		"F10 stall":           {s3test.Rule{Action: s3test.Stall}, objstore.ErrUnavailable, 5},
		"F14 another version": {s3test.Rule{Action: s3test.SwapETag}, objstore.ErrChanged, 1},
		"F17 gone":            {s3test.Rule{Action: s3test.Status, N: 404, Code: "NoSuchKey"}, objstore.ErrChanged, 1},
		"F21 denied":          {s3test.Rule{Action: s3test.Status, N: 403, Code: "AccessDenied"}, objstore.ErrDenied, 2},
		"F21 expired":         {s3test.Rule{Action: s3test.Status, N: 400, Code: "ExpiredToken"}, objstore.ErrDenied, 2},
		"F27 moved":           {s3test.Rule{Action: s3test.Status, N: 301, Code: "PermanentRedirect"}, objstore.ErrUnavailable, 1},
		"F27 temporarily":     {s3test.Rule{Action: s3test.Status, N: 307}, objstore.ErrUnavailable, 1},
		"bad request":         {s3test.Rule{Action: s3test.Status, N: 400}, objstore.ErrUnavailable, 1},
	} {
		faulty(t, name, 100, []s3test.Rule{c.rule}, func(b *bench) {
			start := time.Now()
			err := b.read()
			want(b, err, c.class)
			if d := time.Since(start); d > 60*time.Second {
				b.Errorf("took %v", d)
			}
			if e := errorDetail(err); e.Attempts > c.requests {
				b.Errorf("%d requests", e.Attempts)
			}
		})
	}
}

// TestBreaker lets an endpoint fail for a minute (F2).
func TestBreaker(t *testing.T) {
	faulty(t, "opens and closes", 10, []s3test.Rule{{Action: s3test.Reset}}, func(b *bench) {
		for range 10 {
			want(b, b.read(), objstore.ErrUnavailable)
		}
		start := time.Now()
		want(b, b.read(), objstore.ErrUnavailable)
		if d := time.Since(start); d > time.Second {
			b.Errorf("an open breaker waited %v", d)
		}
		if !strings.Contains(b.log.String(), "circuit breaker opened") {
			b.Error("nothing logged")
		}
		b.faults.Rules[0].Nth = -1
		time.Sleep(6 * time.Second)
		for range 3 {
			if err := b.read(); err != nil {
				b.Errorf("after the outage: %v", err)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	faulty(t, "F15 replaced", 50, nil, func(b *bench) {
		b.fake.Set(b.object.Key, make([]byte, 50))
		want(b, b.read(), objstore.ErrChanged)
	})
	faulty(t, "F20 If-Match ignored", 50, nil, func(b *bench) {
		b.fake.IgnoreIfMatch = true
		b.fake.Set(b.object.Key, make([]byte, 50))
		want(b, b.read(), objstore.ErrChanged)
	})
	faulty(t, "F20 and smaller", 50, nil, func(b *bench) {
		b.fake.IgnoreIfMatch = true
		b.fake.Set(b.object.Key, nil)
		want(b, b.read(), objstore.ErrChanged)
	})
	faulty(t, "replaced while it is read", 50, []s3test.Rule{{Nth: 1, Action: s3test.Truncate, N: 20}, {Nth: 2, Action: s3test.Delay, N: 50}}, func(b *bench) {
		go func() {
			time.Sleep(time.Millisecond)
			b.fake.Set(b.object.Key, make([]byte, 50))
		}()
		want(b, b.read(), objstore.ErrChanged)
	})
	faulty(t, "F17 removed", 50, nil, func(b *bench) {
		b.fake.Remove(b.object.Key)
		want(b, b.read(), objstore.ErrChanged)
	})
	for name, etag := range map[string]func(string) string{
		"F18 weak":    func(s string) string { return "W/" + s },
		"F19 missing": func(string) string { return "" },
	} {
		faulty(t, name, 50, nil, func(b *bench) {
			b.fake.ETag = etag
			objects, err := b.store.List(b.Context(), "", 10)
			if err != nil {
				b.Fatal(err)
			}
			b.object = objects[0]
			want(b, b.read(), objstore.ErrCorrupt)
		})
	}
	for name, etag := range map[string]string{"multipart": `"d41d8cd98f00b204e9800998ecf8427e-7"`, "not quoted": "abc"} {
		faulty(t, "F19 "+name, 50, nil, func(b *bench) {
			b.fake.ETag = func(string) string { return etag }
			b.fake.IgnoreIfMatch = true
			o, err := b.store.Stat(b.Context(), b.object.Key)
			if err != nil {
				b.Fatal(err)
			}
			b.object = o
			if err := b.read(); err != nil {
				b.Error(err)
			}
		})
	}
	faulty(t, "range ignored", 50, nil, func(b *bench) {
		b.fake.IgnoreRange = true
		want(b, b.read(), objstore.ErrCorrupt)
	})
}

// TestCredentials rotates keys (F21) and denies one object (F22).
func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := s3test.NewFake()
		f.AccessKeyID = "old"
		f.Set("x", []byte("1"))
		var mu sync.Mutex
		fetched, current := 0, "old"
		cfg := f.Config(nil)
		cfg.Credentials = func(context.Context) (objstore.Secret, error) {
			mu.Lock()
			defer mu.Unlock()
			fetched++
			return objstore.Secret{AccessKeyID: current, SecretAccessKey: "s"}, nil
		}
		s, err := objstore.OpenS3(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Stat(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		current = "new"
		f.Lock()
		f.AccessKeyID = "new"
		f.Unlock()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := s.Stat(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := f.Requests(); fetched != 2 || n > 1+40 {
			t.Errorf("%d fetches, %d requests", fetched, n)
		}
		f.Denied = func(key string) bool { return key == "secret" }
		if _, err := s.Stat(t.Context(), "secret"); !errors.Is(err, objstore.ErrDenied) {
			t.Error(err)
		}
		if _, err := s.Stat(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
}

// TestListing pages, and meets servers that page wrongly (F29).
func TestListing(t *testing.T) {
	f := s3test.NewFake()
	f.PageSize = 7
	for i := range 50 {
		f.Set(fmt.Sprintf("k%02d", i), nil)
	}
	s, err := objstore.OpenS3(f.Config(nil))
	if err != nil {
		t.Fatal(err)
	}
	if l, err := s.List(t.Context(), "k", 50); err != nil || len(l) != 50 {
		t.Errorf("%d objects, %v", len(l), err)
	}
	if _, err := s.List(t.Context(), "", 49); !errors.Is(err, objstore.ErrTooMany) {
		t.Error(err)
	}
	f.LoopListing = true
	if _, err := s.List(t.Context(), "", 1000); !errors.Is(err, objstore.ErrCorrupt) {
		t.Error(err)
	}
	f.LoopListing = false
	f.Set("../../etc/passwd", nil)
	if _, err := s.List(t.Context(), "", 1000); !errors.Is(err, objstore.ErrOutside) {
		t.Error(err)
	}
}

// TestLostAnswers loses the answers of writes that took effect (F33).
func TestLostAnswers(t *testing.T) {
	put := func(b *bench, c objstore.Condition, want error) {
		b.Helper()
		_, err := b.store.Put(b.Context(), "new", []byte("mine"), c)
		b.check(err)
		if !errors.Is(err, want) {
			b.Errorf("got %v, want %v", err, want)
		}
	}
	lost := []s3test.Rule{{Method: http.MethodPut, Nth: 1, Action: s3test.DropResponse}}
	faulty(t, "it was written", 1, lost, func(b *bench) { put(b, objstore.Condition{IfNoneMatch: true}, nil) })
	faulty(t, "another was first", 1, lost, func(b *bench) {
		b.fake.Set("new", []byte("theirs"))
		put(b, objstore.Condition{IfNoneMatch: true}, objstore.ErrPrecondition)
	})
	faulty(t, "never sent", 1, []s3test.Rule{{Method: http.MethodPut, Nth: 1, Action: s3test.Reset}}, func(b *bench) {
		put(b, objstore.Condition{IfNoneMatch: true}, nil)
	})
}

func TestDeadlines(t *testing.T) {
	faulty(t, "ends a stalled read", 100, []s3test.Rule{{Action: s3test.Stall, N: 1}}, func(b *bench) {
		ctx, cancel := context.WithTimeout(b.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := b.store.ReadAt(ctx, b.object, make([]byte, 100), 0)
		want(b, err, context.DeadlineExceeded)
		if d := time.Since(start); d != 3*time.Second {
			b.Errorf("took %v", d)
		}
	})
}

// TestBitFlip flips bits under the store: bytes of a body are the file format's
// to verify, those of a listing fail as XML or show as they are (F7).
func TestBitFlip(t *testing.T) {
	for bit := range int64(2000) {
		synctest.Test(t, func(t *testing.T) {
			f := s3test.NewFake()
			f.Set("key", nil)
			s, err := objstore.OpenS3(f.Config(&s3test.FaultTransport{Base: f, Rules: []s3test.Rule{{Nth: 1, Action: s3test.Flip, N: bit}}}))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = s.List(t.Context(), "", 10) // must not panic
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := objstore.Secret{AccessKeyID: secretKey, SecretAccessKey: secretKey, SessionToken: secretKey}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "pointer", &s)
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, &s), log.String()} {
		if strings.Contains(out, secretKey) {
			t.Errorf("printed: %s", out)
		}
	}
}

// TestFailing shows the helper: every call of an operation fails in turn.
func TestFailing(t *testing.T) {
	f := s3test.NewFake()
	f.Set("a", []byte("1"))
	s, err := objstore.OpenS3(f.Config(nil))
	if err != nil {
		t.Fatal(err)
	}
	operation := func(s objstore.Store) error {
		l, err := s.List(t.Context(), "", 10)
		if err != nil {
			return err
		}
		return s.ReadAt(t.Context(), l[0], make([]byte, 1), 0)
	}
	count := &s3test.Failing{Store: s}
	if err := operation(count); err != nil || count.Calls() != 2 {
		t.Fatalf("%d calls, %v", count.Calls(), err)
	}
	for n := range count.Calls() {
		if err := operation(&s3test.Failing{Store: s, N: n + 1, Err: objstore.ErrThrottled}); !errors.Is(err, objstore.ErrThrottled) {
			t.Errorf("call %d: %v", n+1, err)
		}
	}
}
