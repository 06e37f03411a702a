package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// odcArchive reads the portable ASCII format of POSIX.1, which the library does not know: octal fields, no padding.
type odcArchive struct {
	in      *input
	links   cpioLinks
	current *entry
	left    int64
}

const odcHeaderSize = 76

// odcFields are the widths of the fields after the magic: dev, ino, mode, uid, gid, nlink, rdev, mtime, namesize, filesize.
var odcFields = [10]int{6, 6, 6, 6, 6, 6, 6, 11, 6, 11}

func (a *odcArchive) next() (*entry, error) {
	if a.current != nil {
		if _, err := io.Copy(io.Discard, a); err != nil {
			return a.current, err
		}
	}
	e := &entry{offset: a.in.offset()}
	file, err := a.readHeader(e)
	if err == nil && e.name == cpioTrailer {
		return nil, io.EOF
	}
	if err == nil && file.mode&cpioTypeMask == cpioSymlink {
		err = a.readTarget(e)
	}
	if err != nil {
		return e, a.in.fault("cpio", err)
	}
	file.describe(e)
	a.links.resolve(file, e)
	a.current, a.left = e, e.size
	return e, nil
}

func (a *odcArchive) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, io.EOF
	}
	n, err := a.in.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	if err != nil {
		return n, a.in.fault("cpio", err)
	}
	return n, nil
}

func (a *odcArchive) readHeader(e *entry) (*cpioFile, error) {
	p, err := a.in.peek(odcHeaderSize)
	if err != nil {
		return nil, err
	}
	if string(p[:magicSize]) != odcMagic {
		return nil, fmt.Errorf("magic %q where a header is due", p[:magicSize])
	}
	var fields [len(odcFields)]int64
	rest := string(p[magicSize:])
	for i, width := range odcFields {
		v, err := strconv.ParseUint(rest[:width], 8, 63)
		if err != nil {
			return nil, fmt.Errorf("field %d of the header is %q, which is no octal number", i+1, rest[:width])
		}
		fields[i], rest = int64(v), rest[width:]
	}
	nameSize := fields[8]
	if nameSize < 1 || nameSize > maxName {
		return nil, fmt.Errorf("name of %d bytes", nameSize)
	}
	if p, err = a.in.peek(odcHeaderSize + int(nameSize)); err != nil {
		return nil, err
	}
	if p[len(p)-1] != 0 {
		return nil, errors.New("the name has no NUL at its end")
	}
	e.name = string(p[odcHeaderSize : len(p)-1])
	e.modTime, e.size = time.Unix(fields[7], 0), fields[9]
	if _, err := a.in.Discard(len(p)); err != nil {
		return nil, err
	}
	// A device number is one field; its halves are a matter of the system that wrote it.
	return &cpioFile{
		device: [2]int64{0, fields[0]}, inode: fields[1], mode: fields[2], links: fields[5],
		rdev: [2]int64{fields[6] >> 8, fields[6] & 0xff},
	}, nil
}

// readTarget takes the target of a symbolic link, which is its data.
func (a *odcArchive) readTarget(e *entry) error {
	if e.size < 1 || e.size > maxName {
		return fmt.Errorf("symbolic link to a name of %d bytes", e.size)
	}
	p, err := a.in.peek(int(e.size))
	if err != nil {
		return err
	}
	e.target, e.size = string(p), 0
	_, err = a.in.Discard(len(p))
	return err
}
