package objstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Secret is what requests are signed with. It prints as nothing.
type Secret struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time // zero: never
}

const redacted = "[redacted]"

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Provider fetches a secret. It is called once at first, again shortly before
// the secret expires, and when the store refuses it.
type Provider func(ctx context.Context) (Secret, error)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Credentials resolves a reference: "env:NAME" is the variables
// NAME_ACCESS_KEY_ID, NAME_SECRET_ACCESS_KEY and, if set, NAME_SESSION_TOKEN;
// "file:PATH" the default profile of a credentials file; "default" the usual
// chain of the AWS tools; "" no signature at all.
func Credentials(ref string) (Provider, error) {
	kind, rest, _ := strings.Cut(ref, ":")
	switch {
	case ref == "":
		return func(context.Context) (Secret, error) { return Secret{}, nil }, nil
	case kind == "env" && envName.MatchString(rest):
		return fromEnv(rest), nil
	case kind == "file" && rest != "":
		return fromChain(&credentials.FileAWSCredentials{Filename: rest}), nil
	case ref == "default":
		return fromChain(&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}), nil
	}
	return nil, errors.New(`credentials are a reference: "env:NAME", "file:PATH" or "default"`)
}

func fromEnv(name string) Provider {
	return func(context.Context) (Secret, error) {
		s := Secret{
			AccessKeyID:     os.Getenv(name + "_ACCESS_KEY_ID"),
			SecretAccessKey: os.Getenv(name + "_SECRET_ACCESS_KEY"),
			SessionToken:    os.Getenv(name + "_SESSION_TOKEN"),
		}
		if s.AccessKeyID == "" || s.SecretAccessKey == "" {
			return Secret{}, fmt.Errorf("%s_ACCESS_KEY_ID or %s_SECRET_ACCESS_KEY is not set", name, name)
		}
		return s, nil
	}
}

// fromChain gives the first secret of the providers; a new chain each time, so
// that a rotated file is read again.
func fromChain(providers ...credentials.Provider) Provider {
	return func(ctx context.Context) (Secret, error) {
		cc := &credentials.CredContext{Client: &http.Client{Timeout: 5 * time.Second}, Context: ctx}
		for _, p := range providers {
			v, err := p.RetrieveWithCredContext(cc)
			if err == nil && v.AccessKeyID != "" && v.SecretAccessKey != "" {
				return Secret{v.AccessKeyID, v.SecretAccessKey, v.SessionToken, v.Expiration}, nil
			}
		}
		return Secret{}, errors.New("no credentials found") // causes may quote the file
	}
}

// expiryMargin is how long before its end a secret is no longer used.
const expiryMargin = time.Minute

// refreshAhead is how long before its end a secret is renewed if that works.
const refreshAhead = 5 * time.Minute

// keyring holds the current secret of a store; concurrent callers share one
// fetch.
type keyring struct {
	fetch Provider

	mu         sync.Mutex
	secret     Secret
	generation int // 0: none fetched yet
}

// get returns the secret and its generation.
func (k *keyring) get(ctx context.Context) (Secret, int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	left := time.Until(k.secret.Expires)
	if k.generation > 0 && (k.secret.Expires.IsZero() || left > refreshAhead) {
		return k.secret, k.generation, nil
	}
	if err := k.renew(ctx); err != nil && (k.generation == 0 || left <= expiryMargin) {
		return Secret{}, 0, err
	}
	return k.secret, k.generation, nil
}

// refresh replaces the secret unless that happened since the given generation.
func (k *keyring) refresh(ctx context.Context, generation int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.generation != generation {
		return nil
	}
	return k.renew(ctx)
}

func (k *keyring) renew(ctx context.Context) error {
	s, err := k.fetch(ctx)
	if err != nil {
		return err
	}
	k.secret = s
	k.generation++
	return nil
}
