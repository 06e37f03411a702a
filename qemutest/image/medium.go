package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// SectorSize is the size of a sector of all media that this package makes, in
// bytes.
const SectorSize = 512

// A Content is what can fill a medium or one of its partitions: a [*FAT] or a
// [*Raw].
type Content interface {
	// layOut plans the content, which will begin at an offset of the medium.
	// A size that is not 0 is that of the partition.
	layOut(offset, size int64) (plan, error)
}

// A plan is an image before it is written: zeros, but for the extents. These
// are in the order of their offsets and do not overlap.
type plan struct {
	size    int64
	extents []extent
}

// extent is a piece of an image.
type extent struct {
	offset, size int64
	open         func() (io.ReadCloser, error)
}

// add appends bytes at an offset.
func (p *plan) add(offset int64, content []byte) {
	p.extents = append(p.extents, extent{offset, int64(len(content)), opener(content)})
}

func opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

// writeTo writes the image as a stream.
func (p plan) writeTo(w io.Writer) (int64, error) {
	counter := &countingWriter{w: w}
	for _, e := range p.extents {
		if err := writeZeros(counter, e.offset-counter.n); err != nil {
			return counter.n, err
		}
		if err := copyExactly(counter, e.open, e.size); err != nil {
			return counter.n, err
		}
	}
	return counter.n, writeZeros(counter, p.size-counter.n)
}

func writeZeros(w io.Writer, n int64) error {
	_, err := io.CopyN(w, zeros{}, n)
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// writeFile writes the image to a file, with holes for what is zero. The file
// appears only when it is complete.
func (p plan) writeFile(name string) error {
	return replaceFile(name, func(file *os.File) error {
		for _, e := range p.extents {
			if err := copyExactly(io.NewOffsetWriter(file, e.offset), e.open, e.size); err != nil {
				return err
			}
		}
		return file.Truncate(p.size)
	})
}

// replaceFile has a file written, which gets its name, and replaces one that
// was there, when it is complete.
func replaceFile(name string, write func(*os.File) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// copyExactly copies content that was said to have this size.
func copyExactly(w io.Writer, open func() (io.ReadCloser, error), size int64) (err error) {
	r, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	copied, err := io.Copy(w, io.LimitReader(r, size))
	if err != nil {
		return err
	}
	more, err := io.ReadFull(r, make([]byte, 1))
	if err != nil && err != io.EOF {
		return err
	}
	if copied+int64(more) != size {
		return fmt.Errorf("expected a file of %d bytes that nobody changes, but it has another size now", size)
	}
	return nil
}

// Raw is a medium without a file system: zeros, and what is placed at
// offsets, such as a boot loader. The zero value is empty and ready to use;
// errors are reported as by [Initramfs].
type Raw struct {
	// Size is the size in bytes. 0 stands for what is needed, in whole
	// sectors.
	Size int64

	extents []extent
	errs    []error
}

// AddBytes places content, which must not change until the medium has been
// written, at an offset in bytes.
func (r *Raw) AddBytes(offset int64, content []byte) {
	r.extents = append(r.extents, extent{offset, int64(len(content)), opener(content)})
}

// AddFile places the content of a file of the host, which is read when the
// medium is written, at an offset in bytes.
func (r *Raw) AddFile(offset int64, path string) {
	n, err := hostFile(path)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("raw medium at offset %d: %w", offset, err))
		return
	}
	r.extents = append(r.extents, extent{offset, n.size, n.open})
}

// WriteTo writes the medium. It satisfies [io.WriterTo].
func (r *Raw) WriteTo(w io.Writer) (int64, error) { return writeTo(r, w) }

// WriteFile writes the medium to the file at name, with holes for what is
// empty. The file appears only when it is complete, and replaces one that was
// there.
func (r *Raw) WriteFile(name string) error { return writeFile(r, name) }

func (r *Raw) layOut(_, size int64) (plan, error) {
	if err := errors.Join(r.errs...); err != nil {
		return plan{}, err
	}
	p := plan{extents: sortedExtents(r.extents)}
	end := int64(0)
	for _, e := range p.extents {
		if e.offset < end {
			return plan{}, fmt.Errorf("raw medium: expected free space at offset %d, but what is before ends at %d", e.offset, end)
		}
		end = e.offset + e.size
	}
	var err error
	p.size, err = sizeOf("raw medium", r.Size, size, end)
	return p, err
}

// sizeOf returns the size of something that needs so many bytes: its own if it
// has one, or that of its partition, or what it needs, in whole sectors.
func sizeOf(what string, own, partition, needed int64) (int64, error) {
	size := own
	if size == 0 {
		size = partition
	}
	if size == 0 {
		size = roundUp(needed, SectorSize)
	}
	switch {
	case size%SectorSize != 0 || size < 0:
		return 0, fmt.Errorf("%s: expected a size of whole sectors of %d bytes, but it is %d", what, SectorSize, size)
	case size < needed:
		return 0, fmt.Errorf("%s: expected at most %d bytes of content, but there are %d", what, size, needed)
	case partition != 0 && size > partition:
		return 0, fmt.Errorf("%s: expected at most the %d bytes of the partition, but it has %d", what, partition, size)
	}
	return size, nil
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// writeTo and writeFile write what fills a whole medium.
func writeTo(c Content, w io.Writer) (int64, error) {
	p, err := c.layOut(0, 0)
	if err != nil {
		return 0, err
	}
	return p.writeTo(w)
}

func writeFile(c Content, name string) error {
	p, err := c.layOut(0, 0)
	if err != nil {
		return err
	}
	return p.writeFile(name)
}
