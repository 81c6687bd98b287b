package vec

import "sync"

// Dict is the dictionary behind dictionary vectors, shared by all vectors of
// one column chunk. Its address is its identity. Values is flat, never NULL
// and never changed after creation.
type Dict struct {
	Values *Vector

	mu   sync.Mutex
	memo map[any]any
}

// Memo returns compute's result for key, computing it at most once for this
// dictionary: an expression evaluated once over the dictionary's values serves
// every row that carries a code. Keys are compared with ==.
func (d *Dict) Memo(key any, compute func() (any, error)) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.memo[key]; ok {
		return r, nil
	}
	r, err := compute()
	if err != nil {
		return nil, err
	}
	if d.memo == nil {
		d.memo = make(map[any]any)
	}
	d.memo[key] = r
	return r, nil
}
