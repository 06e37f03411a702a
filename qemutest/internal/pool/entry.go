package pool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// The states of a request.
const (
	stateWaiting = 'w'
	stateRunning = 'r'
)

// A header is what the name of a FIFO tells about a request.
type header struct {
	seq   uint64 // order of arrival
	state rune
	load  load
	pid   int
	owner string
}

// headerFormat begins with the number in hex, padded, so that names sort by arrival.
const headerFormat = "%016x.%c.%d.%d.%d.%d."

// maxOwner keeps names within the 255 bytes that file systems allow.
const maxOwner = 100

func (h header) String() string {
	owner := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '/' {
			return '_'
		}
		return r
	}, h.owner)
	return fmt.Sprintf(headerFormat, h.seq, h.state, h.load.memory, h.load.milliCores, h.load.machines, h.pid) +
		owner[:min(len(owner), maxOwner)]
}

// parseHeader is the inverse of String. Names of other files are not ok.
func parseHeader(name string) (h header, ok bool) {
	n, err := fmt.Sscanf(name, headerFormat, &h.seq, &h.state, &h.load.memory, &h.load.milliCores, &h.load.machines, &h.pid)
	if n != 6 || err != nil {
		return header{}, false
	}
	parts := strings.SplitN(name, ".", 7)
	h.owner = parts[6]
	return h, true
}

// An entry is a request of this process: a FIFO whose write end is open until
// the request ends.
type entry struct {
	seq  uint64
	path string
	fd   int // write end
}

// newEntry makes the FIFO. It must be called under the directory's lock, since a
// FIFO without a writer counts as dead.
func newEntry(dir string, h header) (*entry, error) {
	path := filepath.Join(dir, h.String())
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	// A FIFO can be opened for writing without waiting only while it has a reader.
	reader, err := openFIFO(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(reader)
	writer, err := openFIFO(path, unix.O_WRONLY)
	if err != nil {
		return nil, err
	}
	return &entry{seq: h.seq, path: path, fd: writer}, nil
}

// end removes the entry and wakes those who wait for its end. It needs no lock:
// at any moment the entry either counts in full or not at all.
func (e *entry) end() {
	_ = os.Remove(e.path) // what is left is recognized as dead
	_ = unix.Close(e.fd)
}

// A peer is a request that is alive, seen from outside, of any process.
type peer struct {
	header
	fd int // read end of its FIFO
}

// openPeer opens the request's FIFO. It returns nil if the request has ended;
// if its process died, it removes what is left of it.
func openPeer(dir string, h header) (*peer, error) {
	path := filepath.Join(dir, h.String())
	fd, err := openFIFO(path, unix.O_RDONLY)
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var buf [1]byte
	if _, err := unix.Read(fd, buf[:]); err == unix.EAGAIN {
		return &peer{header: h, fd: fd}, nil
	}
	_ = unix.Close(fd)
	_ = os.Remove(path)
	return nil, nil
}

func (p *peer) close() { _ = unix.Close(p.fd) }

func closeAll(peers []*peer) {
	for _, p := range peers {
		if p != nil {
			p.close()
		}
	}
}

func openFIFO(path string, mode int) (int, error) {
	for {
		fd, err := unix.Open(path, mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, &os.PathError{Op: "open", Path: path, Err: err}
		}
		return fd, nil
	}
}
