// Package disk prepares the images of disks, SD cards and flash chips that
// tests boot from.
package disk

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"

	"github.com/qemutest/functional/qemutest"
)

// Copy makes a copy of a file, which may be an asset in the cache, that the
// guest can write to, and returns its path: name in the scratch directory. The
// copy is size bytes long: filled up with zeros, or cut. A size of 0 keeps the
// length of the file.
func Copy(q *qemutest.Test, src, name string, size int64) string {
	dst := q.Scratch(name)
	q.Check(os.MkdirAll(filepath.Dir(dst), 0o755))
	q.Check(copyFile(dst, src, size))
	return dst
}

// Create makes an image of size zeros, and returns its path: name in the scratch
// directory.
func Create(q *qemutest.Test, name string, size int64) string {
	path := q.Scratch(name)
	q.Check(write(path, os.O_CREATE|os.O_EXCL, func(f *os.File) error { return f.Truncate(size) }))
	return path
}

// Grow fills an image up with zeros to the next power of two, and returns its
// path: QEMU refuses SD cards of another size.
func Grow(q *qemutest.Test, path string) string {
	q.Check(grow(path))
	return path
}

// Overlay writes the contents of a file over an image, from an offset in bytes
// on.
func Overlay(q *qemutest.Test, image string, offset int64, src string) {
	q.Check(overlay(image, offset, src))
}

// Carve copies length bytes of an image, from an offset on, to the file name
// in the scratch directory, and returns its path.
func Carve(q *qemutest.Test, image, name string, offset, length int64) string {
	dst := q.Scratch(name)
	q.Check(carve(dst, image, offset, length))
	return dst
}

func copyFile(dst, src string, size int64) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	return write(dst, os.O_CREATE|os.O_EXCL, func(out *os.File) error {
		if _, err := io.Copy(out, in); err != nil || size == 0 {
			return err
		}
		return out.Truncate(size)
	})
}

func grow(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("expected an image to grow, but %s is empty", path)
	}
	return os.Truncate(path, 1<<bits.Len64(uint64(info.Size())-1))
}

func overlay(image string, offset int64, src string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	return write(image, 0, func(out *os.File) error {
		_, err := io.Copy(io.NewOffsetWriter(out, offset), in)
		return err
	})
}

func carve(dst, image string, offset, length int64) error {
	in, err := os.Open(image)
	if err != nil {
		return err
	}
	defer in.Close()
	return write(dst, os.O_CREATE|os.O_EXCL, func(out *os.File) error {
		n, err := io.Copy(out, io.NewSectionReader(in, offset, length))
		if err == nil && n < length {
			err = fmt.Errorf("expected %d bytes at %#x of %s, but it ends after %d of them: is it another image?",
				length, offset, image, n)
		}
		return err
	})
}

// write opens a file to write to it, and closes it after f has.
func write(path string, flag int, f func(*os.File) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}
