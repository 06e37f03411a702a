package qmp

import (
	"errors"
	"slices"
	"time"
)

// endedTime bounds Options.Ended, so that a call learns of QEMU's death within
// 100 ms.
const endedTime = 90 * time.Millisecond

// receive is the goroutine that reads. It waits for nobody but the log:
// replies go to channels with room, events to the history.
func (c *Client) receive() {
	err := c.verdict(c.readMessages())
	c.conn.Close()

	c.mu.Lock()
	c.err = err
	for _, cl := range c.queue {
		cl.files.close()
	}
	unanswered := slices.Concat(c.inFlight, c.queue)
	c.inFlight, c.queue = nil, nil
	for _, cl := range unanswered {
		cl.reply <- reply{err: c.callError(cl, err)}
	}
	c.mu.Unlock()

	c.log.note("connection ended: %v", err)
	c.events.end()
	close(c.done)
}

// readMessages files messages until the connection ends.
func (c *Client) readMessages() error {
	for {
		line, offset, err := c.lines.next()
		if err != nil {
			return err
		}
		m, err := decodeMessage(line)
		if err != nil {
			return &ProtocolError{Offset: offset, Message: shorten(line, errorText), Err: err}
		}
		now := time.Now()
		switch {
		case m.Greeting != nil:
			c.log.received(now, line)
			c.greet(m.greeting())
		case m.Event != "":
			c.log.received(now, line)
			c.events.add(m, now)
		default:
			c.deliver(m, line, now)
		}
	}
}

// greet passes the greeting on to NewClient. Only the first one counts.
func (c *Client) greet(g Greeting) {
	select {
	case c.greeted <- g:
	default:
	}
}

// deliver gives a reply to the call it belongs to. A reply that belongs to no
// call goes to the log and nowhere else.
func (c *Client) deliver(m *message, line []byte, now time.Time) {
	c.mu.Lock()
	cl := c.takeCall(m)
	if cl == nil {
		c.mu.Unlock()
		c.log.received(now, line)
		return
	}
	late, moreToSend := cl.abandoned, len(c.queue) > 0
	c.mu.Unlock()

	c.log.replied(now, cl, late, line)
	if m.Error != nil {
		cl.reply <- reply{err: &Error{Command: cl.command, Class: m.Error.Class, Desc: m.Error.Desc}}
	} else {
		cl.reply <- reply{value: m.Return}
	}
	if moreToSend {
		c.wakeSender()
	}
}

// takeCall removes the call that m replies to from those in flight, with mu
// held. QEMU leaves the id out of an error when it couldn't read the command;
// such an error comes in its place in the order of the in-band replies.
func (c *Client) takeCall(m *message) *call {
	i := slices.IndexFunc(c.inFlight, func(cl *call) bool {
		if m.ID == nil && m.Error != nil {
			return !cl.oob
		}
		return cl.id == string(m.ID)
	})
	if i < 0 {
		return nil
	}
	cl := c.inFlight[i]
	c.inFlight = slices.Delete(c.inFlight, i, i+1)
	return cl
}

// verdict turns what ended readMessages into why the connection ended.
func (c *Client) verdict(err error) error {
	c.mu.Lock()
	closed, writeErr := c.closed, c.writeErr
	c.mu.Unlock()
	var protocol *ProtocolError
	switch {
	case closed:
		return ErrClosed
	case errors.As(err, &protocol):
		return err
	case writeErr != nil:
		err = writeErr
	}
	return &LostError{Cause: err, Ended: c.askEnded()}
}

// askEnded asks Options.Ended how QEMU ended, for a limited time.
func (c *Client) askEnded() error {
	if c.opts.Ended == nil {
		return nil
	}
	answer := make(chan error, 1)
	go func() { answer <- c.opts.Ended() }()
	select {
	case err := <-answer:
		return err
	case <-time.After(endedTime):
		return nil
	}
}
