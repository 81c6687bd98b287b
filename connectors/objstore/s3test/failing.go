package s3test

import (
	"context"
	"sync/atomic"

	"github.com/meshql/meshql/connectors/objstore"
)

// Failing is a store whose Nth call fails, for tests that let each call of an
// operation fail in turn: count the calls with N = 0, then try every N.
type Failing struct {
	Store   objstore.Store
	N       int  // from 1; 0: none
	Forever bool // all later calls fail too
	Err     error

	calls atomic.Int64
}

// Calls returns how many calls came.
func (f *Failing) Calls() int { return int(f.calls.Load()) }

func (f *Failing) call() error {
	n := int(f.calls.Add(1))
	if f.N > 0 && (n == f.N || f.Forever && n > f.N) {
		return f.Err
	}
	return nil
}

// List implements objstore.Store.
func (f *Failing) List(ctx context.Context, prefix string, max int) ([]objstore.Object, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, prefix, max)
}

// Stat implements objstore.Store.
func (f *Failing) Stat(ctx context.Context, key string) (objstore.Object, error) {
	if err := f.call(); err != nil {
		return objstore.Object{}, err
	}
	return f.Store.Stat(ctx, key)
}

// Get implements objstore.Store.
func (f *Failing) Get(ctx context.Context, key string, max int64) ([]byte, objstore.Object, error) {
	if err := f.call(); err != nil {
		return nil, objstore.Object{}, err
	}
	return f.Store.Get(ctx, key, max)
}

// ReadAt implements objstore.Store.
func (f *Failing) ReadAt(ctx context.Context, o objstore.Object, p []byte, off int64) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.Store.ReadAt(ctx, o, p, off)
}

// Put implements objstore.Store.
func (f *Failing) Put(ctx context.Context, key string, data []byte, c objstore.Condition) (objstore.Object, error) {
	if err := f.call(); err != nil {
		return objstore.Object{}, err
	}
	return f.Store.Put(ctx, key, data, c)
}

// Delete implements objstore.Store.
func (f *Failing) Delete(ctx context.Context, key string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.Store.Delete(ctx, key)
}
