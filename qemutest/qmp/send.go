package qmp

import (
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// drainTime is how long the receiver may go on after a failed write, to get
// what QEMU sent before its end.
const drainTime = 50 * time.Millisecond

// send is the goroutine that writes, and the only one: a command is written
// whole whatever happens to its caller, so that a stopped QEMU with a full
// socket buffer can't leave half a command in front of the next.
func (c *Client) send() {
	for {
		cl := c.nextToSend()
		if cl == nil {
			select {
			case <-c.wake:
				continue
			case <-c.done:
				return
			}
		}
		err := c.write(cl)
		cl.files.close()
		if err != nil {
			c.mu.Lock()
			c.sending = err
			c.mu.Unlock()
			c.conn.SetReadDeadline(time.Now().Add(drainTime))
			return
		}
	}
}

// wakeSender tells the sender that the queue or the room in flight changed.
func (c *Client) wakeSender() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// nextToSend moves a call from the queue to those in flight: the first
// out-of-band one, or the first of all when QEMU's queue has room. Nil means
// that there is nothing to do for now.
func (c *Client) nextToSend() *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.queue, func(cl *call) bool { return cl.oob })
	if i < 0 {
		if len(c.queue) == 0 || !c.roomFor(c.queue[0]) {
			return nil
		}
		i = 0
	}
	cl := c.queue[i]
	c.queue = slices.Delete(c.queue, i, i+1)
	cl.sent = time.Now()
	c.pending[cl.id] = cl
	c.order = append(c.order, cl)
	return cl
}

// roomFor reports whether an in-band call may be sent now, with mu held. Calls
// with files go one at a time: QEMU keeps only the files that came last, and
// a command takes them when it is carried out, not when it arrives.
func (c *Client) roomFor(next *call) bool {
	inBand := 0
	for _, cl := range c.order {
		if cl.oob {
			continue
		}
		inBand++
		if len(next.files) > 0 && len(cl.files) > 0 {
			return false
		}
	}
	return inBand < maxInFlight
}

// write writes a command, its files with the first byte.
func (c *Client) write(cl *call) error {
	c.log.sent(cl)
	wire := cl.wire
	if len(cl.files) > 0 {
		n, err := cl.files.send(c.conn.(*net.UnixConn), wire)
		if err != nil {
			return err
		}
		wire = wire[n:]
	}
	n, err := c.conn.Write(wire)
	if err == nil && n < len(wire) {
		return io.ErrShortWrite
	}
	return err
}

// ended reports why the connection ended, from the error of the receiver.
func (c *Client) ended(err error) error {
	c.mu.Lock()
	closed, sending := c.closed, c.sending
	c.mu.Unlock()
	if closed {
		return ErrClosed
	}
	var protocol *ProtocolError
	if errors.As(err, &protocol) {
		return protocol
	}
	if sending != nil {
		err = sending
	}
	return &LostError{Cause: err, Ended: c.askEnded()}
}
