package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the largest window that the zstd tool decodes without being told to: level 22, or --long. 128 MiB.
const maxZstdWindow = 128 << 20

type zstdCodec struct {
	frame   *frameReader
	decoder *zstd.Decoder
}

func newZstdCodec() (*zstdCodec, error) {
	decoder, err := zstd.NewReader(nil,
		zstd.WithDecoderMaxWindow(maxZstdWindow),
		// Without goroutines of its own, so that nobody reads the input behind our back after an error. On two cores it
		// is as fast as with them, 700 MB/s.
		zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return &zstdCodec{decoder: decoder}, nil
}

func (c *zstdCodec) reset(in *input) error {
	c.frame = &frameReader{in: in, framer: &zstdFramer{}}
	if err := c.decoder.Reset(c.frame); err != nil {
		return c.end(err)
	}
	return nil
}

func (c *zstdCodec) Read(p []byte) (int, error) {
	n, err := c.decoder.Read(p)
	return n, c.end(err)
}

func (c *zstdCodec) end(err error) error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return fmt.Errorf("the zstd data wants a window of more than %d bytes: %w", maxZstdWindow, ErrLimit)
	}
	return c.frame.end("zstd", err)
}

func (c *zstdCodec) close() { c.decoder.Close() }

const (
	zstdMagic         = 0xfd2fb528
	zstdSkippable     = 0x184d2a50 // the low 4 bits vary
	zstdSkippableMask = 0xfffffff0
)

func isZstdSkippable(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head)&zstdSkippableMask == zstdSkippable
}

// zstdFramer walks over one frame as RFC 8878, section 3.1, lays it out.
type zstdFramer struct {
	inFrame  bool
	checksum bool
	last     bool
}

func (f *zstdFramer) step(in *input) (int64, error) {
	switch {
	case !f.inFrame:
		return f.header(in)
	case f.last:
		return 0, io.EOF
	}
	return f.block(in)
}

func (f *zstdFramer) header(in *input) (int64, error) {
	head, err := in.peek(8)
	if err != nil {
		return 0, err
	}
	f.inFrame = true
	magic := binary.LittleEndian.Uint32(head)
	if magic&zstdSkippableMask == zstdSkippable {
		f.last = true
		return 8 + int64(binary.LittleEndian.Uint32(head[4:])), nil
	}
	if magic != zstdMagic {
		return 0, fmt.Errorf("magic % x", head[:4])
	}
	descriptor := head[4]
	f.checksum = descriptor&4 != 0
	singleSegment := descriptor >> 5 & 1
	n := int64(5)
	n += int64(1 - singleSegment)                               // window descriptor
	n += [4]int64{0, 1, 2, 4}[descriptor&3]                     // dictionary id
	n += [4]int64{int64(singleSegment), 2, 4, 8}[descriptor>>6] // content size
	return n, nil
}

func (f *zstdFramer) block(in *input) (int64, error) {
	head, err := in.peek(3)
	if err != nil {
		return 0, err
	}
	v := int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16
	f.last = v&1 != 0
	size := v >> 3
	const runLength, reserved = 1, 3
	switch v >> 1 & 3 {
	case runLength:
		size = 1
	case reserved:
		return 0, errors.New("block of reserved type")
	}
	n := 3 + size
	if f.last && f.checksum {
		n += 4
	}
	return n, nil
}
