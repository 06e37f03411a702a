package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/ulikunitz/xz/lzma"
)

const (
	lzmaHeaderSize  = 13
	lzmaUnknownSize = 1<<64 - 1
)

// maxDictionary caps the memory that a compressed file makes a decoder allocate before the first byte of output. It is
// what "xz -9" and "lzma -9" need, and what a zstd window needs up to level 19. 64 MiB.
const maxDictionary = 64 << 20

// lzmaCodec decodes the format before xz. It has no framer because it has no frames: the library reads byte by byte and
// stops at the end mark, or when the size in the header is reached.
type lzmaCodec struct {
	in   *input
	data io.Reader
	// size is the header's, n what was decoded.
	size, n uint64
}

func (c *lzmaCodec) reset(in *input) error {
	header, err := in.peek(lzmaHeaderSize)
	if err != nil {
		return in.fault("lzma", err)
	}
	c.in, c.n, c.size = in, 0, binary.LittleEndian.Uint64(header[5:])
	// The library allocates the dictionary that the header declares, up to 4 GiB for a file of a few bytes, though never
	// more than the declared size of the data.
	dictionary := uint64(binary.LittleEndian.Uint32(header[1:]))
	if min(dictionary, c.size) > maxDictionary {
		return fmt.Errorf("the lzma data wants a dictionary of %d bytes, and %d is the limit: %w",
			dictionary, maxDictionary, ErrLimit)
	}
	// The limit that the library knows looks at the dictionary alone.
	c.data, err = lzma.ReaderConfig{DictCap: min(lzma.MaxDictCap, math.MaxInt)}.NewReader(in.Reader)
	if err != nil {
		return in.fault("lzma", err)
	}
	return nil
}

func (c *lzmaCodec) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	c.n += uint64(n)
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, c.in.fault("lzma", err)
	case c.size != lzmaUnknownSize && c.n != c.size:
		// The library reports that the input was cut once, and a plain end when it is asked again.
		return n, c.in.fault("lzma", fmt.Errorf("%d of %d bytes decoded: %w", c.n, c.size, io.ErrUnexpectedEOF))
	case c.size == lzmaUnknownSize && !c.data.(*lzma.Reader).EOSMarker():
		return n, c.in.fault("lzma", errors.New("the end mark is missing"))
	}
	return n, io.EOF
}

func (c *lzmaCodec) close() {}
