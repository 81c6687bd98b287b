package catalog

import (
	"context"
	"errors"

	"github.com/meshql/meshql/connectors/objstore"
)

var (
	errIndexMismatch = errors.New("the files do not match their index")
	errIndexOlder    = errors.New("the index is older than the one in force")
)

// indexCursor reads what an index names, and remembers the newest version.
type indexCursor struct{}

func (*indexCursor) read(context.Context, objstore.Store) (*descriptors, error) {
	return nil, objstore.ErrUnavailable
}
