package catalog

import (
	"context"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
)

// openStore opens a folder or a bucket under the credentials that its reference
// names.
func openStore(_ context.Context, s Storage) (objstore.Store, error) {
	if s.IsFile() {
		return objstore.Open(s.URI, "", objstore.S3Config{})
	}
	keys, err := objstore.Credentials(s.Credentials)
	if err != nil {
		return nil, err
	}
	return objstore.Open(s.URI, "", objstore.S3Config{Endpoint: s.Endpoint, Region: s.Region, Credentials: keys})
}

// openPort opens Parquet files.
func openPort(_ context.Context, p Port) (connectors.Source, error) {
	cfg := connectors.PortConfig{Store: p.Store, Key: p.Key}
	for _, c := range p.Columns {
		cfg.Columns = append(cfg.Columns, connectors.PortColumn{Column: c.Column, Physical: c.Physical, Required: c.Column.Type.NotNull})
	}
	return connectors.OpenPort(cfg)
}
