package archive

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
)

// bzip2Codec decodes with the standard library, which goes on to the next bzip2 stream by itself and insists that only
// such a stream follows.
type bzip2Codec struct {
	in   *input
	lag  laggingReader
	data io.Reader
}

func (c *bzip2Codec) reset(in *input) error {
	c.in = in
	c.lag = laggingReader{r: in.Reader}
	c.data = bzip2.NewReader(&c.lag)
	return nil
}

func (c *bzip2Codec) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		c.lag.consume()
		return n, io.EOF
	case errors.Is(err, errAfterBzip2):
		// The stream itself was whole, checksum and all. The two bytes that were not to the decoder's liking are still there.
		return n, io.EOF
	}
	return n, c.in.fault("bzip2", err)
}

func (c *bzip2Codec) close() {}

// errAfterBzip2 is what the library returns, after all data, when something else follows a stream. It read two bytes of it.
var errAfterBzip2 = bzip2.StructuralError("bad magic value in continuation file")

// laggingReader hands out bytes of r but leaves the last two in it.
type laggingReader struct {
	r    *bufio.Reader
	held int // bytes handed out and still in r
}

func (l *laggingReader) ReadByte() (byte, error) {
	p, err := l.r.Peek(l.held + 1)
	if err != nil {
		return 0, err
	}
	b := p[l.held]
	if l.held < 2 {
		l.held++
		return b, nil
	}
	_, err = l.r.Discard(1)
	return b, err
}

// Read is there for bzip2.NewReader's signature; the decoder prefers ReadByte.
func (l *laggingReader) Read(p []byte) (int, error) {
	b, err := l.ReadByte()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// consume takes the last two bytes out of r.
func (l *laggingReader) consume() {
	_, _ = l.r.Discard(l.held) // they were peeked: it cannot fail
	l.held = 0
}
