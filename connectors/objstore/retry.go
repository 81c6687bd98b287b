package objstore

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	maxAttempts  = 5
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second
	maxRetryTime = 30 * time.Second

	budgetTokens  = 100 // retries that an endpoint may be asked for at once
	budgetRefund  = 0.1 // a request that succeeds pays for a tenth of a retry
	breakerLimit  = 20  // failures in a row that open the breaker
	breakerPeriod = 5 * time.Second
)

// endpoint is the health of one endpoint: what is left of its retry budget, and
// a circuit breaker that lets one request through each period while it is open.
type endpoint struct {
	mu       sync.Mutex
	tokens   float64
	failures int
	probe    time.Time // while open: when the next request may go
}

func newEndpoint() *endpoint { return &endpoint{tokens: budgetTokens} }

// allow reports whether a request may be sent now.
func (e *endpoint) allow() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failures < breakerLimit {
		return true
	}
	now := time.Now()
	if now.Before(e.probe) {
		return false
	}
	e.probe = now.Add(breakerPeriod)
	return true
}

// report counts the outcome of a request; it tells whether the breaker opened.
func (e *endpoint) report(ok bool) (opened bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ok {
		e.failures = 0
		e.tokens = min(budgetTokens, e.tokens+budgetRefund)
		return false
	}
	e.failures++
	if e.failures != breakerLimit {
		return false
	}
	e.probe = time.Now().Add(breakerPeriod)
	return true
}

// retry takes a token, if there is one.
func (e *endpoint) retry() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tokens < 1 {
		return false
	}
	e.tokens--
	return true
}

// backoff is a pause before the given retry (from 1), with full jitter.
func backoff(retry int) time.Duration {
	return rand.N(min(maxBackoff, firstBackoff<<(retry-1))) + time.Millisecond
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
