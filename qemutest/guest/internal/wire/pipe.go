package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// PipeWindow is how many bytes of a pipe may be under way before its reader
// takes them.
const PipeWindow = 256 << 10

// A Sender sends messages: a [Link].
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// A Reader is the receiving end of a pipe.
type Reader struct {
	ctx    context.Context
	sender Sender
	stream uint32
	pipe   Pipe

	mu     sync.Mutex
	filled *sync.Cond
	chunks [][]byte
	taken  int   // bytes read that no credit was given for
	err    error // after chunks
}

// NewReader returns the receiving end of a pipe. ctx limits the sending of
// credits.
func NewReader(ctx context.Context, sender Sender, stream uint32, pipe Pipe) *Reader {
	r := &Reader{ctx: ctx, sender: sender, stream: stream, pipe: pipe}
	r.filled = sync.NewCond(&r.mu)
	return r
}

// Push gives the reader what has arrived. It keeps a copy.
func (r *Reader) Push(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && len(p) > 0 {
		r.chunks = append(r.chunks, append([]byte(nil), p...))
		r.filled.Broadcast()
	}
}

// CloseWithError ends the pipe after what has arrived; nil means [io.EOF].
func (r *Reader) CloseWithError(err error) {
	if err == nil {
		err = io.EOF
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		r.filled.Broadcast()
	}
}

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, credit, err := r.take(p)
	if credit > 0 {
		body := binary.BigEndian.AppendUint32(nil, uint32(credit))
		if err := r.sender.Send(r.ctx, Message{Kind: Credit, Pipe: r.pipe, Stream: r.stream, Body: body}); err != nil {
			r.CloseWithError(err)
		}
	}
	return n, err
}

// take waits for bytes, and returns how many the sender may send in addition,
// once these are worth a message.
func (r *Reader) take(p []byte) (n, credit int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.chunks) == 0 {
		if r.err != nil {
			return 0, 0, r.err
		}
		r.filled.Wait()
	}
	for n < len(p) && len(r.chunks) > 0 {
		c := copy(p[n:], r.chunks[0])
		n += c
		if r.chunks[0] = r.chunks[0][c:]; len(r.chunks[0]) == 0 {
			r.chunks = r.chunks[1:]
		}
	}
	if r.taken += n; r.taken >= PipeWindow/4 && r.err == nil {
		credit, r.taken = r.taken, 0
	}
	return n, credit, nil
}

// A Writer is the sending end of a pipe.
type Writer struct {
	ctx    context.Context
	sender Sender
	stream uint32
	pipe   Pipe

	mu      sync.Mutex
	changed *sync.Cond
	credit  int
	err     error
}

// NewWriter returns the sending end of a pipe. The end of ctx ends writes.
func NewWriter(ctx context.Context, sender Sender, stream uint32, pipe Pipe) *Writer {
	w := &Writer{ctx: ctx, sender: sender, stream: stream, pipe: pipe, credit: PipeWindow}
	w.changed = sync.NewCond(&w.mu)
	context.AfterFunc(ctx, func() { w.Stop(context.Cause(ctx)) })
	return w
}

// Credit lets the writer send what the body of a message says.
func (w *Writer) Credit(body []byte) {
	if len(body) != 4 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.credit += int(binary.BigEndian.Uint32(body))
	w.changed.Broadcast()
}

// Stop makes writes fail with err from now on.
func (w *Writer) Stop(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
		w.changed.Broadcast()
	}
}

// Write implements [io.Writer].
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, err := w.reserve(min(len(p)-written, MaxPayload-messageHeader))
		if err != nil {
			return written, err
		}
		m := Message{Kind: Bytes, Pipe: w.pipe, Stream: w.stream, Body: p[written : written+n]}
		if err := w.sender.Send(w.ctx, m); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// reserve waits for credit, and uses at most n of it.
func (w *Writer) reserve(n int) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.credit == 0 && w.err == nil {
		w.changed.Wait()
	}
	if w.err != nil {
		return 0, w.err
	}
	n = min(n, w.credit)
	w.credit -= n
	return n, nil
}

// errStopped is the error of writes after Close.
var errStopped = errors.New("the pipe is closed")

// CloseWithError ends the pipe; the reader gets the text of err. nil is a plain
// end.
func (w *Writer) CloseWithError(err error) error {
	w.mu.Lock()
	ended := w.err
	if ended == nil {
		w.err = errStopped
	}
	w.mu.Unlock()
	if ended != nil {
		return nil
	}
	m := Message{Kind: Close, Pipe: w.pipe, Stream: w.stream}
	if err != nil {
		m.Body = []byte(err.Error())
	}
	return w.sender.Send(w.ctx, m)
}

// Close implements [io.Closer].
func (w *Writer) Close() error { return w.CloseWithError(nil) }
