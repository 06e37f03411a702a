package console

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Send sends text to the guest as it stands, character by character if
// Options.Pace says so. Sends of several goroutines do not mix.
//
// It returns when the connection has taken all of it, which does not mean that
// the guest has read it. A guest that does not read its input makes it fail
// with [ErrTimeout] after Options.SendTimeout without progress, or with the
// cause of ctx's end if that is sooner; a console that has ended, with
// [ErrClosed].
func (c *Console) Send(ctx context.Context, text string) error {
	sent, err := c.sendAll(ctx, text)
	if err != nil {
		return &sendError{c.opts.Name, text, sent, err}
	}
	return nil
}

// A sendError says how far a Send came and why it ended.
type sendError struct {
	console, text string
	sent          int
	err           error
}

func (e *sendError) Error() string {
	return fmt.Sprintf("%s: cannot send %q, %d of %d bytes were taken: %v", e.console, e.text, e.sent, len(e.text), e.err)
}

func (e *sendError) Unwrap() error { return e.err }

// SendLine sends line and Options.LineEnding.
func (c *Console) SendLine(ctx context.Context, line string) error {
	return c.Send(ctx, line+c.opts.LineEnding)
}

// sendAll is Send with the number of bytes sent.
func (c *Console) sendAll(ctx context.Context, text string) (sent int, err error) {
	select {
	case <-c.done:
		return 0, ErrClosed
	default:
	}
	select {
	case <-c.typing:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-c.done:
		return 0, ErrClosed
	}
	w := &writing{c: c}
	defer w.end()
	for sent < len(text) {
		piece := text[sent:]
		if c.opts.Pace > 0 {
			_, width := utf8.DecodeRuneInString(piece)
			piece = piece[:width]
		}
		n, err := w.write(ctx, piece)
		sent += n
		if err != nil {
			return sent, err
		}
		if sent < len(text) {
			if err := rest(ctx, c.opts.Pace); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// rest waits for d.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A writing is one Send that holds the token.
type writing struct {
	c         *Console
	abandoned <-chan written // a write that could not be ended
}

// written is the result of a write.
type written struct {
	n   int
	err error
}

// write writes p and ends with ctx, or when the guest takes nothing for
// Options.SendTimeout.
func (w *writing) write(ctx context.Context, p string) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.c.opts.SendTimeout, errUnread{w.c.opts.SendTimeout})
	defer cancel()
	result := make(chan written, 1)
	go func() {
		n, err := w.c.conn.Write([]byte(p))
		result <- written{n, err}
	}()
	select {
	case r := <-result:
		return r.n, closedError(r.err)
	case <-ctx.Done():
	}
	conn, ok := w.c.conn.(interface{ SetWriteDeadline(time.Time) error })
	if !ok || conn.SetWriteDeadline(time.Unix(1, 0)) != nil {
		w.abandoned = result
		return 0, context.Cause(ctx)
	}
	r := <-result
	if err := conn.SetWriteDeadline(time.Time{}); err != nil || r.err == nil {
		return r.n, closedError(err)
	}
	return r.n, context.Cause(ctx)
}

// end gives the token back, of a write that could not be ended when it has
// ended by itself.
func (w *writing) end() {
	if w.abandoned == nil {
		w.c.typing <- struct{}{}
		return
	}
	go func() {
		<-w.abandoned
		w.c.typing <- struct{}{}
	}()
}

// closedError returns err as one that wraps ErrClosed: there is no other
// reason for which a write to a connection fails.
func closedError(err error) error {
	if err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// errUnread is ErrTimeout for input that the guest does not read.
type errUnread struct{ limit time.Duration }

func (e errUnread) Error() string {
	return fmt.Sprintf("the guest has not read its input for %s", seconds(e.limit))
}
func (e errUnread) Unwrap() error { return ErrTimeout }
