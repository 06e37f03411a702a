package image

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/qemutest/functional/archive"
)

// newCompressor returns a writer that compresses into w, in the dialects that
// the kernel's decompressors understand. Its Close does not close w.
func newCompressor(w io.Writer, c archive.Compression) (io.WriteCloser, error) {
	switch c {
	case "", archive.None:
		return plain{w}, nil
	case archive.Gzip:
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case archive.Zstd:
		// The kernel's window for an initramfs is limited to 8 MiB.
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(8<<20))
	case archive.XZ:
		// The kernel checks no sum but CRC32 (Documentation/staging/xz.rst).
		return xz.WriterConfig{CheckSum: xz.CRC32}.NewWriter(w)
	}
	return nil, fmt.Errorf("expected an initramfs to be compressed with gzip, zstd, xz or not at all, not with %q: %w",
		c, errors.ErrUnsupported)
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// countingWriter counts what passes through to w.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
