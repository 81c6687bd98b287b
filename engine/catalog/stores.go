package catalog

import (
	"context"
	"log/slog"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
)

// open opens a folder or a bucket under the credentials that its reference
// names. The log, if not nil, gets what the operator should know of it.
func (s Storage) open(log *slog.Logger) (objstore.Store, error) {
	if s.IsFile() {
		return objstore.Open(s.URI, "", objstore.S3Config{})
	}
	keys, err := objstore.Credentials(s.Credentials)
	if err != nil {
		return nil, err
	}
	return objstore.Open(s.URI, "", objstore.S3Config{Endpoint: s.Endpoint, Region: s.Region, Credentials: keys, Logger: log})
}

// storeOpener opens stores that log to log.
func storeOpener(log *slog.Logger) func(context.Context, Storage) (objstore.Store, error) {
	return func(_ context.Context, s Storage) (objstore.Store, error) { return s.open(log) }
}

// openPort opens Parquet files.
func openPort(_ context.Context, p Port) (connectors.Source, error) {
	cfg := connectors.PortConfig{Store: p.Store, Key: p.Key}
	for _, c := range p.Columns {
		cfg.Columns = append(cfg.Columns, connectors.PortColumn{Column: c.Column, Physical: c.Physical, Required: c.Column.Type.NotNull})
	}
	return connectors.OpenPort(cfg)
}
