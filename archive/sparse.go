package archive

import (
	"bytes"
	"context"
	"io"
	"os"
)

const (
	// copyBuffer is how much is read at once. 256 KiB.
	copyBuffer = 256 << 10
	// holeSize is the smallest run of zeros, at a multiple of it, that becomes a hole. Smaller ones would cost more in
	// system calls and fragments than they save. 32 KiB.
	holeSize = 32 << 10
)

var zeros [holeSize]byte

// sparseWriter writes files that have holes where there are runs of zeros, and counts both kinds of bytes.
type sparseWriter struct {
	ctx    context.Context
	budget *budget
	buf    []byte // shared by all files of one extraction
}

func newSparseWriter(ctx context.Context, b *budget) *sparseWriter {
	return &sparseWriter{ctx: ctx, budget: b, buf: make([]byte, copyBuffer)}
}

// copy writes r to the empty file f.
func (w *sparseWriter) copy(f *os.File, r io.Reader) error {
	var offset int64
	for {
		n, readErr := fill(r, w.buf)
		if err := w.ctx.Err(); err != nil {
			return err
		}
		dense, err := writeDense(f, w.buf[:n], offset)
		if err != nil {
			return err
		}
		offset += int64(n)
		if err := w.budget.addBytes(int64(n), dense); err != nil {
			return err
		}
		if readErr == io.EOF {
			// The last hole, and all of a file that is nothing but a hole.
			return f.Truncate(offset)
		}
		if readErr != nil {
			return readErr
		}
	}
}

// fill reads until buf is full, so that holes are found wherever the reads were cut. Unlike io.ReadFull it tells the end
// of r from an error io.ErrUnexpectedEOF of r.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

// writeDense writes the parts of p that are not zeros, at offset, which is a multiple of holeSize, and tells how much
// that was.
func writeDense(f *os.File, p []byte, offset int64) (dense int64, err error) {
	for start := 0; start < len(p); {
		if isZero(p[start:min(start+holeSize, len(p))]) {
			start += holeSize
			continue
		}
		end := start + holeSize
		for end < len(p) && !isZero(p[end:min(end+holeSize, len(p))]) {
			end += holeSize
		}
		end = min(end, len(p))
		n, err := f.WriteAt(p[start:end], offset+int64(start))
		dense += int64(n)
		if err != nil {
			return dense, err
		}
		start = end
	}
	return dense, nil
}

func isZero(p []byte) bool { return bytes.Equal(p, zeros[:len(p)]) }
