//go:build unix

package objstore_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
)

// TestFolderIsConfined tries what leads out of a folder or is no file (J2).
func TestFolderIsConfined(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "inside"), []byte("in"), 0o600))
	for name, target := range map[string]string{
		"bad/link": filepath.Join(outside, "secret"), "bad/up": "../../" + filepath.Base(outside) + "/secret",
		"bad/folder": outside, "bad/proc": "/proc/self/environ", "good/link": "../inside",
	} {
		must(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		must(os.Symlink(target, filepath.Join(dir, name)))
	}
	must(os.MkdirAll(filepath.Join(dir, "fifo"), 0o700))
	must(syscall.Mkfifo(filepath.Join(dir, "fifo", "pipe"), 0o600))
	must(os.MkdirAll(filepath.Join(dir, "socket"), 0o700))
	l, err := net.Listen("unix", filepath.Join(dir, "socket", "s"))
	must(err)
	defer l.Close()

	s, err := objstore.OpenFile(dir)
	must(err)
	for _, key := range []string{"bad/link", "bad/up", "bad/folder/secret", "bad/proc", "fifo/pipe", "socket/s", "good"} {
		if data, _, err := s.Get(t.Context(), key, 1000); err == nil {
			t.Errorf("%s: read %q", key, data)
		}
		if err := s.ReadAt(t.Context(), objstore.Object{Key: key, Size: 6, ETag: "x"}, make([]byte, 6), 0); err == nil {
			t.Errorf("%s: read", key)
		}
	}
	for _, prefix := range []string{"", "bad/", "fifo/", "socket/"} {
		if l, err := s.List(t.Context(), prefix, 100); !errors.Is(err, objstore.ErrOutside) {
			t.Errorf("%q: listed %v, %v", prefix, l, err)
		}
	}
	if _, err := s.Put(t.Context(), "bad/folder/x", nil, objstore.Condition{}); !errors.Is(err, objstore.ErrOutside) {
		t.Errorf("wrote through a link: %v", err)
	}
	if data, _, err := s.Get(t.Context(), "good/link", 10); err != nil || string(data) != "in" {
		t.Errorf("a link inside: %q, %v", data, err)
	}
}

// TestFileVersions changes a file under a reader.
func TestFileVersions(t *testing.T) {
	dir := t.TempDir()
	s, err := objstore.OpenFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "f")
	for name, change := range map[string]func() error{
		"truncated": func() error { return os.Truncate(path, 3) },
		"longer":    func() error { return os.WriteFile(path, []byte("0123456789abc"), 0o600) },
		"removed":   func() error { return os.Remove(path) },
		"folder":    func() error { return errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700)) },
	} {
		o, err := s.Put(t.Context(), "f", []byte("0123456789"), objstore.Condition{})
		if err = errors.Join(err, change()); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 3)
		if err := s.ReadAt(t.Context(), o, p, 0); err == nil {
			t.Errorf("%s: read %q", name, p)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}
