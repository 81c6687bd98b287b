package parquet

import (
	"errors"
	"fmt"
)

// Classes of failure. Errors of this package wrap one of them, an error of the
// store, vec.ErrBudget, or the context's error. Their texts hold no data value
// and no name from the file.
var (
	// ErrCorrupt says that the bytes are no valid Parquet file.
	ErrCorrupt = errors.New("damaged Parquet file")
	// ErrUnsupported says that the file uses a feature that is not read here.
	ErrUnsupported = errors.New("unsupported Parquet feature")
	// ErrLimit says that the file goes beyond a size that is read here.
	ErrLimit = errors.New("Parquet file beyond a size limit")
)

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrLimit}, args...)...)
}

var errClosed = errors.New("parquet: the reader is closed")

// quarantine turns a panic into an error: a mistake in decoding a stranger's
// file must not end the process.
func quarantine(err *error, what string) {
	if recover() != nil {
		*err = corrupt("%s cannot be decoded", what)
	}
}
