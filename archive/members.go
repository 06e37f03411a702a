package archive

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// kind is what a member becomes in the destination.
type kind int

const (
	kindFile kind = iota
	kindDir
	kindSymlink
	kindHardLink // may have data too: it is that of the file it links to
	kindSpecial  // not extracted
)

// entry is one member of an archive, whatever its format.
type entry struct {
	name    string // as stored
	kind    kind
	mode    fs.FileMode // permissions, setuid, setgid, sticky
	modTime time.Time
	size    int64  // declared
	target  string // of a link
	special string // what a special member is, for a note
	offset  int64  // of the header, in the archive
}

// members reads an archive one member after the other.
type members interface {
	// next goes to the next member, over what is left of the current one. It returns io.EOF when the archive is over
	// and was whole; with another error the entry may tell where it happened.
	next() (*entry, error)
	// Read reads the data of the current member. It is io.EOF only when all of it has been read and its checksum, if
	// the format has one, is right.
	io.Reader
}

// archive is an open archive.
type archive struct {
	name    string
	in      *input // the outermost layer
	members members
	closers []func()
}

func (a *archive) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
}

// openArchive finds out what src is and starts reading it.
func openArchive(ctx context.Context, src Source, opts Options) (*archive, error) {
	in, closeSource, err := src.open(ctx)
	if err != nil {
		return nil, err
	}
	a := &archive{name: src.name(), in: in, closers: []func(){closeSource}}
	if err := a.openMembers(opts); err != nil {
		a.close()
		return nil, a.fault(nil, err)
	}
	return a, nil
}

func (a *archive) openMembers(opts Options) error {
	head, err := a.in.head(contentPeek)
	if err != nil {
		return err
	}
	format, compression, err := decide(a.name, head, opts)
	if err != nil {
		return err
	}
	in := a.in
	// An initramfs is decompressed segment by segment.
	if compression != None && format != FormatCpio {
		if in, err = a.decompress(in, compression); err != nil {
			return err
		}
		if format, err = innerFormat(a.name, in, format, opts); err != nil {
			return err
		}
	}
	switch format {
	case FormatTar:
		a.members = newTarMembers(in, opts.Note)
	case FormatCpio:
		c := newCpioMembers(in, compression)
		a.closers = append(a.closers, c.close)
		a.members = c
	case FormatZip:
		return a.openZip(in, opts)
	case FormatDeb, FormatDebControl:
		return a.openDeb(in, format, opts)
	case "":
		return fmt.Errorf("neither the name nor the first bytes (% x) are those of an archive: set Options.Format: %w",
			head[:min(len(head), 8)], ErrFormat)
	default:
		return fmt.Errorf("there is no format %q: use a constant of this package: %w", format, ErrFormat)
	}
	return nil
}

// decompress puts a layer over in.
func (a *archive) decompress(in *input, c Compression) (*input, error) {
	data, err := newDecompressor(in, c)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, func() { data.Close() })
	return newInput(in.counter.ctx, data), nil
}

// innerFormat settles what is in compressed data, of which the name may have said something.
func innerFormat(name string, in *input, format Format, opts Options) (Format, error) {
	head, err := in.head(contentPeek)
	if err != nil {
		return "", err
	}
	found, _ := DetectContent(head)
	switch {
	case opts.Format != "" || found == "" || found == format:
		return format, nil
	case format == "":
		return found, nil
	}
	return "", contradiction(name, string(format), head)
}

// drain reads what is left of a member, because what follows it can only be reached, and its checksum only be compared,
// by reading.
func drain(m members) error {
	_, err := io.Copy(io.Discard, m)
	return err
}
