package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// DirEnv is the environment variable that names the directory of the pool.
const DirEnv = "QEMU_TEST_POOL_DIR"

// defaultDir returns the place on which all processes of the user agree: what
// QEMU_TEST_POOL_DIR says, or the first of a few in which a directory that is
// the user's alone exists or can be made. The error is that of the last one.
func defaultDir() (string, error) {
	if dir := os.Getenv(DirEnv); dir != "" {
		if !filepath.IsAbs(dir) { // different for each package
			return "", fmt.Errorf("%s must be an absolute path; it is %q", DirEnv, dir)
		}
		return dir, nil
	}
	private := "qemutest-pool-" + strconv.Itoa(os.Geteuid())
	var err error
	for _, parent := range append(sharedDirs(), os.TempDir()) {
		if !filepath.IsAbs(parent) { // unset, or different for each process
			err = fmt.Errorf("%q is not an absolute path", parent)
			continue
		}
		dir := filepath.Join(parent, private)
		var f *os.File
		if f, err = openDir(dir); err == nil {
			f.Close()
			return dir, nil
		}
	}
	return "", fmt.Errorf("the machine pool needs a directory that all your processes share; set TMPDIR to one of yours: %w", err)
}

// A lockedDir is the pool's directory, locked against all other attempts of
// this and other processes.
type lockedDir struct {
	path string
	file *os.File
	last uint64 // the highest number in use, after look
}

// lockDir makes the directory if needed, and waits for its lock. The lock is on
// the directory itself: nothing else could be removed by somebody who tidies up,
// or be left behind.
func lockDir(ctx context.Context, path string) (*lockedDir, error) {
	for {
		f, err := openDir(path)
		if err != nil {
			return nil, fmt.Errorf("the directory of the machine pool can't be used: %w", err)
		}
		if err := flock(ctx, f); err != nil {
			return nil, err
		}
		// Removed before the lock was ours, it is no longer the one that the
		// others see.
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err == nil && st.Nlink > 0 {
			return &lockedDir{path: path, file: f}, nil
		}
		f.Close()
	}
}

// openDir opens a directory that belongs to the user alone. In a shared /tmp,
// somebody else could have made it.
func openDir(path string) (*os.File, error) {
	open := func() (*os.File, error) {
		return os.OpenFile(path, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	}
	f, err := open()
	if errors.Is(err, os.ErrNotExist) {
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		f, err = open()
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		f.Close()
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0 {
		f.Close()
		return nil, fmt.Errorf("%s must belong to user %d with mode 0700; it belongs to user %d with mode %#o: remove it, it is made again, or set "+DirEnv+" to another path",
			path, os.Geteuid(), st.Uid, st.Mode&0o7777)
	}
	return f, nil
}

// flock locks f, or closes it and returns an error. Others hold the lock for
// microseconds, unless they were stopped just then: ctx ends the wait for those.
func flock(ctx context.Context, f *os.File) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
		return nil
	} else if err != unix.EWOULDBLOCK && err != unix.EINTR {
		f.Close()
		return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
	}

	// A goroutine in flock(2) can't be interrupted. If nobody waits for it any
	// more, it gives the lock back as soon as it has it.
	locked, abandoned := make(chan error), make(chan struct{})
	go func() {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		for err == unix.EINTR {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		}
		select {
		case locked <- err:
		case <-abandoned:
			f.Close()
		}
	}()
	select {
	case err := <-locked:
		if err != nil {
			f.Close()
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
		return nil
	case <-ctx.Done():
		close(abandoned)
		return fmt.Errorf("gave up waiting for the lock of %s, whose holder may have been stopped: %w", f.Name(), context.Cause(ctx))
	}
}

func (d *lockedDir) unlock() { _ = d.file.Close() }

// look returns all that run, and, if there is one, the request that waits
// immediately ahead of own; if own is nil, the last one that waits. The caller
// must close the peers. Dead requests that are met are removed.
func (d *lockedDir) look(own *entry) (holders []*peer, ahead *peer, err error) {
	names, err := d.file.Readdirnames(-1)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	defer func() {
		if err != nil {
			closeAll(holders)
		}
	}()

	var queue []header
	for _, name := range names {
		h, ok := parseHeader(name)
		if !ok {
			continue
		}
		d.last = max(d.last, h.seq)
		if h.state == stateRunning {
			p, err := openPeer(d.path, h)
			if err != nil {
				return holders, nil, err
			}
			if p != nil {
				holders = append(holders, p)
			}
		} else if own == nil || h.seq < own.seq {
			queue = append(queue, h)
		}
	}
	for _, h := range slices.Backward(queue) {
		if ahead, err = openPeer(d.path, h); ahead != nil || err != nil {
			return holders, ahead, err
		}
	}
	return holders, nil, nil
}

// errVanished says that somebody removed the directory while it was in use.
var errVanished = errors.New("the directory of the machine pool was removed")

// add enters a request behind all that look saw.
func (d *lockedDir) add(state rune, l load, owner string) (*entry, error) {
	d.last++
	h := header{seq: d.last, state: state, load: l, pid: os.Getpid(), owner: owner}
	e, err := newEntry(d.path, h)
	if errors.Is(err, os.ErrNotExist) {
		err = errVanished
	}
	return e, err
}
