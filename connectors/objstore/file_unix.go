//go:build unix

package objstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// openNoWait keeps the opening of a FIFO from waiting for its other end.
const openNoWait = syscall.O_NONBLOCK

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino) //nolint:unconvert // it is narrower on other systems
	}
	return 0
}

// lockFolder excludes the writers of other processes until it is undone.
func lockFolder(ctx context.Context, root *os.Root) (unlock func(), err error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { d.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, d.Close())
		}
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			d.Close()
			return nil, err
		}
	}
}
