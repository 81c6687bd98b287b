package objstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// S3Config says where a store is and who asks.
type S3Config struct {
	Endpoint    string // https://host[:port], or http:// if the operator accepts that; empty: AWS's in Region
	Region      string // empty: us-east-1
	Bucket      string
	Prefix      string            // a folder in the bucket, empty: all of it
	Credentials Provider          // nil: requests are not signed
	Transport   http.RoundTripper // nil: one of the store's own
	Logger      *slog.Logger      // for the operator; nil: none
}

// s3Store is a prefix of a bucket.
//
// Requests are made here and only signed by minio-go: its client lists without
// a context, sleeps after a last attempt, and retries where this package does.
type s3Store struct {
	base      url.URL // of the bucket, path ending in a slash
	region    string
	prefix    string // empty or ending in a slash
	keys      *keyring
	health    *endpoint
	transport http.RoundTripper
	log       *slog.Logger
}

// OpenS3 returns the store of a bucket or of a folder in it. It makes no request.
func OpenS3(cfg S3Config) (Store, error) {
	s := &s3Store{region: cfg.Region, health: newEndpoint(), transport: cfg.Transport, log: cfg.Logger}
	if s.region == "" {
		s.region = "us-east-1"
	}
	endpoint := cfg.Endpoint
	if endpoint == "" {
		endpoint = "https://s3." + s.region + ".amazonaws.com"
	}
	base, err := url.Parse(endpoint)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" || strings.Trim(base.Path, "/") != "" {
		return nil, errors.New("an object store's endpoint is https://host[:port]")
	}
	if err := s3utils.CheckValidBucketNameStrict(cfg.Bucket); err != nil {
		return nil, fmt.Errorf("bucket name: %w", err)
	}
	if s3utils.IsVirtualHostSupported(*base, cfg.Bucket) && !strings.Contains(cfg.Bucket, ".") {
		base.Host, base.Path = cfg.Bucket+"."+base.Host, "/"
	} else {
		base.Path = "/" + cfg.Bucket + "/"
	}
	s.base = *base
	if s.prefix = strings.Trim(cfg.Prefix, "/"); s.prefix != "" {
		s.prefix += "/"
	}
	if !validPrefix(s.prefix) {
		return nil, errors.New("an object store's prefix is a plain path")
	}
	if cfg.Credentials == nil {
		cfg.Credentials = func(context.Context) (Secret, error) { return Secret{}, nil }
	}
	s.keys = &keyring{fetch: cfg.Credentials}
	if s.transport == nil {
		s.transport = newTransport()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// newTransport returns a transport for one endpoint. It never decompresses, as
// ranges are of stored bytes.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: stallTimeout,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
	}
}

func (s *s3Store) Stat(ctx context.Context, key string) (o Object, err error) {
	if !validKey(key) {
		return Object{}, &Error{Class: ErrOutside, Op: "stat", key: key}
	}
	err = s.do(ctx, "stat", key, func(a *attempt) error {
		resp, err := a.send(http.MethodHead, s.prefix+key, nil, nil, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return a.refused(resp)
		}
		o, err = a.object(resp, key, resp.ContentLength)
		return err
	})
	return o, err
}

func (s *s3Store) Delete(ctx context.Context, key string) error {
	if !validKey(key) {
		return &Error{Class: ErrOutside, Op: "delete", key: key}
	}
	return s.do(ctx, "delete", key, func(a *attempt) error {
		resp, err := a.send(http.MethodDelete, s.prefix+key, nil, nil, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK, http.StatusNoContent, http.StatusNotFound:
			return nil
		}
		return a.refused(resp)
	})
}
