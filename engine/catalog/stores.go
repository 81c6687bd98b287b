package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
)

// openStore opens a folder or a bucket.
func openStore(_ context.Context, s Storage) (objstore.Store, error) {
	folder, ok := strings.CutPrefix(s.URI, "file://")
	if !ok {
		return nil, fmt.Errorf("%w: no object storage in this build", objstore.ErrUnavailable)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", objstore.ErrNotFound, err)
	}
	return &folderStore{root: root}, nil
}

// openPort opens Parquet files.
func openPort(_ context.Context, p Port) (connectors.Source, error) {
	return nil, errors.New("no Parquet in this build")
}

// folderStore reads a folder.
type folderStore struct {
	objstore.Store
	root *os.Root
}

func (f *folderStore) List(_ context.Context, prefix string, limit int) ([]objstore.Object, error) {
	var objects []objstore.Object
	start := path.Dir(prefix + "x")
	err := fs.WalkDir(f.root.FS(), start, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Type().IsRegular() {
			objects = append(objects, objstore.Object{Key: name})
		}
		return nil
	})
	return objects, err
}

func (f *folderStore) Get(_ context.Context, key string, limit int64) ([]byte, objstore.Object, error) {
	file, err := f.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		err = objstore.ErrNotFound
	}
	if err != nil {
		return nil, objstore.Object{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit))
	return data, objstore.Object{Key: key}, err
}
