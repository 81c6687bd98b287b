package exec

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/meshql/meshql/engine/vec"
)

// merge gives the rows of all lanes of s through one reader.
func (q *query) merge(s *stream) vec.Reader {
	if len(s.lanes) == 1 {
		return s.lanes[0]
	}
	return &exchange{q: q, in: s, last: -1}
}

// exchange pulls each lane in a goroutine of its own, started by the first
// Next and awaited by Close. A lane that has handed over a batch waits until
// the consumer is done with it, so batches are never copied; their columns are
// decoded in the lane's goroutine.
type exchange struct {
	q       *query
	in      *stream
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup
	batches chan handed
	resume  []chan struct{} // a lane
	last    int             // the lane whose batch the consumer holds, or -1
	live    int             // lanes that have not ended
	err     error
}

type handed struct {
	lane  int
	batch *vec.Batch
	err   error
}

func (x *exchange) Next(ctx context.Context) (*vec.Batch, error) {
	if x.err != nil {
		return nil, x.err
	}
	if x.resume == nil {
		x.start()
	}
	if x.last >= 0 {
		x.resume[x.last] <- struct{}{}
		x.last = -1
	}
	for x.live > 0 {
		select {
		case h := <-x.batches:
			if errors.Is(h.err, io.EOF) {
				x.live--
				continue
			}
			if h.err != nil {
				x.err = h.err
				x.cancel(h.err)
				return nil, h.err
			}
			x.last = h.lane
			return h.batch, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	x.err = io.EOF
	return nil, io.EOF
}

func (x *exchange) start() {
	var ctx context.Context
	ctx, x.cancel = context.WithCancelCause(x.q.ctx)
	x.live = len(x.in.lanes)
	x.batches = make(chan handed)
	x.resume = make([]chan struct{}, x.live)
	for i := range x.in.lanes {
		x.resume[i] = make(chan struct{}, 1)
		x.wg.Go(func() { x.run(ctx, i) })
	}
}

// run hands over the batches of lane i until it ends.
func (x *exchange) run(ctx context.Context, i int) {
	for {
		var b *vec.Batch
		err := guard(func() (err error) {
			if err = alive(ctx); err != nil {
				return err
			}
			if b, err = x.in.lanes[i].Next(ctx); err != nil {
				return err
			}
			return decode(ctx, b)
		})
		if err == nil && b.Rows() == 0 {
			continue
		}
		select {
		case x.batches <- handed{i, b, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		select {
		case <-x.resume[i]:
		case <-ctx.Done():
			return
		}
	}
}

func (x *exchange) Close() error {
	if x.cancel != nil {
		x.cancel(errClosed)
		x.wg.Wait()
	}
	if x.err == nil {
		x.err = errClosed
	}
	return x.in.Close()
}
