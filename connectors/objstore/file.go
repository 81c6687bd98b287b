package objstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"sync"
	"syscall"
)

// tempPrefix marks files that a Put is still writing; they are no objects.
const tempPrefix = ".meshql-put-"

// fileStore is a folder. Every path is resolved by os.Root, so that no link
// leads out of it; only regular files are objects.
type fileStore struct {
	root *os.Root
	mu   sync.Mutex // with the folder's lock: one conditional write at a time
}

// OpenFile returns the store of a folder, which must exist.
func OpenFile(root string) (Store, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fileError("open", "", err)
	}
	return &fileStore{root: r}, nil
}

func (s *fileStore) List(ctx context.Context, prefix string, max int) ([]Object, error) {
	if !validPrefix(prefix) {
		return nil, &Error{Class: ErrOutside, Op: "list", key: prefix}
	}
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i > 0 {
		start = prefix[:i]
	}
	var objects []Object
	err := fs.WalkDir(s.root.FS(), path.Clean(start), func(key string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				return nil // gone since its folder was read, or never a folder
			}
			return err
		}
		if d.IsDir() {
			if key != "." && !strings.HasPrefix(key+"/", prefix) && !strings.HasPrefix(prefix, key+"/") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasPrefix(key, prefix) || strings.HasPrefix(path.Base(key), tempPrefix) {
			return nil
		}
		info, err := s.root.Stat(key)
		if errors.Is(err, fs.ErrNotExist) && d.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return errNotRegular
		}
		if len(objects) == max {
			return ErrTooMany
		}
		objects = append(objects, fileObject(key, info))
		return nil
	})
	if err != nil {
		return nil, fileError("list", prefix, err)
	}
	sort.Slice(objects, func(i, j int) bool { return objects[i].Key < objects[j].Key })
	return objects, nil
}

func (s *fileStore) Stat(ctx context.Context, key string) (Object, error) {
	f, o, err := s.open(ctx, key)
	if err != nil {
		return Object{}, fileError("stat", key, err)
	}
	return o, fileError("stat", key, f.Close())
}

func (s *fileStore) Get(ctx context.Context, key string, max int64) ([]byte, Object, error) {
	f, o, err := s.open(ctx, key)
	if err != nil {
		return nil, Object{}, fileError("get", key, err)
	}
	defer f.Close()
	if o.Size > max {
		return nil, Object{}, fileError("get", key, ErrTooLarge)
	}
	data := make([]byte, o.Size)
	if err := readVersion(f, o, data, 0); err != nil {
		return nil, Object{}, fileError("get", key, err)
	}
	return data, o, nil
}

func (s *fileStore) ReadAt(ctx context.Context, o Object, p []byte, off int64) error {
	if err := checkRange(o, p, off); err != nil {
		return fileError("read", o.Key, err)
	}
	f, now, err := s.open(ctx, o.Key)
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.ETag != o.ETag {
		err = errors.Join(ErrChanged, closeFile(f))
	}
	if err != nil {
		return fileError("read", o.Key, err)
	}
	defer f.Close()
	return fileError("read", o.Key, readVersion(f, o, p, off))
}

func (s *fileStore) Put(ctx context.Context, key string, data []byte, c Condition) (Object, error) {
	if !validKey(key) || strings.HasPrefix(path.Base(key), tempPrefix) {
		return Object{}, fileError("put", key, ErrOutside)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	unlock, err := lockFolder(ctx, s.root)
	if err != nil {
		return Object{}, fileError("put", key, err)
	}
	defer unlock()
	if err := s.check(ctx, key, c); err != nil {
		return Object{}, fileError("put", key, err)
	}
	o, err := s.write(key, data, c.IfNoneMatch)
	return o, fileError("put", key, err)
}

func (s *fileStore) Delete(ctx context.Context, key string) error {
	f, _, err := s.open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		if err = s.root.Remove(key); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return fileError("delete", key, err)
}

// open opens a regular file without waiting for a writer, should it be a FIFO.
func (s *fileStore) open(ctx context.Context, key string) (*os.File, Object, error) {
	if !validKey(key) {
		return nil, Object{}, ErrOutside
	}
	if err := ctx.Err(); err != nil {
		return nil, Object{}, err
	}
	f, err := s.root.OpenFile(key, os.O_RDONLY|openNoWait, 0)
	if err != nil {
		return nil, Object{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, Object{}, err
	}
	return f, fileObject(key, info), nil
}

// check tests c; the folder is locked.
func (s *fileStore) check(ctx context.Context, key string, c Condition) error {
	if !c.IfNoneMatch && c.IfMatch == "" {
		return ctx.Err()
	}
	f, now, err := s.open(ctx, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if c.IfMatch != "" {
			return ErrPrecondition
		}
		return nil
	case err != nil:
		return err
	case c.IfNoneMatch || now.ETag != c.IfMatch:
		return errors.Join(ErrPrecondition, f.Close())
	}
	return f.Close()
}

// write puts data under key in one step: readers see the old file or the new.
func (s *fileStore) write(key string, data []byte, exclusive bool) (Object, error) {
	dir := path.Dir(key)
	if err := s.root.MkdirAll(dir, 0o755); err != nil {
		return Object{}, err
	}
	temp := path.Join(dir, tempPrefix+rand.Text())
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Object{}, err
	}
	defer s.root.Remove(temp) //nolint:errcheck // fails once it is renamed
	_, err = io.Copy(f, bytes.NewReader(data))
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return Object{}, err
	}
	if exclusive { // a link never replaces, whoever else writes here
		if err = s.root.Link(temp, key); errors.Is(err, fs.ErrExist) {
			err = ErrPrecondition
		}
	} else {
		err = s.root.Rename(temp, key)
	}
	if err != nil {
		return Object{}, err
	}
	return fileObject(key, info), syncFolder(s.root, dir)
}

var errNotRegular = fmt.Errorf("%w: not a regular file", ErrOutside)

// readVersion fills p and makes sure that the file was still o when it ended.
func readVersion(f *os.File, o Object, p []byte, off int64) error {
	if _, err := f.ReadAt(p, off); err != nil && (err != io.EOF || len(p) > 0) {
		if err == io.EOF {
			return ErrChanged
		}
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if fileObject(o.Key, info).ETag != o.ETag {
		return ErrChanged
	}
	return nil
}

// checkRange refuses a range that the version does not have.
func checkRange(o Object, p []byte, off int64) error {
	if off < 0 || off > o.Size || int64(len(p)) > o.Size-off {
		return fmt.Errorf("%w: range beyond the object", ErrCorrupt)
	}
	return nil
}

func fileObject(key string, info fs.FileInfo) Object {
	m := info.ModTime()
	return Object{
		Key: key, Size: info.Size(), Modified: m,
		ETag: fmt.Sprintf("%x-%x-%x", inode(info), info.Size(), m.UnixNano()),
	}
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

func syncFolder(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileError gives err its class and takes the path out of it.
func fileError(op, key string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Attempts: 1, key: key, cause: err, Class: ErrUnavailable}
	for _, class := range []error{ErrChanged, ErrPrecondition, ErrTooMany, ErrTooLarge, ErrCorrupt, ErrOutside} {
		if errors.Is(err, class) {
			e.Class = class
			return e
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Class = ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		e.Class = ErrDenied
	case isEscape(err):
		e.Class = ErrOutside
	}
	return e
}

// isEscape reports whether os.Root refused a path that leads out.
func isEscape(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p) && strings.Contains(p.Err.Error(), "escapes")
}
