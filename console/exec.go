package console

import (
	"context"
	"time"
)

// Exec sends the line command and waits for what w says in the answer to it:
// matching starts after the echo of the command, so that neither what was on
// the console before nor the echo can be mistaken for the answer. Send a
// command when the guest is ready for one, that is, after a wait for its
// prompt.
//
// The echo is looked for in what arrives from the moment of sending. It is the
// characters of the command one after another, where white space, control
// characters and escape sequences do not count on either side: it may be
// wrapped, it may be interrupted by a prompt that is drawn again if the
// command is too, and anything may precede it, however late it comes. Of a
// command of several lines each is looked for in its turn. Until the echo is
// there, only Options.Watch and w.Failure can fail the wait; a w.Failure that is
// part of the echo does not count.
//
// A guest that was not ready echoes a command twice: at once by the terminal
// driver, and again when the shell reads it. A match that is part of a further
// echo, up to the end of a line, does not count either.
//
// A guest that does not echo (Options.NoEcho) or a command without a visible
// character leave nothing to look for: matching starts with what arrives from
// the moment of sending.
//
// w.Timeout covers the sending as well. Match.Before starts at the end of the
// echo: it is the output of the command.
func (c *Console) Exec(ctx context.Context, command string, w Wait) (Match, error) {
	from := c.Size()
	echo := newEcho(command, from)
	if c.opts.NoEcho {
		echo = nil
	}
	s, err := newSearch(c, w, from, echo)
	if err != nil {
		return Match{}, err
	}
	// The wait is on while the command is sent, so that it ends at once when
	// the guest fails meanwhile.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent := make(chan error, 1)
	go func() {
		err := c.SendLine(ctx, command)
		if err != nil {
			cancel(err)
		}
		sent <- err
	}()
	m, err := s.run(ctx)
	if err != nil {
		cancel(err)
		<-sent
		return Match{}, err
	}
	if err := <-sent; err != nil {
		return Match{}, err
	}
	return m, nil
}

// InterruptUntil sends text at once and then again in each interval of every
// (200 ms if 0) until the wait ends, as is needed to stop a boot loader that
// counts down. It does not depend on output: a silent guest gets the text as
// often. If the guest does not read it, the wait goes on without. A text that
// is being sent when the wait ends may be cut short.
func (c *Console) InterruptUntil(ctx context.Context, text string, every time.Duration, w Wait) (Match, error) {
	if every <= 0 {
		every = 200 * time.Millisecond
	}
	sending, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for sending.Err() == nil {
			// A text that is not taken will not be missed: one like it is
			// there already, or nobody is there any more, which the wait
			// will find out.
			_ = c.Send(sending, text)
			_ = rest(sending, every)
		}
	}()
	defer func() {
		stop()
		<-ended
	}()
	return c.Wait(ctx, w)
}
