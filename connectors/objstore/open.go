package objstore

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Location is a parsed URI of a store.
type Location struct {
	Folder string // file://: a path
	Bucket string // s3://
	Prefix string // s3://: without slashes at its ends
}

// ParseLocation reads "file://PATH" or "s3://BUCKET[/PREFIX]".
func ParseLocation(uri string) (Location, error) {
	if path, ok := strings.CutPrefix(uri, "file://"); ok && path != "" {
		return Location{Folder: path}, nil
	}
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if !ok || bucket == "" || !validPrefix(prefix) || strings.ContainsAny(uri, "?#") || bucket != url.PathEscape(bucket) {
		return Location{}, fmt.Errorf("a location is file://FOLDER or s3://BUCKET/PREFIX")
	}
	return Location{Bucket: bucket, Prefix: prefix}, nil
}

// Open opens the store at uri. A folder is taken relative to base; a bucket
// with the endpoint, region and credentials of cfg.
func Open(uri, base string, cfg S3Config) (Store, error) {
	at, err := ParseLocation(uri)
	if err != nil {
		return nil, err
	}
	if at.Bucket != "" {
		cfg.Bucket, cfg.Prefix = at.Bucket, at.Prefix
		return OpenS3(cfg)
	}
	folder := filepath.FromSlash(at.Folder)
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(base, folder)
	}
	return OpenFile(folder)
}
