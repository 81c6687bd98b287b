package objstore

import (
	"bytes"
	"context"
	"errors"
	"net/http"
)

// Put implements Store. A conditional write whose answer was lost may have
// happened: the object is read again before it is tried again.
func (s *s3Store) Put(ctx context.Context, key string, data []byte, c Condition) (o Object, err error) {
	if !validKey(key) {
		return Object{}, &Error{Class: ErrOutside, Op: "put", key: key}
	}
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if c.IfNoneMatch {
		header.Set("If-None-Match", "*")
	}
	if c.IfMatch != "" {
		header.Set("If-Match", `"`+c.IfMatch+`"`)
	}
	unsure := false
	err = s.do(ctx, "put", key, func(a *attempt) error {
		if unsure {
			if done, err := s.written(ctx, a, key, data, &o); done || err != nil {
				return err
			}
		}
		resp, err := a.send(http.MethodPut, s.prefix+key, nil, header, data)
		if err != nil {
			unsure = true
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			unsure = unsure || resp.StatusCode >= 500
			if resp.StatusCode == http.StatusNotFound && c.IfMatch != "" {
				return a.fail(ErrPrecondition, "nothing to replace", nil)
			}
			err := a.refused(resp)
			if errors.Is(a.err.Class, ErrPrecondition) && unsure {
				if done, _ := s.written(ctx, a, key, data, &o); done {
					return nil
				}
			}
			return err
		}
		if o, err = a.object(resp, key, int64(len(data))); err == nil && o.ETag == "" {
			unsure = true
			return a.wrong("answer without ETag")
		}
		return err
	})
	return o, err
}

// written reports whether key holds data now, by an earlier attempt.
func (s *s3Store) written(ctx context.Context, a *attempt, key string, data []byte, o *Object) (bool, error) {
	now, version, err := s.Get(ctx, key, int64(len(data)))
	switch {
	case err == nil && bytes.Equal(now, data):
		*o = version
		return true, nil
	case err == nil, errors.Is(err, ErrNotFound), errors.Is(err, ErrTooLarge):
		return false, nil
	}
	return false, a.fail(ErrUnavailable, "cannot tell whether the write happened", err)
}
