package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/governance/descriptor"
)

// indexName is the object that says what a domain on object storage publishes.
const indexName = "index.json"

// maxIndexBytes is how large an index may be.
const maxIndexBytes = 4 << 20

// index is index.json: exactly what it names is loaded. Each object holds one
// content for ever, so that whoever reads while another publishes sees the old
// state or the new one, never a mixture.
type index struct {
	Version uint64      `json:"version"` // only grows
	Files   []indexFile `json:"files"`   // by path
}

// indexFile is one descriptor.
type indexFile struct {
	Path   string `json:"path"` // where it stands in the domain's folder
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
	// Key is the object that holds it, if that is not Path.
	Key string `json:"key,omitempty"`
}

var (
	errIndexMismatch = errors.New("the files do not match their index")
	errIndexOlder    = errors.New("the index is older than the one in force")
)

// indexCursor reads what an index names. It remembers the newest version, and
// refuses older ones and another content under the same.
type indexCursor struct {
	version uint64
	sum     digest       // of the newest index
	read    *descriptors // what the newest index named; nil until it was read well
}

// look returns the descriptors that the index names now.
func (c *indexCursor) look(ctx context.Context, store objstore.Store) (*descriptors, error) {
	data, err := c.get(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	sum := sha256.Sum256(data)
	if sum == c.sum && c.read != nil {
		return c.read, nil
	}
	ix, err := parseIndex(data)
	if err != nil {
		return nil, err
	}
	if ix.Version < c.version || ix.Version == c.version && sum != c.sum {
		return nil, fmt.Errorf("%w: version %d after %d", errIndexOlder, ix.Version, c.version)
	}
	next, err := ix.load(ctx, store, c.read)
	if err != nil {
		return nil, err
	}
	*c = indexCursor{version: ix.Version, sum: sum, read: next}
	return next, nil
}

// indexTimeout bounds one look at an index, so that one answer that never comes
// does not hold up the next look.
const indexTimeout = 4 * time.Second

func (c *indexCursor) get(ctx context.Context, store objstore.Store) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	data, _, err := store.Get(ctx, indexName, maxIndexBytes)
	return data, err
}

// parseIndex reads and checks an index.
func parseIndex(data []byte) (*index, error) {
	ix := &index{}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(ix); err != nil || d.More() {
		return nil, fmt.Errorf("%w: the index is no JSON of the form wanted", errIndexMismatch)
	}
	if ix.Version == 0 || len(ix.Files) > maxFiles {
		return nil, fmt.Errorf("%w: no version, or too many files", errIndexMismatch)
	}
	total := 0
	seen := make(map[string]bool, len(ix.Files))
	for _, f := range ix.Files {
		if total += f.Size; f.Size < 0 || f.Size > descriptor.MaxSize || total > maxTotalBytes {
			return nil, errTooMuch
		}
		for _, name := range []string{f.Path, f.object()} {
			if _, err := cleanKey(name); err != nil || name == "" {
				return nil, fmt.Errorf("%w: a path is not clean", errIndexMismatch)
			}
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != sha256.Size || seen[f.Path] {
			return nil, fmt.Errorf("%w: a digest is none, or a path is named twice", errIndexMismatch)
		}
		seen[f.Path] = true
	}
	return ix, nil
}

// object is the key that holds the file.
func (f *indexFile) object() string {
	if f.Key != "" {
		return f.Key
	}
	return f.Path
}

// indexReaders is how many files of an index are read at the same time.
const indexReaders = 16

// load gets every file that the index names, from before where it has not changed.
func (ix *index) load(ctx context.Context, store objstore.Store, before *descriptors) (*descriptors, error) {
	contents := make([][]byte, len(ix.Files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(indexReaders)
	for i, f := range ix.Files {
		if before != nil {
			if data, ok := before.files[f.Path]; ok && f.holds(data) {
				contents[i] = data
				continue
			}
		}
		group.Go(func() (err error) {
			contents[i], err = f.get(ctx, store)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	d := &descriptors{files: make(map[string][]byte, len(ix.Files)), version: ix.Version}
	for i, f := range ix.Files {
		d.files[f.Path] = contents[i]
	}
	d.seal()
	return d, nil
}

// get reads the file, and makes sure that it is the one that was indexed.
func (f *indexFile) get(ctx context.Context, store objstore.Store) ([]byte, error) {
	data, _, err := store.Get(ctx, f.object(), descriptor.MaxSize)
	switch {
	case errors.Is(err, objstore.ErrNotFound), errors.Is(err, objstore.ErrTooLarge):
		return nil, fmt.Errorf("%w: %s: %w", errIndexMismatch, f.Path, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	case !f.holds(data):
		return nil, fmt.Errorf("%w: %s", errIndexMismatch, f.Path)
	}
	return data, nil
}

// holds reports whether data is what the index says of the file.
func (f *indexFile) holds(data []byte) bool {
	sum := sha256.Sum256(data)
	return len(data) == f.Size && strings.EqualFold(hex.EncodeToString(sum[:]), f.SHA256)
}

// newIndex indexes files. Each is held by an object named for its content.
func newIndex(version uint64, d *descriptors) *index {
	ix := &index{Version: version, Files: []indexFile{}}
	for name, data := range sorted(d.files) {
		sum := sha256.Sum256(data)
		hash := hex.EncodeToString(sum[:])
		ix.Files = append(ix.Files, indexFile{Path: name, Size: len(data), SHA256: hash, Key: path.Join("descriptors", hash+path.Ext(name))})
	}
	return ix
}

// names reports whether both indexes name the same contents.
func (ix *index) names(other *index) bool {
	if len(ix.Files) != len(other.Files) {
		return false
	}
	for i, f := range ix.Files {
		if o := other.Files[i]; f.Path != o.Path || !strings.EqualFold(f.SHA256, o.SHA256) {
			return false
		}
	}
	return true
}
