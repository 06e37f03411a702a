package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// tarMembers reads a tar archive with the standard library, which has two habits that need a guard: a file that is cut
// between two members reads as a shorter archive, and what follows the end is not looked at.
type tarMembers struct {
	in   *input
	tr   *tar.Reader
	tail tarTail
	note func(string)
	// current is the member being read; size and n are its declared and its read bytes.
	current *entry
	n       int64
}

func newTarMembers(in *input, note func(string)) *tarMembers {
	m := &tarMembers{in: in, note: note}
	m.tail.r = in
	m.tr = tar.NewReader(&m.tail)
	return m
}

func (m *tarMembers) next() (*entry, error) {
	for {
		if m.current != nil {
			if err := drain(m); err != nil {
				return m.current, err
			}
		}
		offset := m.in.offset()
		offset += padding(offset, tarBlock) // that of the data before
		m.tail.watch = true
		header, err := m.tr.Next()
		m.tail.watch = false
		if err == io.EOF {
			return nil, m.end()
		}
		if err != nil {
			return &entry{offset: offset}, m.fault(err)
		}
		m.tail.zeros = 0
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue // the pax defaults, which the library has applied
		}
		m.current, m.n = newTarEntry(header, offset), 0
		return m.current, nil
	}
}

// end checks that the archive ended with its end mark, and reads what the decompressor below still has, for its checksum.
func (m *tarMembers) end() error {
	if m.in.counter.err != nil {
		return m.in.counter.err
	}
	if m.tail.zeros < tarEndMark {
		return fmt.Errorf("the tar archive ends at byte %d without the two zero blocks of its end: %w", m.in.offset(), ErrTruncated)
	}
	more, err := m.in.skipZeros()
	if err != nil {
		return err
	}
	if more {
		offset := m.in.offset()
		if _, err := io.Copy(io.Discard, m.in); err != nil {
			return err
		}
		if m.note != nil {
			m.note(fmt.Sprintf("%d bytes after the end of the tar archive, from byte %d on, ignored", m.in.offset()-offset, offset))
		}
	}
	return io.EOF
}

func (m *tarMembers) Read(p []byte) (int, error) {
	n, err := m.tr.Read(p)
	m.n += int64(n)
	if err != nil && err != io.EOF {
		err = m.fault(err)
	}
	return n, err
}

func (m *tarMembers) fault(err error) error {
	if errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("no valid tar header before byte %d: %w", m.in.offset(), ErrCorrupt)
	}
	return m.in.fault("tar", err)
}

func newTarEntry(h *tar.Header, offset int64) *entry {
	e := &entry{name: h.Name, mode: tarMode(h.Mode), modTime: h.ModTime, target: h.Linkname, offset: offset}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.kind, e.size = kindFile, h.Size
	case tar.TypeDir:
		e.kind = kindDir
	case tar.TypeSymlink:
		e.kind = kindSymlink
	case tar.TypeLink:
		e.kind, e.size = kindHardLink, 0
	case tar.TypeChar:
		e.kind, e.special = kindSpecial, fmt.Sprintf("character device %d,%d", h.Devmajor, h.Devminor)
	case tar.TypeBlock:
		e.kind, e.special = kindSpecial, fmt.Sprintf("block device %d,%d", h.Devmajor, h.Devminor)
	case tar.TypeFifo:
		e.kind, e.special = kindSpecial, "named pipe"
	default:
		e.kind, e.special = kindSpecial, fmt.Sprintf("member of type %q", h.Typeflag)
	}
	return e
}

// tarMode translates the permission bits, of which tar and cpio have the same.
func tarMode(bits int64) fs.FileMode {
	const setuid, setgid, sticky = 0o4000, 0o2000, 0o1000
	mode := fs.FileMode(bits) & fs.ModePerm
	if bits&setuid != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&setgid != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&sticky != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

const (
	tarBlock = 512
	// tarEndMark is two blocks of zeros.
	tarEndMark = 2 * tarBlock
)

// tarTail watches what the tar reader reads while it looks for the next header. At that time zeros at the end of what it
// read are the end mark; at other times they may be anybody's data.
type tarTail struct {
	r     io.Reader
	watch bool
	zeros int // at the end of what was read
}

func (t *tarTail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.watch {
		for _, c := range p[:n] {
			if c != 0 {
				t.zeros = 0
			} else {
				t.zeros++
			}
		}
	}
	return n, err
}
