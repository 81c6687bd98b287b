package connectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/connectors/parquet"
)

// PortConfig describes an output port of Parquet files.
type PortConfig struct {
	Store objstore.Store
	// Key is where the files are, below the store's root: a folder, an object, or
	// a pattern in which *, ? and [ ] stand for parts of a segment and ** for
	// segments of any number. In a folder, at any depth, files ending in
	// .parquet, .parq or .pq are data, unless a name on their way starts with .
	// or _. Folders named key=value give columns.
	Key     string
	Columns []PortColumn // what the contract names; nothing else exists
}

// PortColumn is a column of the contract.
type PortColumn struct {
	Column
	Physical string // name in the files; empty: Name
	Required bool   // a file without it fails the query, else it reads as NULL
}

// Port is a source over the Parquet files of an output port. The contract names
// its columns; a file's other columns do not exist. Folders named key=value give
// columns too.
//
// Plain files are read under the versions that two equal listings show: weaker
// than a published snapshot, since files of one listing need not belong together.
type Port struct {
	cfg     PortConfig
	layout  layout
	columns []Column
	footers *footerCache
}

const (
	maxFiles       = 10_000 // of a port
	maxListings    = 6      // until two are equal
	footersAtOnce  = 16
	maxFooterCells = 1 << 20 // row groups times columns kept in the cache
)

// Failures of a port that are not its store's or its files'.
var (
	// ErrNoData says that there is no file.
	ErrNoData = errors.New("no data file")
	// ErrUnstable says that the files changed while they were listed.
	ErrUnstable = errors.New("files are changing")
	// ErrContract says that a file does not fit the contract.
	ErrContract = errors.New("a file does not fit the contract")
)

// Class names a failure of storage in words for users, and reports whether err
// is one; if not, a file itself is unreadable or does not fit.
func Class(err error) (string, bool) {
	for _, file := range []error{parquet.ErrCorrupt, parquet.ErrUnsupported, parquet.ErrLimit, ErrContract} {
		if errors.Is(err, file) {
			return "", false
		}
	}
	for _, class := range []error{
		ErrNoData, ErrUnstable, objstore.ErrChanged, objstore.ErrNotFound, objstore.ErrDenied, objstore.ErrThrottled,
		objstore.ErrUnavailable, objstore.ErrCorrupt, objstore.ErrTooMany, objstore.ErrTooLarge, objstore.ErrOutside,
	} {
		if errors.Is(err, class) {
			return class.Error(), true
		}
	}
	return "", false
}

// OpenPort returns the source of a port. It reads nothing yet.
func OpenPort(cfg PortConfig) (*Port, error) {
	l, err := newLayout(cfg.Key)
	if err != nil {
		return nil, err
	}
	p := &Port{cfg: cfg, layout: l, footers: newFooterCache(maxFooterCells)}
	for _, c := range cfg.Columns {
		p.columns = append(p.columns, c.Column)
	}
	return p, nil
}

// Columns implements Source.
func (p *Port) Columns() []Column { return p.columns }

// Pin implements Source: it lists until two listings are equal and reads the
// footers of those versions.
func (p *Port) Pin(ctx context.Context) (Snapshot, error) {
	objects, err := p.list(ctx)
	if err != nil {
		return nil, err
	}
	s := &portSnapshot{port: p, id: snapshotID(objects), files: make([]*portFile, len(objects))}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(footersAtOnce)
	for i, o := range objects {
		g.Go(func() error {
			f, err := p.footers.open(gctx, p.cfg.Store, o)
			if err == nil {
				s.files[i] = p.bind(f)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return s, nil
}

// list returns the port's files in key order.
func (p *Port) list(ctx context.Context) ([]objstore.Object, error) {
	var last []objstore.Object
	for n := range maxListings {
		all, err := p.cfg.Store.List(ctx, p.layout.prefix, maxFiles)
		if err != nil {
			return nil, err
		}
		objects := slices.DeleteFunc(all, func(o objstore.Object) bool { return !p.layout.holds(o.Key) })
		if n > 0 && slices.EqualFunc(objects, last, sameVersion) {
			if len(objects) == 0 {
				return nil, ErrNoData
			}
			return objects, nil
		}
		last = objects
	}
	return nil, ErrUnstable
}

func sameVersion(a, b objstore.Object) bool {
	return a.Key == b.Key && a.ETag == b.ETag && a.Size == b.Size
}

func snapshotID(objects []objstore.Object) string {
	h := sha256.New()
	for _, o := range objects {
		fmt.Fprintf(h, "%q %q %d\n", o.Key, o.ETag, o.Size)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
