package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// arMagic begins an ar archive, which is what a Debian package is: deb(5).
const arMagic = "!<arch>\n"

const arHeaderSize = 60

// arFile is one member of an ar archive.
type arFile struct {
	name string
	size int64
}

// nextAr reads a header; io.EOF is the end of the archive. The format is small enough to be read here, and the libraries
// for it take a cut for the end and panic on a negative size.
func nextAr(in *input) (*arFile, error) {
	head, err := in.head(arHeaderSize)
	switch {
	case err != nil:
		return nil, err
	case len(head) == 0:
		return nil, io.EOF
	case len(head) < arHeaderSize:
		return nil, in.fault("ar", io.ErrUnexpectedEOF)
	case string(head[58:60]) != "`\n":
		return nil, in.fault("ar", errors.New("no header where one is due"))
	}
	sizeText := strings.TrimRight(string(head[48:58]), " ")
	size, err := strconv.ParseUint(sizeText, 10, 63)
	if err != nil {
		return nil, in.fault("ar", fmt.Errorf("size %q", sizeText))
	}
	f := &arFile{size: int64(size)}
	// GNU ar ends names with a slash, dpkg does not.
	f.name = strings.TrimSuffix(strings.TrimRight(string(head[:16]), " "), "/")
	_, err = in.Discard(arHeaderSize)
	return f, err
}

// skipAr skips data of an ar member and the byte that pads it to an even length, which may be missing at the end.
func skipAr(in *input, f *arFile, n int64) error {
	if _, err := io.CopyN(io.Discard, in, n); err != nil {
		return fmt.Errorf("member %s of the package: %w", f.name, in.fault("ar", err))
	}
	if f.size%2 == 0 {
		return nil
	}
	if _, err := in.ReadByte(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// openDeb finds the tar archive with the files, or with the control files, of a package.
func (a *archive) openDeb(in *input, format Format, opts Options) error {
	prefix := "data.tar"
	if format == FormatDebControl {
		prefix = "control.tar"
	}
	magic, err := in.head(len(arMagic))
	if err != nil {
		return err
	}
	if string(magic) != arMagic {
		return fmt.Errorf("it is no Debian package, it starts with % x: %w", magic, ErrCorrupt)
	}
	if _, err := in.Discard(len(arMagic)); err != nil {
		return err
	}
	var names []string
	for {
		f, err := nextAr(in)
		if err == io.EOF {
			return fmt.Errorf("the package has no %s, only %s: %w", prefix, quoteList(names), ErrCorrupt)
		}
		if err != nil {
			return err
		}
		if f.name == prefix || strings.HasPrefix(f.name, prefix+".") {
			return a.openDebTar(in, f, opts)
		}
		names = append(names, f.name)
		if err := skipAr(in, f, f.size); err != nil {
			return err
		}
	}
}

// openDebTar opens the tar archive at the next byte of in.
func (a *archive) openDebTar(in *input, f *arFile, opts Options) error {
	data := io.LimitReader(in, f.size)
	m := &debMembers{ar: in, file: f, data: data.(*io.LimitedReader)}
	tarInput := newInput(in.counter.ctx, data)
	if in.at != nil {
		if in.size-in.offset() < f.size {
			return fmt.Errorf("member %s of the package: %w", f.name, in.fault("ar", io.ErrUnexpectedEOF))
		}
		tarInput = newSection(in.counter.ctx, in.at, in.offset(), f.size)
	}
	head, err := tarInput.head(contentPeek)
	if err != nil {
		return err
	}
	// The package's own compression is not that of the tar archive: what the options say of the one is not for the other.
	_, compression, err := decide(f.name, head, Options{})
	if err != nil {
		return err
	}
	if compression != None {
		if tarInput, err = a.decompress(tarInput, compression); err != nil {
			return err
		}
	}
	m.tarMembers = newTarMembers(tarInput, opts.Note)
	a.members = m
	return nil
}

// debMembers reads the tar archive in a package, and the rest of the package after it.
type debMembers struct {
	*tarMembers
	ar   *input
	file *arFile
	data *io.LimitedReader // what of the file is unread, unless it is read at random
}

func (m *debMembers) next() (*entry, error) {
	e, err := m.tarMembers.next()
	if err != io.EOF {
		return e, err
	}
	if err := skipAr(m.ar, m.file, m.data.N); err != nil {
		return nil, err
	}
	for {
		f, err := nextAr(m.ar)
		if err != nil {
			return nil, err
		}
		if err := skipAr(m.ar, f, f.size); err != nil {
			return nil, err
		}
	}
}
