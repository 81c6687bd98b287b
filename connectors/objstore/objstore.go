package objstore

import (
	"context"
	"errors"
	"time"
)

// Object is one version of an object.
type Object struct {
	Key      string // relative to the store's root, slash-separated
	Size     int64  // bytes
	ETag     string // opaque, quotes removed; for files derived from inode, size and mtime
	Modified time.Time
}

// Condition makes a Put conditional.
type Condition struct {
	IfNoneMatch bool   // only if the key does not exist
	IfMatch     string // only if the current ETag is this
}

// Store is one domain's storage under that domain's own credentials. It is safe
// for concurrent use. Errors wrap one of the Err values below; their text has no
// key, endpoint, credential or response body.
type Store interface {
	// List returns the objects whose key starts with prefix, in key order, at
	// most max; more is ErrTooMany.
	List(ctx context.Context, prefix string, max int) ([]Object, error)
	// Stat returns the current version of key.
	Stat(ctx context.Context, key string) (Object, error)
	// Get returns the whole current object, at most max bytes; more is ErrTooLarge.
	Get(ctx context.Context, key string, max int64) ([]byte, Object, error)
	// ReadAt fills p from offset off of exactly that version of the object.
	ReadAt(ctx context.Context, o Object, p []byte, off int64) error
	// Put writes an object if the condition holds, else fails with ErrPrecondition.
	Put(ctx context.Context, key string, data []byte, c Condition) (Object, error)
	// Delete removes a key; a key that does not exist is no error.
	Delete(ctx context.Context, key string) error
}

// Classes of failure.
var (
	ErrNotFound     = errors.New("object not found")
	ErrChanged      = errors.New("object changed since it was planned")
	ErrPrecondition = errors.New("precondition failed")
	ErrDenied       = errors.New("access denied by the object store")
	ErrThrottled    = errors.New("throttled by the object store")
	ErrUnavailable  = errors.New("object store unavailable")
	ErrCorrupt      = errors.New("object store gave a wrong answer")
	ErrTooMany      = errors.New("too many objects")
	ErrTooLarge     = errors.New("object too large")
	ErrOutside      = errors.New("location outside the store")
)
