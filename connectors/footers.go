package connectors

import (
	"container/list"
	"context"
	"sync"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/parquet"
)

// footerCache keeps the footers that were used last, by version of the object.
type footerCache struct {
	limit int // cells: row groups times columns

	mu     sync.Mutex
	cells  int
	recent *list.List // of *footerEntry, newest first
	byKey  map[footerKey]*list.Element
}

type footerKey struct {
	key, etag string
	size      int64
}

type footerEntry struct {
	key   footerKey
	file  *parquet.File
	cells int
}

func newFooterCache(limit int) *footerCache {
	return &footerCache{limit: limit, recent: list.New(), byKey: make(map[footerKey]*list.Element)}
}

func (c *footerCache) open(ctx context.Context, store objstore.Store, o objstore.Object) (*parquet.File, error) {
	key := footerKey{o.Key, o.ETag, o.Size}
	if f := c.get(key); f != nil {
		return f, nil
	}
	f, err := parquet.Open(ctx, store, o)
	if err != nil {
		return nil, err
	}
	c.put(key, f)
	return f, nil
}

func (c *footerCache) get(key footerKey) *parquet.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*footerEntry).file
}

func (c *footerCache) put(key footerKey, f *parquet.File) {
	entry := &footerEntry{key, f, 1 + (1+len(f.RowGroups()))*len(f.Columns())}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok || entry.cells > c.limit {
		return
	}
	c.byKey[key] = c.recent.PushFront(entry)
	for c.cells += entry.cells; c.cells > c.limit; {
		oldest := c.recent.Remove(c.recent.Back()).(*footerEntry)
		delete(c.byKey, oldest.key)
		c.cells -= oldest.cells
	}
}
