package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/flate"
)

// openZip reads a zip archive, of which the directory is at the end: a stream is copied to a file first.
func (a *archive) openZip(in *input, opts Options) error {
	if in.at == nil {
		spooled, closeFile, err := in.spool(opts.Limits)
		if err != nil {
			return err
		}
		a.closers = append(a.closers, closeFile)
		in = spooled
	}
	r, err := zip.NewReader(in.at, in.size)
	// Unsafe names are judged where they are used, and only if they are: see cleanName.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return zipFault(err)
	}
	r.RegisterDecompressor(zip.Deflate, flate.NewReader) // faster than the standard library's
	m := &zipMembers{files: r.File}
	a.closers = append(a.closers, m.closeCurrent)
	a.members = m
	return nil
}

// zipMembers reads the members of a zip archive in the order of its directory.
type zipMembers struct {
	files   []*zip.File // the rest
	current *zip.File
	data    io.ReadCloser // of current; nil until it is read
	sum     uint32
}

func (m *zipMembers) next() (*entry, error) {
	m.closeCurrent()
	if len(m.files) == 0 {
		return nil, io.EOF
	}
	m.current, m.files = m.files[0], m.files[1:]
	f := m.current
	e := &entry{name: f.Name, modTime: f.Modified, mode: f.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	e.offset, _ = f.DataOffset() // Open below says what is wrong with it
	switch f.Mode().Type() {
	case 0:
		e.kind, e.size = kindFile, int64(min(f.UncompressedSize64, 1<<63-1))
	case fs.ModeDir:
		e.kind = kindDir
	case fs.ModeSymlink:
		return e, m.readTarget(e)
	default:
		e.kind, e.special = kindSpecial, "member of type "+f.Mode().Type().String()
	}
	// An archive that was made on a system without modes has none; everybody may read it then.
	if e.mode.Perm() == 0 {
		e.mode |= 0o644
		if e.kind == kindDir {
			e.mode |= 0o755
		}
	}
	return e, nil
}

// readTarget takes the target of a symbolic link, which is its data.
func (m *zipMembers) readTarget(e *entry) error {
	e.kind = kindSymlink
	var target strings.Builder
	n, err := io.Copy(&target, io.LimitReader(m, maxName+1))
	if err == nil && (n == 0 || n > maxName) {
		err = fmt.Errorf("symbolic link to a name of %d bytes or more: %w", n, ErrCorrupt)
	}
	e.target = target.String()
	return err
}

func (m *zipMembers) Read(p []byte) (int, error) {
	if m.data == nil {
		const encrypted = 1
		if m.current.Flags&encrypted != 0 {
			return 0, fmt.Errorf("it is encrypted: %w", errors.ErrUnsupported)
		}
		data, err := m.current.Open()
		if err != nil {
			return 0, zipFault(err)
		}
		m.data, m.sum = data, 0
	}
	n, err := m.data.Read(p)
	// The library takes a checksum of zero for none; a member whose checksum is zero is next to impossible otherwise.
	if m.current.CRC32 == 0 {
		m.sum = crc32.Update(m.sum, crc32.IEEETable, p[:n])
		if err == io.EOF && m.sum != 0 {
			return n, fmt.Errorf("the checksum of the data is %08x and should be 0: %w", m.sum, ErrCorrupt)
		}
	}
	if err != nil && err != io.EOF {
		err = zipFault(err)
	}
	return n, err
}

func (m *zipMembers) closeCurrent() {
	if m.data != nil {
		m.data.Close()
		m.data = nil
	}
}

// zipFault classifies the library's errors.
func zipFault(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return fmt.Errorf("it is compressed in another way than deflate: %w", errors.ErrUnsupported)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("zip data ends early: %w", ErrTruncated)
	case errors.Is(err, zip.ErrFormat):
		// A cut takes the directory away, which is at the end; there is no telling that from garbage.
		return fmt.Errorf("there is no valid zip directory at its end, or a member is not where that says: %w", ErrCorrupt)
	case errors.Is(err, zip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("zip data is broken (%v): %w", err, ErrCorrupt)
	}
	return err
}
