package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/plan"
)

// stream is what a node compiles to: the rows of all its lanes are the node's
// rows. Each lane is pulled by one goroutine at a time.
type stream struct {
	lanes []vec.Reader
	cols  []plan.Column
}

// renamed returns s with its columns known as cols, position by position.
func (s *stream) renamed(cols []plan.Column) (*stream, error) {
	if len(cols) != len(s.cols) {
		return nil, mysqlerr.Internal(fmt.Errorf("exec: %d columns renamed to %d", len(s.cols), len(cols)))
	}
	return &stream{lanes: s.lanes, cols: cols}, nil
}

// each makes a stream over cols with one lane for each lane of s.
func (s *stream) each(cols []plan.Column, wrap func(vec.Reader) (vec.Reader, error)) (*stream, error) {
	out := &stream{cols: cols, lanes: make([]vec.Reader, len(s.lanes))}
	for i, l := range s.lanes {
		w, err := wrap(l)
		if err != nil {
			return nil, err
		}
		out.lanes[i] = w
	}
	return out, nil
}

// Close closes all lanes. Nothing may pull any of them.
func (s *stream) Close() error {
	var errs []error
	for _, l := range s.lanes {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// drain runs every lane of s to its end, in parallel, and closes s. use is
// called with the lane's number for each batch that selects a row.
func (s *stream) drain(ctx context.Context, use func(ctx context.Context, lane int, b *vec.Batch) error) error {
	err := parallel(ctx, len(s.lanes), func(ctx context.Context, i int) error {
		for {
			if err := alive(ctx); err != nil {
				return err
			}
			b, err := s.lanes[i].Next(ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if b.Rows() == 0 {
				continue
			}
			if err := use(ctx, i, b); err != nil {
				return err
			}
		}
	})
	return errors.Join(err, s.Close())
}

// parallel runs work(0) to work(n-1) in goroutines and awaits them all. The
// first error ends the context of the others and is returned.
func parallel(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	if n == 1 {
		return guard(func() error { return work(ctx, 0) })
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for i := range n {
		wg.Go(func() {
			if err := guard(func() error { return work(ctx, i) }); err != nil {
				once.Do(func() {
					first = err
					cancel(err)
				})
			}
		})
	}
	wg.Wait()
	return first
}

// guard calls f and turns a panic into an internal error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = mysqlerr.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return f()
}

// alive returns why ctx has ended, nil if it has not.
func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// once computes something for several lanes: the first that asks does it, the
// others wait for it.
type once struct {
	mu   sync.Mutex
	done chan struct{}
	err  error
}

// do runs f at the first call and returns its error to all. A caller whose
// context ends while another computes returns early.
func (o *once) do(ctx context.Context, f func() error) error {
	o.mu.Lock()
	if o.done == nil {
		o.done = make(chan struct{})
		o.mu.Unlock()
		o.err = guard(f)
		close(o.done)
		return o.err
	}
	o.mu.Unlock()
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
