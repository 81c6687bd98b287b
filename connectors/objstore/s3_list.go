package objstore

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

const (
	maxListPage   = 16 << 20 // bytes of one page
	maxEmptyPages = 16       // in a row
)

type listPage struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	More     bool     `xml:"IsTruncated"`
	Next     string   `xml:"NextContinuationToken"`
	Contents []struct {
		Key          string
		ETag         string
		Size         int64
		LastModified time.Time
	}
}

// List implements Store. Servers that page in circles or list a key twice are
// found out: a listing ends or fails.
func (s *s3Store) List(ctx context.Context, prefix string, max int) ([]Object, error) {
	fail := &Error{Op: "list", key: prefix, Attempts: 1}
	if !validPrefix(prefix) {
		fail.Class = ErrOutside
		return nil, fail
	}
	var objects []Object
	seen := make(map[string]bool)
	tokens := make(map[string]bool)
	token, empty := "", 0
	for {
		page, err := s.listPage(ctx, prefix, token)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Contents {
			key, inside := strings.CutPrefix(c.Key, s.prefix)
			if !inside || !strings.HasPrefix(key, prefix) || seen[key] || c.Size < 0 {
				fail.Class, fail.reason = ErrCorrupt, "listing has a key twice or one that was not asked for"
				return nil, fail
			}
			seen[key] = true
			if key == "" || strings.HasSuffix(key, "/") {
				continue // a folder's marker
			}
			if !validKey(key) {
				fail.Class, fail.reason = ErrOutside, "listing has a key that walks"
				return nil, fail
			}
			if len(objects) == max {
				fail.Class = ErrTooMany
				return nil, fail
			}
			objects = append(objects, Object{Key: key, Size: c.Size, ETag: unquote(c.ETag), Modified: c.LastModified})
		}
		if !page.More {
			break
		}
		if len(page.Contents) > 0 {
			empty = 0
		} else {
			empty++
		}
		if token = page.Next; token == "" || tokens[token] || empty > maxEmptyPages {
			fail.Class, fail.reason = ErrCorrupt, "listing does not end"
			return nil, fail
		}
		tokens[token] = true
	}
	sort.Slice(objects, func(i, j int) bool { return objects[i].Key < objects[j].Key })
	return objects, nil
}

func (s *s3Store) listPage(ctx context.Context, prefix, token string) (page *listPage, err error) {
	query := url.Values{"list-type": {"2"}, "prefix": {s.prefix + prefix}}
	if token != "" {
		query.Set("continuation-token", token)
	}
	err = s.do(ctx, "list", prefix, func(a *attempt) error {
		resp, err := a.send(http.MethodGet, "", query, nil, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return a.refused(resp)
		}
		raw, err := io.ReadAll(io.LimitReader(resp.Body, maxListPage+1))
		if err != nil {
			return a.broken(err)
		}
		page = new(listPage)
		if len(raw) > maxListPage || xml.Unmarshal(raw, page) != nil {
			return a.wrong("answer is no listing")
		}
		return nil
	})
	return page, err
}
