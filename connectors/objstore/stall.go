package objstore

import (
	"context"
	"errors"
	"io"
	"time"
)

const (
	// stallTimeout is how long a request may wait for its next byte, the first
	// included.
	stallTimeout = 10 * time.Second
	// A request slower than slowBytes in each slowPeriod is given up.
	slowPeriod = 30 * time.Second
	slowBytes  = 30 * 64 << 10
)

var errStalled = errors.New("no progress")

// watchdog ends a request that makes no progress.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	since  time.Time
	bytes  int
}

// watch starts a request; its context ends with stop.
func watch(ctx context.Context) *watchdog {
	w := &watchdog{since: time.Now()}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(stallTimeout, func() { w.cancel(errStalled) })
	return w
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// progress notes that n bytes came.
func (w *watchdog) progress(n int) {
	if n == 0 {
		return
	}
	w.timer.Reset(stallTimeout)
	w.bytes += n
	if time.Since(w.since) < slowPeriod {
		return
	}
	if w.bytes < slowBytes {
		w.cancel(errStalled)
	}
	w.since, w.bytes = time.Now(), 0
}

// body reads a response under the watchdog and ends it when closed.
type body struct {
	io.ReadCloser
	watch *watchdog
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.watch.progress(n)
	return n, err
}

func (b *body) Close() error {
	defer b.watch.stop()
	return b.ReadCloser.Close()
}
