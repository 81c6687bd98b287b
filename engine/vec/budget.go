package vec

import (
	"errors"
	"sync/atomic"
)

// ErrBudget says that a reservation would go beyond a query's memory budget.
var ErrBudget = errors.New("query memory budget exceeded")

// Budget is the memory, in bytes, that one query may hold. Memory is reserved
// before it is allocated. A nil budget is unlimited. It is safe for concurrent
// use.
type Budget struct {
	Limit int64 // bytes; 0 is unlimited
	used  atomic.Int64
	peak  atomic.Int64
}

// Reserve takes n bytes, or returns ErrBudget and takes none.
func (b *Budget) Reserve(n int64) error {
	if b == nil {
		return nil
	}
	used := b.used.Add(n)
	if b.Limit > 0 && used > b.Limit {
		b.used.Add(-n)
		return ErrBudget
	}
	for {
		p := b.peak.Load()
		if used <= p || b.peak.CompareAndSwap(p, used) {
			return nil
		}
	}
}

// Release gives back n bytes that Reserve took.
func (b *Budget) Release(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}

// Used and Peak return the bytes reserved now and at most so far.
func (b *Budget) Used() int64 { return b.used.Load() }
func (b *Budget) Peak() int64 { return b.peak.Load() }
