package catalog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/governance/descriptor"
)

// Caps on what one domain, or the guild, may publish.
const (
	maxFiles      = 10_000
	maxTotalBytes = 16 << 20
)

// descriptors are the files of a domain or of the guild, as they were at one
// moment.
type descriptors struct {
	files   map[string][]byte // by path under the URI
	version uint64            // of the index; 0: read from a folder
	digest  digest            // of all of it
}

var (
	errUnstable = errors.New("the files keep changing")
	errTooMuch  = fmt.Errorf("more than %d files or %d MiB of descriptors", maxFiles, maxTotalBytes>>20)
)

// digest identifies a state of descriptors.
type digest = [sha256.Size]byte

// readFolder reads a folder until two readings in a row are equal, so that a
// change of several files is seen whole or not at all; the state called known
// counts as the first. A domain's globs are those of its domain.yaml; the guild's
// are given.
func readFolder(ctx context.Context, store objstore.Store, known digest, globs ...string) (*descriptors, error) {
	var before *descriptors
	for range 6 {
		now, err := readFolderOnce(ctx, store, globs)
		switch {
		case errors.Is(err, objstore.ErrNotFound) && before != nil:
			before = nil
			continue
		case err != nil:
			return nil, err
		case now.digest == known, before != nil && now.digest == before.digest:
			return now, nil
		}
		before = now
	}
	return nil, errUnstable
}

func readFolderOnce(ctx context.Context, store objstore.Store, globs []string) (*descriptors, error) {
	d := &descriptors{files: map[string][]byte{}}
	total := 0
	get := func(key string) error {
		if _, ok := d.files[key]; ok {
			return nil
		}
		data, _, err := store.Get(ctx, key, descriptor.MaxSize+1)
		if errors.Is(err, objstore.ErrTooLarge) {
			data, err = make([]byte, descriptor.MaxSize+1), nil // refused by the parser, with a position
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if total += len(data); total > maxTotalBytes || len(d.files) >= maxFiles {
			return errTooMuch
		}
		d.files[key] = data
		return nil
	}
	if len(globs) == 0 {
		if err := get(domainFileName); err != nil {
			return nil, err
		}
		if f, _ := readDomainFile(d.files[domainFileName], ""); f != nil {
			globs = []string{f.Products.Text, f.Policies.Text}
		}
	}
	for _, glob := range globs {
		objects, err := store.List(ctx, fixedPrefix(glob), maxFiles)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if ok, err := path.Match(glob, o.Key); err != nil || !ok {
				continue
			}
			if err := get(o.Key); err != nil {
				return nil, err
			}
		}
	}
	d.seal()
	return d, nil
}

// seal computes the digest.
func (d *descriptors) seal() {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", d.version)
	for name, data := range sorted(d.files) {
		fmt.Fprintf(h, "%d %s %x\n", len(name), name, sha256.Sum256(data))
	}
	h.Sum(d.digest[:0])
}

// fixedPrefix is the folder part of a glob before its first special character.
func fixedPrefix(glob string) string {
	fixed := glob
	if i := strings.IndexAny(glob, `*?[\`); i >= 0 {
		fixed = glob[:i]
	}
	return fixed[:strings.LastIndex(fixed, "/")+1]
}

// reasonOf says in a few words, without paths or endpoints, why a read failed.
func reasonOf(err error) string {
	var ds Diagnostics
	switch {
	case errors.As(err, &ds):
		return "a descriptor is invalid"
	case errors.Is(err, errIndexMismatch), errors.Is(err, objstore.ErrCorrupt):
		return "its descriptors do not match their index"
	case errors.Is(err, objstore.ErrDenied):
		return "access to its storage is denied"
	case errors.Is(err, objstore.ErrNotFound):
		return "its descriptors are not there"
	case errors.Is(err, objstore.ErrOutside):
		return "a path leads out of its storage"
	case errors.Is(err, errUnstable):
		return "its descriptors keep changing"
	case errors.Is(err, errTooMuch), errors.Is(err, objstore.ErrTooMany), errors.Is(err, objstore.ErrTooLarge):
		return "its descriptors are too many or too large"
	case errors.Is(err, errIndexOlder):
		return "its index is older than the one in force"
	}
	return "its storage does not answer"
}
