package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// input is one layer of bytes, the file itself or what a decompressor makes of it, with lookahead and a position.
type input struct {
	*bufio.Reader
	counter countingReader
	// random access to the same bytes, where there is one: nil for a stream
	at   io.ReaderAt
	size int64
}

// inputBuffer holds the longest thing that is looked at before it is read, an 8 KiB cpio header with name and link.
const inputBuffer = 64 << 10

func newInput(ctx context.Context, r io.Reader) *input {
	in := &input{counter: countingReader{ctx: ctx, r: r}}
	in.Reader = bufio.NewReaderSize(&in.counter, inputBuffer)
	return in
}

// newSection is an input over size bytes of at.
func newSection(ctx context.Context, at io.ReaderAt, offset, size int64) *input {
	section := io.NewSectionReader(at, offset, size)
	in := newInput(ctx, section)
	in.at, in.size = section, size
	return in
}

// offset is the position of the next byte.
func (in *input) offset() int64 { return in.counter.n - int64(in.Buffered()) }

// length is the number of bytes of input as far as is known.
func (in *input) length() int64 {
	if in.at != nil {
		return in.size
	}
	return in.counter.n
}

// peek looks at the next n bytes, which must be there.
func (in *input) peek(n int) ([]byte, error) {
	p, err := in.Peek(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return p, err
}

// head looks at the next bytes, as many of n as there are.
func (in *input) head(n int) ([]byte, error) {
	p, err := in.Peek(n)
	if err == io.EOF {
		err = nil
	}
	return p, err
}

// skipZeros skips zero bytes and reports whether something follows them.
func (in *input) skipZeros() (bool, error) {
	for {
		if _, err := in.Peek(1); err != nil {
			if err == io.EOF {
				return false, nil
			}
			return false, err
		}
		p, _ := in.Peek(in.Buffered())
		for i, c := range p {
			if c != 0 {
				_, err := in.Discard(i)
				return true, err
			}
		}
		if _, err := in.Discard(len(p)); err != nil {
			return false, err
		}
	}
}

// fault turns what a decoder says about this input into an error of this package: the source's own read error if there
// was one, ErrTruncated, ErrCorrupt, or as it is if it says what it is already.
func (in *input) fault(what string, err error) error {
	switch {
	case in.counter.err != nil:
		return in.counter.err
	case isClassified(err):
		return err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s data ends early, after byte %d: %w", what, in.offset(), ErrTruncated)
	}
	return fmt.Errorf("%s data is broken before byte %d (%v): %w", what, in.offset(), err, ErrCorrupt)
}

// isClassified reports whether err was classified already.
func isClassified(err error) bool {
	for _, kind := range []error{ErrTruncated, ErrCorrupt, ErrFormat, ErrUnsafe, ErrLimit, errors.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// countingReader counts what it reads, stops when the context ends, and remembers why it stopped, so that neither that nor
// a failing disk is taken for a corrupt file.
type countingReader struct {
	ctx context.Context
	r   io.Reader
	n   int64
	err error
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		c.err = err
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err == io.ErrUnexpectedEOF { // an HTTP body, for one, that is shorter than its header said
		err = fmt.Errorf("the source ends early, after byte %d: %w", c.n, ErrTruncated)
	}
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
