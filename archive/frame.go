package archive

import (
	"errors"
	"io"
)

// framer walks over one compressed stream without decoding it: it knows where the stream ends. Decoders need that for
// two reasons. They read ahead, so what follows the stream in an initramfs would be lost to them; and several take an
// early end of the input for the end of the data.
type framer interface {
	// step looks at the input without reading it and tells how many of the next bytes belong to the stream for sure; it
	// is called again when these were read. The end of the stream is io.EOF.
	step(in *input) (int64, error)
}

// frameReader reads the bytes of one stream, all of them and not one more.
type frameReader struct {
	in     *input
	framer framer
	n      int64 // bytes that may be read before the next step
	err    error
}

func (r *frameReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, r.err
	}
	for r.n == 0 && r.err == nil {
		r.n, r.err = r.framer.step(r.in)
	}
	if r.n == 0 {
		return 0, r.err
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.n)])
	r.n -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		r.err = err
	}
	return n, err
}

// end turns a decoder's end of data into io.EOF if the stream ends there too, and everything else into a fault.
func (r *frameReader) end(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case r.err != nil && r.err != io.EOF:
		// What the walk has seen is more exact than what the decoder makes of it.
		return r.in.fault(what, r.err)
	case err != io.EOF:
		return r.in.fault(what, err)
	}
	if _, rest := r.Read(make([]byte, 1)); rest != io.EOF {
		if rest != nil {
			return r.in.fault(what, rest)
		}
		return r.in.fault(what, errors.New("the decoder stops before the end of the stream"))
	}
	return io.EOF
}
