package objstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
)

// Error is a failed operation. Its text names the class alone; what an operator
// needs beside it is in LogValue.
type Error struct {
	Class    error  // one of the Err values
	Op       string // list, stat, get, read, put or delete
	Attempts int    // requests made

	key       string
	status    int    // of the HTTP answer, 0 without one
	code      string // S3's error code
	requestID string
	reason    string // what was wrong with an answer
	cause     error
}

// Error implements error; the text is safe to show.
func (e *Error) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("storage %s: %v after %d attempts", e.Op, e.Class, e.Attempts)
	}
	return fmt.Sprintf("storage %s: %v", e.Op, e.Class)
}

// Unwrap returns the class, and the context's error if that ended the operation.
func (e *Error) Unwrap() []error {
	if e.cause != nil && isContextError(e.cause) {
		return []error{e.Class, e.cause}
	}
	return []error{e.Class}
}

// LogValue gives the detail for the operator's log, without secrets.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("op", e.Op), slog.String("class", e.Class.Error()),
		slog.String("key", e.key), slog.Int("attempts", e.Attempts),
	}
	if e.status != 0 {
		attrs = append(attrs, slog.Int("status", e.status), slog.String("code", e.code), slog.String("request_id", e.requestID))
	}
	if e.reason != "" {
		attrs = append(attrs, slog.String("reason", e.reason))
	}
	if e.cause != nil {
		attrs = append(attrs, slog.String("cause", redact(e.cause.Error())))
	}
	return slog.GroupValue(attrs...)
}

// secrets finds what a transport's error may carry of a signed request.
var secrets = regexp.MustCompile(`(?i)(authorization|signature|credential|x-amz-[a-z0-9-]+|access_?key[a-z_]*|secret[a-z_]*|token)(["']?\s*[=:]\s*["']?)[^&\s"',;]+`)

// userinfo finds credentials in a URL.
var userinfo = regexp.MustCompile(`://[^/\s@]*@`)

func redact(s string) string {
	return userinfo.ReplaceAllString(secrets.ReplaceAllString(s, "$1$2***"), "://***@")
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
