package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ReadAt implements Store. What came of a range is kept: only the missing rest
// is asked for again, under the same version.
func (s *s3Store) ReadAt(ctx context.Context, o Object, p []byte, off int64) error {
	fail := &Error{Op: "read", key: o.Key, Class: ErrCorrupt}
	switch {
	case !validKey(o.Key):
		fail.Class = ErrOutside
		return fail
	case checkRange(o, p, off) != nil:
		fail.reason = "range beyond the object"
		return fail
	case !isStrong(o.ETag):
		fail.reason = "the store gives no strong ETag: a version cannot be pinned"
		return fail
	case len(p) == 0:
		return nil
	}
	got := 0
	err := s.do(ctx, "read", o.Key, func(a *attempt) error {
		n, err := a.readRange(o, p[got:], off+int64(got))
		got += n
		return err
	})
	var e *Error
	if errors.As(err, &e) && (errors.Is(e.Class, ErrNotFound) || errors.Is(e.Class, ErrPrecondition)) {
		e.Class = ErrChanged
	}
	return err
}

// readRange fills p and returns how many of its bytes are right.
func (a *attempt) readRange(o Object, p []byte, off int64) (int, error) {
	last := off + int64(len(p)) - 1
	resp, err := a.send(http.MethodGet, a.store.prefix+o.Key, nil, http.Header{
		"Range":    {fmt.Sprintf("bytes=%d-%d", off, last)},
		"If-Match": {`"` + o.ETag + `"`},
	}, nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusPartialContent:
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, a.fail(ErrChanged, "range is beyond the object's end", nil)
	default:
		return 0, a.refused(resp)
	}
	a.err.status = resp.StatusCode
	if etag := unquote(resp.Header.Get("ETag")); etag != o.ETag {
		if etag == "" {
			return 0, a.wrong("answer without ETag")
		}
		return 0, a.fail(ErrChanged, "answer of another version", nil)
	}
	if resp.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", off, last, o.Size) {
		return 0, a.wrong("answer of another range")
	}
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return 0, a.wrong("answer is encoded")
	}
	if resp.ContentLength >= 0 && resp.ContentLength != int64(len(p)) {
		return 0, a.wrong("answer of another length")
	}
	return a.readBody(resp, p)
}

// readBody fills p with a body that must have exactly its length.
func (a *attempt) readBody(resp *http.Response, p []byte) (int, error) {
	n, err := io.ReadFull(resp.Body, p)
	if err != nil {
		return n, a.broken(errors.Join(context.Cause(resp.Body.(*body).watch.ctx), err))
	}
	var extra [1]byte
	if k, err := io.ReadFull(resp.Body, extra[:]); k > 0 {
		return 0, a.wrong("answer is too long")
	} else if err != io.EOF {
		return n, nil // all bytes are there; only the connection is lost
	}
	return n, nil
}

// Get implements Store. Each attempt reads one version from its start.
func (s *s3Store) Get(ctx context.Context, key string, max int64) (data []byte, o Object, err error) {
	if !validKey(key) {
		return nil, Object{}, &Error{Class: ErrOutside, Op: "get", key: key}
	}
	err = s.do(ctx, "get", key, func(a *attempt) error {
		resp, err := a.send(http.MethodGet, s.prefix+key, nil, nil, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return a.refused(resp)
		}
		a.err.status = resp.StatusCode
		if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
			return a.wrong("answer is encoded")
		}
		if o, err = a.object(resp, key, resp.ContentLength); err != nil {
			return err
		}
		if o.ETag == "" {
			return a.wrong("answer without ETag")
		}
		if o.Size > max {
			return a.fail(ErrTooLarge, "", nil)
		}
		data = make([]byte, o.Size)
		_, err = a.readBody(resp, data)
		return err
	})
	if err != nil {
		return nil, Object{}, err
	}
	return data, o, nil
}
