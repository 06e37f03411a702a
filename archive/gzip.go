package archive

import (
	"io"

	"github.com/klauspost/compress/gzip"
)

// gzipCodec needs no framer: over an io.ByteReader the library stops at the byte after the stream.
type gzipCodec struct {
	in *input
	gz gzip.Reader
}

func (c *gzipCodec) reset(in *input) error {
	c.in = in
	// The bufio.Reader itself, not the input around it: the library has a fast path for that type.
	if err := c.gz.Reset(in.Reader); err != nil {
		return in.fault("gzip", err)
	}
	c.gz.Multistream(false)
	return nil
}

func (c *gzipCodec) Read(p []byte) (int, error) {
	n, err := c.gz.Read(p)
	if err != nil && err != io.EOF {
		err = c.in.fault("gzip", err)
	}
	return n, err
}

func (c *gzipCodec) close() {}
