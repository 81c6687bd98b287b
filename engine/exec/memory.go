package exec

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// account is what one owner holds of the query's budget. It is used by one
// goroutine at a time.
type account struct {
	budget *vec.Budget
	held   int64
}

func (a *account) reserve(n int64) error {
	if err := a.budget.Reserve(n); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	a.held += n
	return nil
}

func (a *account) release(n int64) {
	a.budget.Release(n)
	a.held -= n
}

// free gives back all that is held.
func (a *account) free() { a.release(a.held) }

// extend returns s with length n, at least doubling its memory if it has to
// grow; what is added is zero.
func extend[T any](a *account, s []T, n int) ([]T, error) {
	if n <= cap(s) {
		return s[:n], nil
	}
	size := int64(unsafe.Sizeof(*new(T)))
	c := max(n, 2*cap(s))
	if err := a.reserve(int64(c) * size); err != nil {
		return s, err
	}
	out := make([]T, n, c)
	copy(out, s)
	a.release(int64(cap(s)) * size)
	return out, nil
}

// scratch returns s with length n for use within a batch; its content is
// undefined.
func scratch[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, vec.BatchRows))
	}
	return s[:n]
}

// rows is a growing table that owns its memory.
type rows struct {
	cols []*vec.Appender
	n    int
}

func newRows(cols []plan.Column, budget *vec.Budget) *rows {
	r := &rows{}
	for _, c := range cols {
		r.cols = append(r.cols, vec.NewAppender(c.Type.Kind(), budget))
	}
	return r
}

// add appends the selected rows of b.
func (r *rows) add(ctx context.Context, b *vec.Batch) error {
	for i, a := range r.cols {
		v, err := b.Col(ctx, i)
		if err != nil {
			return err
		}
		if err := a.Append(v, b.Sel); err != nil {
			return fmt.Errorf("exec: %w", err)
		}
	}
	r.n += b.Rows()
	return nil
}

// addVectors appends the rows of cols, which have n rows, that sel names.
func (r *rows) addVectors(cols []*vec.Vector, n int, sel vec.Selection) error {
	for i, a := range r.cols {
		if err := a.Append(cols[i], sel); err != nil {
			return fmt.Errorf("exec: %w", err)
		}
	}
	r.n += sel.Count(n)
	return nil
}

// vectors returns the columns; they stay valid after release.
func (r *rows) vectors() []*vec.Vector {
	out := make([]*vec.Vector, len(r.cols))
	for i, a := range r.cols {
		out[i] = a.Vector()
	}
	return out
}

// release forgets the rows.
func (r *rows) release() {
	if r == nil {
		return
	}
	for _, a := range r.cols {
		a.Reset()
	}
	r.n = 0
}

// slice returns rows lo to hi-1 of cols as a batch; lo is a multiple of 64.
func slice(cols []*vec.Vector, lo, hi int) *vec.Batch {
	out := make([]*vec.Vector, len(cols))
	for i, c := range cols {
		out[i] = vec.Slice(c, lo, hi)
	}
	return vec.NewBatch(hi-lo, out...)
}
