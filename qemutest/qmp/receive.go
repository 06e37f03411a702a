package qmp

import (
	"errors"
	"io"
	"slices"
	"time"
)

// endedTime bounds Options.Ended, so that a call learns of QEMU's death within
// 100 ms.
const endedTime = 90 * time.Millisecond

// errorText is how much of a message an error quotes, in bytes.
const errorText = 256

// receive is the goroutine that reads. It waits for nobody but the log: replies
// go to channels with room, events to the history.
func (c *Client) receive() {
	err := c.ended(c.readMessages())
	c.conn.Close()

	c.mu.Lock()
	c.err = err
	waiting := append(c.order, c.queue...)
	for _, cl := range waiting {
		cl.reply <- reply{err: c.callError(cl, err)}
	}
	for _, cl := range c.queue {
		cl.files.close()
	}
	c.order, c.queue, c.pending = nil, nil, nil
	c.mu.Unlock()

	c.log.note("connection ended: %v", err)
	c.events.end(err)
	close(c.done)
}

// readMessages handles messages until the connection ends.
func (c *Client) readMessages() error {
	for {
		line, offset, err := c.lines.next()
		if err != nil && (len(line) == 0 || !errors.Is(err, io.ErrUnexpectedEOF)) {
			return err
		}
		m, decodeErr := decodeMessage(line)
		if err != nil {
			return err
		}
		if decodeErr != nil {
			return &ProtocolError{Offset: offset, Message: shorten(line, errorText), Err: decodeErr}
		}
		c.handle(m, line)
	}
}

// handle files one message.
func (c *Client) handle(m *message, line []byte) {
	now := time.Now()
	switch {
	case m.Greeting != nil:
		c.log.received(now, nil, line)
		select {
		case c.greeted <- m.greeting():
		default: // a second greeting says nothing new
		}
	case m.Event != "":
		c.log.received(now, nil, line)
		c.events.add(m, now)
	default:
		c.handleReply(m, line, now)
	}
}

// handleReply gives a reply to the call it belongs to. One that belongs to no
// call is in the log, nowhere else.
func (c *Client) handleReply(m *message, line []byte, now time.Time) {
	c.mu.Lock()
	cl := c.takeCall(m)
	queued := len(c.queue) > 0
	c.mu.Unlock()

	c.log.received(now, cl, line)
	if cl == nil {
		return
	}
	if queued {
		c.wakeSender()
	}
	r := reply{value: m.Return}
	if m.Error != nil {
		r = reply{err: &Error{Command: cl.command, Class: m.Error.Class, Desc: m.Error.Desc}}
	}
	cl.reply <- r
}

// takeCall removes the call that m replies to from those in flight, with mu
// held. QEMU leaves the id out of an error when it couldn't read the command;
// such an error comes in the order of the in-band commands.
func (c *Client) takeCall(m *message) *call {
	cl := c.pending[string(m.ID)]
	if cl == nil && m.ID == nil && m.Error != nil {
		if i := slices.IndexFunc(c.order, func(cl *call) bool { return !cl.oob }); i >= 0 {
			cl = c.order[i]
		}
	}
	if cl == nil {
		return nil
	}
	delete(c.pending, cl.id)
	c.order = slices.DeleteFunc(c.order, func(sent *call) bool { return sent == cl })
	return cl
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

// greeting converts a greeting.
func (m *message) greeting() Greeting {
	v := m.Greeting.Version
	return Greeting{
		Version:      Version{Major: v.QEMU.Major, Minor: v.QEMU.Minor, Micro: v.QEMU.Micro, Package: v.Package},
		Capabilities: m.Greeting.Capabilities,
	}
}
