package objstore

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Open opens the store at uri. A folder is taken relative to base; a bucket
// with the endpoint, region and credentials of cfg.
func Open(uri, base string, cfg S3Config) (Store, error) {
	at, err := parseLocation(uri)
	if err != nil {
		return nil, err
	}
	if at.bucket != "" {
		cfg.Bucket, cfg.Prefix = at.bucket, at.prefix
		return OpenS3(cfg)
	}
	folder := filepath.FromSlash(at.folder)
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(base, folder)
	}
	return OpenFile(folder)
}

// location is a parsed URI of a store.
type location struct {
	folder         string // file://: a path
	bucket, prefix string // s3://; the prefix without slashes at its ends
}

// parseLocation reads "file://PATH" or "s3://BUCKET[/PREFIX]".
func parseLocation(uri string) (location, error) {
	if path, ok := strings.CutPrefix(uri, "file://"); ok && path != "" {
		return location{folder: path}, nil
	}
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if !ok || bucket == "" || !validPrefix(prefix) || strings.ContainsAny(uri, "?#") || bucket != url.PathEscape(bucket) {
		return location{}, fmt.Errorf("a location is file://FOLDER or s3://BUCKET/PREFIX")
	}
	return location{bucket: bucket, prefix: prefix}, nil
}
