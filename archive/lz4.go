package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

type lz4Codec struct {
	frame   *frameReader
	decoder *lz4.Reader
}

func newLZ4Codec() *lz4Codec { return &lz4Codec{decoder: lz4.NewReader(nil)} }

func (c *lz4Codec) reset(in *input) error {
	c.frame = &frameReader{in: in, framer: &lz4Framer{}}
	c.decoder.Reset(c.frame)
	return nil
}

func (c *lz4Codec) Read(p []byte) (int, error) {
	n, err := c.decoder.Read(p)
	return n, c.frame.end("lz4", err)
}

func (c *lz4Codec) close() {}

const (
	lz4Magic       = 0x184d2204
	lz4LegacyMagic = 0x184c2102
	// lz4LegacyBlock is what LZ4_compressBound makes of the 8 MiB blocks of the legacy format.
	lz4LegacyBlock = 8<<20 + (8<<20)/255 + 16
)

// lz4Framer walks over one frame as lz4_Frame_format.md of the lz4 project lays it out.
type lz4Framer struct {
	block           func(in *input) (int64, error) // nil before the header
	blockChecksum   int64
	contentChecksum int64
	ended           bool
}

func (f *lz4Framer) step(in *input) (int64, error) {
	switch {
	case f.ended:
		return 0, io.EOF
	case f.block == nil:
		return f.header(in)
	}
	return f.block(in)
}

func (f *lz4Framer) header(in *input) (int64, error) {
	head, err := in.peek(4)
	if err != nil {
		return 0, err
	}
	switch binary.LittleEndian.Uint32(head) {
	case lz4LegacyMagic:
		f.block = f.legacyBlock
		return 4, nil
	case lz4Magic:
		f.block = f.frameBlock
	default:
		return 0, fmt.Errorf("magic % x", head)
	}
	if head, err = in.peek(5); err != nil {
		return 0, err
	}
	flag := func(bit uint) int64 { return int64(head[4] >> bit & 1) }
	f.blockChecksum, f.contentChecksum = 4*flag(4), 4*flag(2)
	contentSize, dictionary := 8*flag(3), 4*flag(0)
	return 4 + 2 + contentSize + dictionary + 1, nil
}

func (f *lz4Framer) frameBlock(in *input) (int64, error) {
	head, err := in.peek(4)
	if err != nil {
		return 0, err
	}
	const storedFlag = 1 << 31
	size := int64(binary.LittleEndian.Uint32(head) &^ storedFlag)
	if size == 0 {
		f.ended = true
		return 4 + f.contentChecksum, nil
	}
	return 4 + size + f.blockChecksum, nil
}

// legacyBlock ends the stream where no block can follow, because the format has no end mark: at the end of the input, at
// zeros, and at anything that is too large for a block's size, such as the magic of whatever comes next. A legacy stream
// that is cut between two blocks looks whole.
func (f *lz4Framer) legacyBlock(in *input) (int64, error) {
	head, err := in.head(5)
	switch {
	case err != nil:
		return 0, err
	case len(bytes.TrimLeft(head, "\x00")) == 0:
		return 0, io.EOF
	case len(head) < 4:
		return 0, io.ErrUnexpectedEOF
	case len(head) == 4:
		// Linux appends the size of the decompressed data to the kernels it builds; the library compares it.
		f.ended = true
		return 4, nil
	}
	size := int64(binary.LittleEndian.Uint32(head))
	if size == 0 || size > lz4LegacyBlock {
		return 0, io.EOF
	}
	return 4 + size, nil
}
