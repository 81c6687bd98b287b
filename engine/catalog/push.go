package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/governance/descriptor"
)

// PushOptions say what to push and where to.
type PushOptions struct {
	Folder string  // a domain's, with its domain.yaml, or the guild's
	To     Storage // URI, endpoint, region and reference to credentials
	Guild  bool    // the folder is the guild's
	Strict bool    // warnings stop the push too
	// OpenStore opens To; nil opens folders and buckets.
	OpenStore func(context.Context, Storage) (objstore.Store, error)
}

// Pushed is what a push has done.
type Pushed struct {
	Version   uint64 // of the index in force now
	Files     int    // that it names
	Uploaded  int    // that were not there yet
	Unchanged bool   // the index named exactly these files already
}

// ErrRace says that another push moved the index meanwhile: its state is in
// force and this one is not. Look at it, and push again.
var ErrRace = errors.New("another push was faster; nothing of this one is in force; push again")

// Push validates a folder, uploads its descriptors, and then moves the index in
// one conditional write, so that of two pushes one wins and the other gets
// [ErrRace]. Killed at any moment it leaves the old state or the new one in force.
// Findings that stop it are returned as Diagnostics.
func Push(ctx context.Context, o PushOptions) (Pushed, Diagnostics, error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return Pushed{}, nil, fmt.Errorf("folder: %w", err)
	}
	d, found, err := readForPush(ctx, folder, o)
	if err != nil || found.Err() != nil || o.Strict && len(found) > 0 {
		return Pushed{}, found, err
	}
	open := o.OpenStore
	if open == nil {
		open = storeOpener(nil)
	}
	store, err := open(ctx, o.To)
	if err != nil {
		return Pushed{}, found, fmt.Errorf("open storage: %w", err)
	}
	p, err := push(ctx, store, d)
	return p, found, err
}

// readForPush reads the folder and finds what would keep it from being loaded.
func readForPush(ctx context.Context, folder string, o PushOptions) (*descriptors, Diagnostics, error) {
	source, err := Storage{URI: "file://" + filepath.ToSlash(folder)}.open(nil)
	if err != nil {
		return nil, nil, fmt.Errorf("open folder: %w", err)
	}
	if o.Guild {
		d, err := readFolder(ctx, source, digest{}, guildGlob)
		if err != nil {
			return nil, nil, fmt.Errorf("read folder: %w", err)
		}
		return d, checkPolicies(d), nil
	}
	d, err := readFolder(ctx, source, digest{})
	if err != nil {
		return nil, nil, fmt.Errorf("read folder: %w", err)
	}
	// The mesh that will read it has one domain here, at the URI it is pushed to.
	// It may list more locations, or another endpoint, so that is only a warning.
	m := &meshFile{dir: folder}
	entry := &storageEntry{Endpoint: o.To.Endpoint}
	entry.URI.Text = o.To.URI
	_, found := checkDomain("", d, entry, m)
	for i := range found {
		if found[i].Rule == ruleElsewhere {
			found[i].Severity = descriptor.Warning
		}
	}
	return d, found, nil
}

// push uploads what is not there yet and moves the index.
func push(ctx context.Context, store objstore.Store, d *descriptors) (Pushed, error) {
	current, condition, err := currentIndex(ctx, store)
	if err != nil {
		return Pushed{}, err
	}
	next := newIndex(current.Version+1, d)
	result := Pushed{Version: current.Version, Files: len(next.Files)}
	if current.Version > 0 && current.names(next) {
		result.Unchanged = true
		return result, nil
	}
	for _, f := range next.Files {
		_, err := store.Put(ctx, f.Key, d.files[f.Path], objstore.Condition{IfNoneMatch: true})
		switch {
		case errors.Is(err, objstore.ErrPrecondition): // it is there: its name is its content
			if err := verify(ctx, store, f); err != nil {
				return Pushed{}, err
			}
		case err != nil:
			return Pushed{}, fmt.Errorf("upload %s: %w", f.Path, err)
		default:
			result.Uploaded++
		}
	}
	data, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return Pushed{}, fmt.Errorf("index: %w", err)
	}
	if len(data) > maxIndexBytes {
		return Pushed{}, errTooMuch
	}
	if _, err := store.Put(ctx, indexName, data, condition); err != nil {
		// A write may have succeeded although its answer was lost, and then a
		// retry fails on the condition: what is there now decides.
		if now, _, getErr := store.Get(ctx, indexName, maxIndexBytes); getErr == nil && string(now) == string(data) {
			err = nil
		}
		if errors.Is(err, objstore.ErrPrecondition) {
			return Pushed{}, ErrRace
		}
		if err != nil {
			return Pushed{}, fmt.Errorf("move the index: %w", err)
		}
	}
	result.Version = next.Version
	return result, nil
}

// currentIndex returns the index in force, an empty one if there is none, and
// the condition under which it may be replaced.
func currentIndex(ctx context.Context, store objstore.Store) (*index, objstore.Condition, error) {
	data, object, err := store.Get(ctx, indexName, maxIndexBytes)
	if errors.Is(err, objstore.ErrNotFound) {
		return &index{}, objstore.Condition{IfNoneMatch: true}, nil
	}
	if err != nil {
		return nil, objstore.Condition{}, fmt.Errorf("read the index in force: %w", err)
	}
	ix, err := parseIndex(data)
	if err != nil {
		return nil, objstore.Condition{}, fmt.Errorf("the index in force cannot be read; repair or remove it: %w", err)
	}
	if strings.TrimSpace(object.ETag) == "" {
		return nil, objstore.Condition{}, fmt.Errorf("the object store gives no ETag, so the index cannot be moved safely")
	}
	return ix, objstore.Condition{IfMatch: object.ETag}, nil
}

// verify makes sure that an object holds what its name says.
func verify(ctx context.Context, store objstore.Store, f indexFile) error {
	data, _, err := store.Get(ctx, f.Key, maxIndexBytes)
	if err != nil {
		return fmt.Errorf("verify %s: %w", f.Path, err)
	}
	if !f.holds(data) {
		return fmt.Errorf("verify %s: %w: remove the object that bears its name", f.Path, errIndexMismatch)
	}
	return nil
}
