package archive

import (
	"errors"
	"fmt"
	"io"
)

// The formats of cpio, by the first bytes of each header.
const (
	newcMagic = "070701"
	crcMagic  = "070702"
	odcMagic  = "070707"
	magicSize = 6
)

// cpioTrailer is the name of the member that ends an archive.
const cpioTrailer = "TRAILER!!!"

// cpioMembers reads an initramfs as the kernel does (Documentation/driver-api/early-userspace/buffer-format.rst): archives
// one after another, with zeros between them, each possibly compressed on its own.
type cpioMembers struct {
	outer       *input
	compression Compression // of the first segment, if its content does not tell
	segment     *input      // outer, or the decompressed segment
	codec       codec       // of the segment, if it is compressed
	archive     cpioArchive // nil between archives
	archives    int
}

// cpioArchive reads one archive of one format.
type cpioArchive interface {
	// next returns io.EOF behind the trailer.
	next() (*entry, error)
	io.Reader
}

func newCpioMembers(in *input, c Compression) *cpioMembers {
	return &cpioMembers{outer: in, segment: in, compression: c}
}

func (m *cpioMembers) next() (*entry, error) {
	for {
		for m.archive == nil {
			if err := m.advance(); err != nil {
				return nil, err
			}
		}
		e, err := m.archive.next()
		if err != io.EOF {
			return e, err
		}
		m.archive = nil
	}
}

func (m *cpioMembers) Read(p []byte) (int, error) { return m.archive.Read(p) }

// advance takes one step towards the next archive: into it, into a compressed segment, or out of one. It returns io.EOF when
// there is nothing more.
func (m *cpioMembers) advance() error {
	more, err := m.segment.skipZeros()
	switch {
	case err != nil:
		return err
	case more:
		return m.begin()
	case m.codec != nil:
		m.close()
		m.segment = m.outer
		return nil
	case m.archives == 0:
		return fmt.Errorf("there is no cpio archive in it: %w", ErrTruncated)
	}
	return io.EOF
}

// begin starts with the archive, or the compressed segment, that the next byte begins.
func (m *cpioMembers) begin() error {
	head, err := m.segment.head(contentPeek)
	if err != nil {
		return err
	}
	format, compression := DetectContent(head)
	if compression == None && m.archives == 0 && m.codec == nil {
		compression = m.compression
	}
	switch {
	case format == FormatCpio:
		m.archives++
		m.archive = newCpioArchive(m.segment, string(head[:magicSize]))
		return nil
	case compression != None && m.codec == nil:
		if m.codec, err = newCodec(compression); err != nil {
			return err
		}
		m.segment = newInput(m.outer.counter.ctx, m.codec)
		return m.codec.reset(m.outer)
	case len(head) >= 2 && (string(head[:2]) == "\xc7\x71" || string(head[:2]) == "\x71\xc7"):
		return fmt.Errorf("old binary cpio; make it with \"cpio -H newc\": %w", errors.ErrUnsupported)
	}
	return fmt.Errorf("neither a cpio archive nor a known compression at byte %d (% x): %w",
		m.segment.offset(), head[:min(len(head), 8)], ErrCorrupt)
}

func (m *cpioMembers) close() {
	if m.codec != nil {
		m.codec.close()
		m.codec = nil
	}
}

func newCpioArchive(in *input, magic string) cpioArchive {
	if magic == odcMagic {
		return &odcArchive{in: in}
	}
	return newNewcArchive(in)
}

// cpioFile is what the headers of all cpio formats say.
type cpioFile struct {
	mode   int64
	device [2]int64 // of the file system that the file was on
	inode  int64
	links  int64
	rdev   [2]int64 // of a device node
}

const (
	cpioTypeMask = 0o170000
	cpioSocket   = 0o140000
	cpioSymlink  = 0o120000
	cpioRegular  = 0o100000
	cpioBlock    = 0o060000
	cpioDir      = 0o040000
	cpioChar     = 0o020000
	cpioPipe     = 0o010000
)

// describe fills in the kind and the mode of an entry.
func (f *cpioFile) describe(e *entry) {
	e.mode = tarMode(f.mode)
	switch f.mode & cpioTypeMask {
	case cpioRegular, 0:
		e.kind = kindFile
	case cpioDir:
		e.kind = kindDir
	case cpioSymlink:
		e.kind = kindSymlink
	case cpioBlock:
		e.kind, e.special = kindSpecial, fmt.Sprintf("block device %d,%d", f.rdev[0], f.rdev[1])
	case cpioChar:
		e.kind, e.special = kindSpecial, fmt.Sprintf("character device %d,%d", f.rdev[0], f.rdev[1])
	case cpioPipe:
		e.kind, e.special = kindSpecial, "named pipe"
	case cpioSocket:
		e.kind, e.special = kindSpecial, "socket"
	default:
		e.kind, e.special = kindSpecial, fmt.Sprintf("member of type %#o", f.mode&cpioTypeMask)
	}
}

// cpioLinks finds the hard links of one archive: its files with the same device and inode. All but the first become a
// kindHardLink, with data if they have any: newc keeps the data with the last name, odc with every one.
type cpioLinks map[[3]int64]string

func (l *cpioLinks) resolve(f *cpioFile, e *entry) {
	if e.kind != kindFile || f.links < 2 {
		return
	}
	id := [3]int64{f.device[0], f.device[1], f.inode}
	if first, ok := (*l)[id]; ok {
		e.kind, e.target = kindHardLink, first
		return
	}
	if *l == nil {
		*l = make(cpioLinks)
	}
	(*l)[id] = e.name
}
