package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// newcWriter writes a cpio archive of the kind that the kernel unpacks, "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
// The cpio library of this module reads archives, but its writer knows neither
// device numbers nor the targets of links.
type newcWriter struct {
	w       *bufio.Writer
	modTime uint32 // of all entries, Unix time
	entries uint32 // written so far
}

// The type bits of a mode, as in stat(2).
const (
	newcFile      = 0o100000
	newcDir       = 0o040000
	newcSymlink   = 0o120000
	newcCharacter = 0o020000
	newcBlock     = 0o060000
)

const newcTrailer = "TRAILER!!!"

// write appends one entry.
func (a *newcWriter) write(name string, n node) error {
	if n.size > math.MaxUint32 {
		return fmt.Errorf("expected less than 4 GiB, the limit of an initramfs, but it has %d bytes", n.size)
	}
	open := n.open
	if n.optional { // its header can only be written once it is open
		content, err := n.open()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer func() { _ = content.Close() }()
		open = func() (io.ReadCloser, error) { return io.NopCloser(content), nil }
	}
	a.entries++
	h := newcHeader{
		inode:   a.entries, // each its own: one that two entries share means hard links
		mode:    newcMode(n.mode),
		links:   1,
		modTime: a.modTime,
		size:    uint32(n.size),
		major:   n.major,
		minor:   n.minor,
	}
	if err := a.header(h, name); err != nil {
		return err
	}
	switch {
	case open != nil:
		if err := copyExactly(a.w, open, n.size); err != nil {
			return err
		}
	case n.target != "":
		if _, err := a.w.WriteString(n.target); err != nil {
			return err
		}
	}
	return a.pad(n.size)
}

// newcHeader has those fields of a header that are not always 0 here.
type newcHeader struct {
	inode, mode, links, modTime, size, major, minor uint32
}

// header writes the header of an entry: 13 numbers of eight hexadecimal digits
// after the magic, and the name.
func (a *newcWriter) header(h newcHeader, name string) error {
	const uid, gid, fsMajor, fsMinor, checksum = 0, 0, 0, 0, 0
	n, err := fmt.Fprintf(a.w, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		h.inode, h.mode, uid, gid, h.links, h.modTime, h.size,
		fsMajor, fsMinor, h.major, h.minor, len(name)+1, checksum, name)
	if err != nil {
		return err
	}
	return a.pad(int64(n))
}

// pad fills up to a multiple of four bytes after something of n bytes.
func (a *newcWriter) pad(n int64) error {
	const zeros = "\x00\x00\x00"
	_, err := a.w.WriteString(zeros[:-n&3])
	return err
}

// close writes the mark of the end.
func (a *newcWriter) close() error {
	return errors.Join(a.header(newcHeader{links: 1}, newcTrailer), a.w.Flush())
}

func newcMode(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for _, special := range []struct {
		mode fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if mode&special.mode != 0 {
			bits |= special.bit
		}
	}
	switch mode.Type() {
	case fs.ModeDir:
		return bits | newcDir
	case fs.ModeSymlink:
		return bits | newcSymlink
	case fs.ModeDevice | fs.ModeCharDevice:
		return bits | newcCharacter
	case fs.ModeDevice:
		return bits | newcBlock
	default:
		return bits | newcFile
	}
}
