package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cavaliergopher/cpio"
)

// newcArchive reads newc and crc archives. The library decodes, but only after everything it is about to read has been
// looked at here: it takes most cuts for the end, ignores digits that are none, panics on a negative size, does not
// compare the checksum, does not know the trailer when its name is padded, and does not tell device numbers, without which
// hard links and device nodes cannot be told apart.
type newcArchive struct {
	in      *input
	lib     *cpio.Reader
	links   cpioLinks
	current *entry
	left    int64 // data of current still to read
	pad     int64 // zeros between the data of current and the next header
	sum     cpioSum
}

func newNewcArchive(in *input) *newcArchive {
	return &newcArchive{in: in, lib: cpio.NewReader(in)}
}

const (
	newcHeaderSize = 110
	newcAlign      = 4
)

func (a *newcArchive) next() (*entry, error) {
	if a.current != nil {
		if _, err := io.Copy(io.Discard, a); err != nil {
			return a.current, err
		}
	}
	e := &entry{offset: a.in.offset() + a.pad}
	h, err := a.peekHeader()
	e.name = h.name
	if err != nil {
		return e, a.in.fault("cpio", err)
	}
	if h.name == cpioTrailer {
		_, err := a.in.Discard(int(a.pad) + newcHeaderSize + int(h.nameSize))
		if err != nil {
			return nil, err
		}
		return nil, io.EOF // the padding of the name is left to whoever skips the zeros between archives
	}
	header, err := a.lib.Next()
	if err != nil {
		return e, a.in.fault("cpio", err)
	}
	// gen_init_cpio of the kernel ends the target of a link with a NUL.
	e.target = strings.TrimRight(header.Linkname, "\x00")
	e.modTime, e.size = header.ModTime, header.Size
	h.describe(e)
	a.links.resolve(&h.cpioFile, e)
	a.current, a.left, a.pad = e, header.Size, padding(h.size, newcAlign)
	a.sum = cpioSum{check: h.crc && header.Size > 0, want: header.Checksum}
	return e, nil
}

func (a *newcArchive) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, a.sum.verify()
	}
	n, err := a.lib.Read(p)
	a.left -= int64(n)
	a.sum.add(p[:n])
	if err == io.EOF && a.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		return n, a.in.fault("cpio", err)
	}
	return n, nil
}

// newcHeader is a header whose fields are all numbers and all there, with what the library does not tell.
type newcHeader struct {
	cpioFile
	crc            bool
	name           string
	size, nameSize int64
}

// peekHeader looks at all that the library is going to read in one go: what is left of the current member, the header,
// the name, and the target if it is a symbolic link. With an error it returns what it has found out so far.
func (a *newcArchive) peekHeader() (h newcHeader, err error) {
	n := int(a.pad) + newcHeaderSize
	p, err := a.in.peek(n)
	if err != nil {
		return h, err
	}
	if len(bytes.Trim(p[:a.pad], "\x00")) > 0 {
		return h, errors.New("the padding of the data is not zero")
	}
	if h, err = parseNewcHeader(p[a.pad:]); err != nil {
		return h, err
	}
	nameStart := n
	n += int(h.nameSize)
	if p, err = a.in.peek(n); err != nil {
		return h, err
	}
	name, _, ended := bytes.Cut(p[nameStart:], []byte{0})
	if !ended {
		return h, errors.New("the name has no NUL at its end")
	}
	// There may be more NULs behind it: gen_init_cpio of the kernel aligns data in this way.
	if h.name = string(name); h.name == cpioTrailer {
		return h, nil // the padding behind the last name of a file may be missing
	}
	n += int(padding(newcHeaderSize+h.nameSize, newcAlign))
	if h.mode&cpioTypeMask == cpioSymlink {
		if h.size < 1 || h.size > maxName {
			return h, fmt.Errorf("symbolic link to a name of %d bytes", h.size)
		}
		if h.mode&^cpioTypeMask > 0o777 {
			return h, fmt.Errorf("symbolic link with mode %o", h.mode) // the library would not see that it is one
		}
		n += int(h.size)
	}
	_, err = a.in.peek(n)
	return h, err
}

func parseNewcHeader(p []byte) (h newcHeader, err error) {
	magic := string(p[:magicSize])
	if magic != newcMagic && magic != crcMagic {
		return h, fmt.Errorf("magic %q where a header is due", magic)
	}
	var fields [13]int64
	for i := range fields {
		text := string(p[magicSize+8*i:][:8])
		// The library's parser would accept a sign and take anything else for zero.
		v, err := strconv.ParseUint(text, 16, 32)
		if err != nil {
			return h, fmt.Errorf("field %d of the header is %q, which is no hexadecimal number", i+1, text)
		}
		fields[i] = int64(v)
	}
	h = newcHeader{crc: magic == crcMagic, size: fields[6], nameSize: fields[11]}
	h.inode, h.mode, h.links = fields[0], fields[1], fields[4]
	h.device, h.rdev = [2]int64(fields[7:9]), [2]int64(fields[9:11])
	if h.nameSize < 1 || h.nameSize > maxName {
		return h, fmt.Errorf("name of %d bytes", h.nameSize)
	}
	if !h.crc && fields[12] != 0 {
		return h, errors.New("checksum in an archive of the format without")
	}
	return h, nil
}

// cpioSum is the checksum of crc archives: in spite of the name, the plain sum of the bytes.
type cpioSum struct {
	check     bool
	sum, want uint32
}

func (s *cpioSum) add(p []byte) {
	if !s.check {
		return
	}
	for _, c := range p {
		s.sum += uint32(c)
	}
}

// verify returns io.EOF, the regular end of the data, if the sum is right.
func (s *cpioSum) verify() error {
	if s.check && s.sum != s.want {
		return fmt.Errorf("the checksum of the data is %08x and should be %08x: %w", s.sum, s.want, ErrCorrupt)
	}
	return io.EOF
}
