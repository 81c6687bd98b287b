package objstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// maxErrorBody is how much of an error's body is read for its code.
const maxErrorBody = 64 << 10

// attempt is one try at an operation; its methods note what went wrong for the
// operator and for the decision to try again.
type attempt struct {
	store      *s3Store
	ctx        context.Context
	err        *Error
	retry      bool // the failure may pass
	denied     bool // other credentials may help
	unhealthy  bool // the endpoint, not the request, is to blame
	generation int  // of the credentials used
}

// do runs an idempotent operation: it is tried again while failures may pass,
// attempts, time and the endpoint's budget allow, and once with fresh
// credentials.
func (s *s3Store) do(ctx context.Context, op, key string, try func(*attempt) error) error {
	start := time.Now()
	refreshed := false
	for n := 1; ; n++ {
		a := &attempt{store: s, ctx: ctx, err: &Error{Op: op, Attempts: n, key: key, Class: ErrUnavailable}}
		if err := ctx.Err(); err != nil {
			a.err.cause = err
			return a.err
		}
		if !s.health.allow() {
			a.err.Attempts, a.err.reason = n-1, "circuit breaker open"
			return a.err
		}
		err := try(a)
		if s.health.report(!a.unhealthy) {
			s.log.Warn("object store: circuit breaker opened", "host", s.base.Host, "last", a.err)
		}
		if err == nil {
			return nil
		}
		var e *Error
		if !errors.As(err, &e) {
			_ = a.fail(ErrCorrupt, "answer could not be used", err)
		}
		if ctx.Err() != nil {
			a.err.Class, a.err.cause = ErrUnavailable, ctx.Err()
			return a.err
		}
		if a.denied {
			if refreshed || s.keys.refresh(ctx, a.generation) != nil {
				return a.err
			}
			refreshed = true
			s.log.Info("object store: credentials refreshed", "host", s.base.Host)
			continue
		}
		pause := backoff(n)
		if !a.retry || n >= maxAttempts || time.Since(start)+pause > maxRetryTime || !s.health.retry() {
			return a.err
		}
		if err := sleep(ctx, pause); err != nil {
			a.err.cause = err
			return a.err
		}
	}
}

// send makes one signed request. The key is absolute in the bucket. The body of
// the answer must be closed.
func (a *attempt) send(method, key string, query url.Values, header http.Header, payload []byte) (*http.Response, error) {
	secret, generation, err := a.store.keys.get(a.ctx)
	if err != nil {
		return nil, a.fail(ErrDenied, "no credentials", err)
	}
	a.generation = generation
	w := watch(a.ctx)
	req := a.store.request(w.ctx, method, key, query, header, payload)
	req = signer.SignV4(*req, secret.AccessKeyID, secret.SecretAccessKey, secret.SessionToken, a.store.region)
	// RoundTrip rather than a client: a redirect is never followed.
	resp, err := a.store.transport.RoundTrip(req)
	if err != nil {
		cause := context.Cause(w.ctx)
		w.stop()
		return nil, a.broken(errors.Join(cause, err))
	}
	w.progress(1)
	resp.Body = &body{resp.Body, w}
	return resp, nil
}

func (s *s3Store) request(ctx context.Context, method, key string, query url.Values, header http.Header, payload []byte) *http.Request {
	u := s.base
	u.Path += key
	u.RawPath = s3utils.EncodePath(u.Path)
	u.RawQuery = s3utils.QueryEncode(query)
	sum := sha256.Sum256(payload)
	req := &http.Request{
		Method: method, URL: &u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"User-Agent":           {"meshql"},
			"X-Amz-Content-Sha256": {hex.EncodeToString(sum[:])},
		},
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if method == http.MethodPut {
		req.ContentLength = int64(len(payload))
		req.Body = http.NoBody
		if len(payload) > 0 {
			req.Body = io.NopCloser(bytes.NewReader(payload))
		}
	}
	return req.WithContext(ctx)
}

// fail notes a failure that will not pass.
func (a *attempt) fail(class error, reason string, cause error) error {
	a.err.Class, a.err.reason, a.err.cause = class, reason, cause
	return a.err
}

// wrong notes an answer that is not one to the question; asking again may help.
func (a *attempt) wrong(reason string) error {
	a.retry = true
	return a.fail(ErrCorrupt, reason, nil)
}

// broken notes a failure of the connection.
func (a *attempt) broken(err error) error {
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var header tls.RecordHeaderError
	a.retry = !errors.As(err, &verify) && !errors.As(err, &unknown) && !errors.As(err, &header)
	a.unhealthy = a.ctx.Err() == nil
	return a.fail(ErrUnavailable, "connection", err)
}

// refused classifies an answer that is no success.
func (a *attempt) refused(resp *http.Response) error {
	var doc struct {
		Code      string
		RequestID string `xml:"RequestId"`
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	_ = xml.Unmarshal(raw, &doc) // a body that is no XML has no code
	a.err.status, a.err.code, a.err.requestID = resp.StatusCode, clean(doc.Code), clean(resp.Header.Get("X-Amz-Request-Id"))
	if a.err.requestID == "" {
		a.err.requestID = clean(doc.RequestID)
	}
	switch status := resp.StatusCode; {
	case isThrottle(doc.Code) || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		a.retry, a.unhealthy = true, true
		return a.fail(ErrThrottled, "", nil)
	case status == http.StatusForbidden || status == http.StatusUnauthorized || strings.HasPrefix(doc.Code, "ExpiredToken"):
		a.denied = true
		return a.fail(ErrDenied, "", nil)
	case status == http.StatusNotFound:
		return a.fail(ErrNotFound, "", nil)
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		return a.fail(ErrPrecondition, "", nil)
	case status >= 500 || status == http.StatusRequestTimeout:
		a.retry, a.unhealthy = true, true
		return a.fail(ErrUnavailable, "", nil)
	case status >= 300 && status < 400:
		return a.fail(ErrUnavailable, "redirect refused", nil)
	case status < 300:
		return a.wrong("unexpected success")
	}
	return a.fail(ErrUnavailable, "request refused", nil)
}

func isThrottle(code string) bool {
	return strings.HasPrefix(code, "SlowDown") || strings.Contains(code, "Throttl") || code == "RequestLimitExceeded"
}

// object reads the version that an answer is about.
func (a *attempt) object(resp *http.Response, key string, size int64) (Object, error) {
	if size < 0 {
		return Object{}, a.wrong("no length")
	}
	modified, _ := http.ParseTime(resp.Header.Get("Last-Modified"))
	return Object{Key: key, Size: size, ETag: unquote(resp.Header.Get("ETag")), Modified: modified}, nil
}

// unquote takes the quotes off an ETag; a weak one keeps its mark.
func unquote(etag string) string {
	if n := len(etag); n >= 2 && etag[0] == '"' && etag[n-1] == '"' {
		return etag[1 : n-1]
	}
	return etag
}

// isStrong reports whether an ETag names one sequence of bytes.
func isStrong(etag string) bool {
	return etag != "" && !strings.HasPrefix(etag, "W/") && !strings.ContainsAny(etag, "\"\r\n")
}

// clean keeps a server's identifier from forging lines of a log.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e {
			return -1
		}
		return r
	}, s[:min(len(s), 128)])
}
