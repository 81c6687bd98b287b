package s3test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/meshql/meshql/connectors/objstore"
)

// Fake is an S3 server in memory with one bucket, used as a handler or as a
// transport. Its fields make it misbehave; they are set while no request runs,
// or under Lock.
type Fake struct {
	Bucket      string
	AccessKeyID string // the only one let in; empty: everyone
	PageSize    int    // of listings; 0: 1000

	ETag          func(string) string // rewrites the quoted ETag of answers to reads
	IgnoreIfMatch bool
	IgnoreRange   bool
	LoopListing   bool // the continuation token never changes
	Denied        func(key string) bool
	Header        http.Header // added to every answer

	sync.Mutex
	objects  map[string]fakeObject
	requests int
}

type fakeObject struct {
	data     []byte
	etag     string // quoted
	modified time.Time
}

// NewFake returns an empty bucket "mesh".
func NewFake() *Fake { return &Fake{Bucket: "mesh", objects: make(map[string]fakeObject)} }

// Config returns how to open the bucket through t; nil: directly.
func (f *Fake) Config(t http.RoundTripper) objstore.S3Config {
	if t == nil {
		t = f
	}
	return objstore.S3Config{Endpoint: "http://s3.test", Bucket: f.Bucket, Transport: t}
}

// Requests returns how many requests came.
func (f *Fake) Requests() int {
	f.Lock()
	defer f.Unlock()
	return f.requests
}

// Set stores an object past the protocol.
func (f *Fake) Set(key string, data []byte) {
	f.Lock()
	defer f.Unlock()
	f.set(key, data)
}

// Remove removes an object past the protocol.
func (f *Fake) Remove(key string) {
	f.Lock()
	defer f.Unlock()
	delete(f.objects, key)
}

func (f *Fake) set(key string, data []byte) fakeObject {
	sum := md5.Sum(data)
	o := fakeObject{data: slices.Clone(data), etag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: time.Now().UTC()}
	f.objects[key] = o
	return o
}

// RoundTrip implements http.RoundTripper.
func (f *Fake) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	if n, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64); err == nil {
		resp.ContentLength = n
	}
	return resp, nil
}

// ServeHTTP implements http.Handler.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	defer f.Unlock()
	f.requests++
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/"+f.Bucket+"/")
	switch {
	case !ok:
		f.fail(w, r, http.StatusNotFound, "NoSuchBucket")
	case f.AccessKeyID != "" && !strings.Contains(r.Header.Get("Authorization"), "Credential="+f.AccessKeyID+"/"):
		f.fail(w, r, http.StatusForbidden, "InvalidAccessKeyId")
	case f.Denied != nil && f.Denied(key):
		f.fail(w, r, http.StatusForbidden, "AccessDenied")
	case key == "" && r.Method == http.MethodGet:
		f.list(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		f.get(w, r, key)
	case r.Method == http.MethodPut:
		f.put(w, r, key)
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.fail(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

// Canary is in every error's body; no error that a user sees may contain it.
const Canary = "canary-8d1f"

func (f *Fake) fail(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><Key>%s</Key><RequestId>1</RequestId></Error>", code, Canary, r.URL.Path)
}

func (f *Fake) get(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := f.objects[key]
	if !ok {
		f.fail(w, r, http.StatusNotFound, "NoSuchKey")
		return
	}
	if m := r.Header.Get("If-Match"); m != "" && m != o.etag && !f.IgnoreIfMatch {
		f.fail(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	etag := o.etag
	if f.ETag != nil {
		etag = f.ETag(etag)
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	w.Header().Set("Last-Modified", o.modified.Format(http.TimeFormat))
	data, status := o.data, http.StatusOK
	if spec := r.Header.Get("Range"); spec != "" && !f.IgnoreRange {
		var from, to int
		if _, err := fmt.Sscanf(spec, "bytes=%d-%d", &from, &to); err != nil || from >= len(data) || to < from {
			f.fail(w, r, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		to = min(to, len(data)-1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
		data, status = data[from:to+1], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(data)
	}
}

func (f *Fake) put(w http.ResponseWriter, r *http.Request, key string) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		f.fail(w, r, http.StatusBadRequest, "IncompleteBody")
		return
	}
	now, exists := f.objects[key]
	if m := r.Header.Get("If-Match"); r.Header.Get("If-None-Match") == "*" && exists || m != "" && (!exists || m != now.etag) {
		f.fail(w, r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", f.set(key, data).etag)
	w.WriteHeader(http.StatusOK)
}

func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	type content struct {
		Key, ETag    string
		Size         int
		LastModified time.Time
	}
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
	}
	q := r.URL.Query()
	var keys []string
	for k := range f.objects {
		if strings.HasPrefix(k, q.Get("prefix")) && k > q.Get("continuation-token") {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	size := f.PageSize
	if size == 0 {
		size = 1000
	}
	if len(keys) > size {
		keys = keys[:size]
		page.IsTruncated, page.NextContinuationToken = true, keys[size-1]
	}
	if f.LoopListing {
		page.IsTruncated, page.NextContinuationToken = true, "!"
	}
	for _, k := range keys {
		o := f.objects[k]
		etag := o.etag
		if f.ETag != nil {
			etag = f.ETag(etag)
		}
		page.Contents = append(page.Contents, content{k, etag, len(o.data), o.modified})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(page)
}
