package engine

import (
	"context"
	"log/slog"

	"github.com/meshql/meshql/engine/catalog"
	"github.com/meshql/meshql/engine/mysqlfn"
)

// Validate checks the files of a mesh or of one domain as Open would read and
// compile them, and opens nothing.
func Validate(ctx context.Context, path string, log *slog.Logger) (*catalog.Report, error) {
	e := &Engine{functions: mysqlfn.New()}
	return catalog.Validate(ctx, path, catalog.Options{Log: log, Functions: e.functions, Fold: e.foldPolicy})
}
