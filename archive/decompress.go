package archive

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// NewReader returns a reader of what r decompresses to; an empty c means: find out from the first bytes. Compressed
// streams one after another, with or without zeros between them and at the end, read as one. The end of the input is
// only io.EOF when the format says that it is the end; else the error says what is wrong and where.
//
// Close releases the decoder. It does not close r. Reading stops somewhere behind the last stream in r.
func NewReader(r io.Reader, c Compression) (io.ReadCloser, error) {
	in := newInput(context.Background(), r)
	if c == "" {
		head, err := in.head(contentPeek)
		if err != nil {
			return nil, err
		}
		if _, c = DetectContent(head); c == None {
			return nil, fmt.Errorf("the input is not compressed in a way that is known: name the compression: %w", ErrFormat)
		}
	}
	return newDecompressor(in, c)
}

// Decompress writes what src decompresses to into the file dst. The compression comes from opts.Compression, else from
// src's name and first bytes. The file appears under its name only when it is complete and every checksum was right; it
// replaces one that was there, whose content is never trusted. Zeros become holes.
func Decompress(ctx context.Context, dst string, src Source, opts Options) error {
	in, closeSource, err := src.open(ctx)
	if err != nil {
		return err
	}
	defer closeSource()
	fail := func(err error) error { return &Error{Source: src.name(), Offset: in.offset(), Err: err} }

	head, err := in.head(contentPeek)
	if err != nil {
		return fail(err)
	}
	// The format of what is inside does not matter here: a name like "rootfs.tar.gz" is as good as "rootfs.gz".
	_, compression, err := decide(src.name(), head, opts)
	if err != nil {
		return fail(err)
	}
	if compression == None && opts.Compression == "" {
		return fail(fmt.Errorf("it is not compressed in a way that is known, first bytes % x: "+
			"set Options.Compression: %w", head[:min(len(head), 8)], ErrFormat))
	}
	data, err := newDecompressor(in, compression)
	if err != nil {
		return fail(err)
	}
	defer data.Close()
	return writeWhole(dst, func(f *os.File) error {
		err := newSparseWriter(ctx, newBudget(opts.Limits, in.length)).copy(f, data)
		if isClassified(err) {
			return fail(err)
		}
		return err
	})
}

// writeWhole lets write fill a temporary file beside path and renames it to path if that succeeds.
func writeWhole(path string, write func(*os.File) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// createBeside makes a new file with a random name in path's directory. os.CreateTemp would make it readable for the
// owner alone; this one gets the mode that the umask says, as a file made by any other tool.
func createBeside(path string) (*os.File, error) {
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// newDecompressor reads in, which holds streams of one compression and nothing else.
func newDecompressor(in *input, c Compression) (io.ReadCloser, error) {
	if c == None {
		return io.NopCloser(in), nil
	}
	if c == XZ && in.at != nil {
		if blocks := xzBlocks(in.at, in.size); len(blocks) > 1 {
			return newParallelXZ(in.at, blocks), nil
		}
	}
	codec, err := newCodec(c)
	if err != nil {
		return nil, err
	}
	return &decompressor{in: in, compression: c, codec: codec}, nil
}

// codec decodes one compressed stream at a time. What its Read returns has passed input.fault.
type codec interface {
	// reset starts with the stream that begins at the next byte of in.
	reset(in *input) error
	// Read ends with io.EOF when the stream is over; the next byte of the input is then the one after it.
	io.Reader
	close()
}

func newCodec(c Compression) (codec, error) {
	switch c {
	case Gzip:
		return &gzipCodec{}, nil
	case XZ:
		return &xzCodec{}, nil
	case LZMA:
		return &lzmaCodec{}, nil
	case Zstd:
		return newZstdCodec()
	case Bzip2:
		return &bzip2Codec{}, nil
	case LZ4:
		return newLZ4Codec(), nil
	}
	return nil, fmt.Errorf("there is no compression %q: use a constant of this package: %w", c, ErrFormat)
}

// decompressor joins the streams of an input.
type decompressor struct {
	in          *input
	compression Compression
	codec       codec
	started     bool // codec is inside a stream
	streams     int
	err         error
}

func (d *decompressor) Read(p []byte) (int, error) {
	for d.err == nil {
		if !d.started {
			if d.err = d.startStream(); d.err != nil {
				break
			}
		}
		n, err := d.codec.Read(p)
		switch {
		case err == io.EOF:
			d.started = false
		case err != nil:
			d.err = err
		}
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, d.err
}

// startStream finds the next stream. Zeros before it are padding: gzip says nothing about them, but images that were
// padded to a block size are common, and gzip readers that do not expect them fail on a file that is whole.
func (d *decompressor) startStream() error {
	if d.streams > 0 {
		more, err := d.in.skipZeros()
		if err != nil {
			return err
		}
		if !more {
			return io.EOF
		}
		head, err := d.in.head(contentPeek)
		if err != nil {
			return err
		}
		if !d.continues(head) {
			return fmt.Errorf("after the end of the %s data, at byte %d, something else follows (% x): %w",
				d.compression, d.in.offset(), head[:min(len(head), 8)], ErrCorrupt)
		}
	}
	if _, err := d.in.peek(1); err != nil {
		return d.in.fault(string(d.compression), err)
	}
	d.streams++
	d.started = true
	return d.codec.reset(d.in)
}

// continues reports whether head begins another stream of the same compression.
func (d *decompressor) continues(head []byte) bool {
	if d.compression == Zstd && isZstdSkippable(head) {
		return true
	}
	_, c := DetectContent(head)
	return c == d.compression
}

func (d *decompressor) Close() error {
	d.codec.close()
	d.err = io.ErrClosedPipe
	return nil
}
