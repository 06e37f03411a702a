package replay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// What can be wrong with a log. All are found with errors.Is in a
// [FormatError].
var (
	// ErrUnfinished says that QEMU did not close the log: it was killed, or
	// still runs.
	ErrUnfinished = errors.New("QEMU did not finish this recording: it fills in the header when it exits, and that is empty")

	// ErrVersion says that the log has a format that this package does not know.
	ErrVersion = errors.New("logs with this version of the format can't be read")

	// ErrUnknownEvent says that a byte stands for no event. Either the log is
	// damaged, or what is in front of it was misunderstood.
	ErrUnknownEvent = errors.New("there is no such event")

	// ErrTruncated says that the log ends before its end event.
	ErrTruncated = errors.New("the log ends too early")
)

// A FormatError says where a log can't be read.
type FormatError struct {
	Offset int64 // in bytes, where the event begins, or the header
	Event  int64 // number of the event, from 1 on; 0 for the header
	Detail string
	Err    error // one of the errors above, or of the underlying reader
}

func (e *FormatError) Error() string {
	where := "its header"
	if e.Event > 0 {
		where = fmt.Sprintf("event %d at offset %#x", e.Event, e.Offset)
	}
	text := fmt.Sprintf("the replay log can't be read at %s: %v", where, e.Err)
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap returns Err.
func (e *FormatError) Unwrap() error { return e.Err }

// maxData is how much of a payload is kept in an Event.
const maxData = 64 << 10

// A Reader reads the events of a log.
type Reader struct {
	in      *bufio.Reader
	version uint32
	offset  int64 // of the next byte
	event   Event // the current one
	err     error // sticky
	ended   bool
}

// NewReader reads the header of a log.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 64<<10)}
	r.version = r.uint32()
	r.uint64() // QEMU leaves room for an offset that it does not use
	switch {
	case r.err != nil:
	case r.version == 0:
		r.err = ErrUnfinished
	case r.version < minVersion || r.version > maxVersion:
		r.err = ErrVersion
	}
	if r.err != nil {
		return nil, &FormatError{Detail: fmt.Sprintf("version %#x", r.version), Err: r.err}
	}
	return r, nil
}

// Version returns the version of the format, like 0xe0200c.
func (r *Reader) Version() uint32 { return r.version }

// Next returns the next event, the last of which is of kind [End]. After that it
// returns io.EOF. Any other error is a [FormatError].
func (r *Reader) Next() (Event, error) {
	if r.err == nil && r.ended {
		r.err = io.EOF
	}
	if r.err != nil {
		return Event{}, r.err
	}
	r.event = Event{Number: r.event.Number + 1, Offset: r.offset, Instructions: r.event.Instructions}
	code := r.uint8()
	if r.err != nil {
		return Event{}, r.formatError("no end event")
	}
	r.decode(code)
	if r.err != nil {
		return Event{}, r.formatError(fmt.Sprintf("code %d", code))
	}
	r.ended = r.event.Kind == End
	return r.event, nil
}

// formatError makes what is wrong with the current event the reader's error.
func (r *Reader) formatError(detail string) error {
	r.err = &FormatError{Offset: r.event.Offset, Event: r.event.Number, Detail: detail, Err: r.err}
	return r.err
}

// The functions below read a part of an event; after an error they return zero.

func (r *Reader) bytes(buf []byte) []byte {
	if r.err != nil {
		return buf
	}
	n, err := io.ReadFull(r.in, buf)
	r.offset += int64(n)
	r.fail(err)
	if err != nil {
		clear(buf)
	}
	return buf
}

func (r *Reader) fail(err error) {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = ErrTruncated
	}
	if r.err == nil {
		r.err = err
	}
}

func (r *Reader) uint8() uint8 {
	var buf [1]byte
	return r.bytes(buf[:])[0]
}

func (r *Reader) uint32() uint32 {
	var buf [4]byte
	return binary.BigEndian.Uint32(r.bytes(buf[:]))
}

func (r *Reader) uint64() uint64 {
	var buf [8]byte
	return binary.BigEndian.Uint64(r.bytes(buf[:]))
}

// array reads a payload with its size in front. What a damaged size promises
// is not allocated before it is there.
func (r *Reader) array() {
	r.event.Size = int64(r.uint32())
	r.event.Data = r.bytes(make([]byte, min(r.event.Size, maxData)))
	r.skip(r.event.Size - int64(len(r.event.Data)))
}

func (r *Reader) skip(n int64) {
	if r.err != nil || n == 0 {
		return
	}
	skipped, err := io.CopyN(io.Discard, r.in, n)
	r.offset += skipped
	r.fail(err)
}
