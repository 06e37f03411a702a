package qmp

import (
	"net"
	"slices"
	"time"
)

// maxInFlight is the number of in-band commands that QEMU is given at once.
// QEMU's queue holds eight; when it is full, QEMU reads no further, and
// out-of-band commands would be stuck behind (QMP specification, "Out-of-band
// execution").
const maxInFlight = 8

// drainTime is how long the receiver may go on after a failed write, to get
// what QEMU sent before its end.
const drainTime = 50 * time.Millisecond

// send is the goroutine that writes, and the only one. It finishes a command
// that it has begun whatever becomes of the caller: a stopped QEMU whose
// socket buffer is full is never left with half a command, which would eat the
// beginning of the next one.
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
		if err := c.write(cl); err != nil {
			c.mu.Lock()
			c.writeErr = err
			c.mu.Unlock()
			c.conn.SetReadDeadline(time.Now().Add(drainTime))
			return
		}
	}
}

// wakeSender tells the sender that there may be something to send.
func (c *Client) wakeSender() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been told
	}
}

// nextToSend moves a call from the queue to those in flight: the first
// out-of-band one, or else the first of all if it may go. Nil means that
// there is nothing to send for now.
func (c *Client) nextToSend() *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.queue, func(cl *call) bool { return cl.oob })
	if i < 0 {
		if len(c.queue) == 0 || !c.mayGo(c.queue[0]) {
			return nil
		}
		i = 0
	}
	cl := c.queue[i]
	c.queue = slices.Delete(c.queue, i, i+1)
	c.inFlight = append(c.inFlight, cl)
	cl.sent = time.Now()
	return cl
}

// mayGo reports whether an in-band call may be sent now, with mu held. Calls
// with files go one at a time: QEMU keeps only the files that came last, and
// takes them when it carries a command out, not when the command arrives.
func (c *Client) mayGo(next *call) bool {
	inBand := 0
	for _, cl := range c.inFlight {
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
	defer cl.files.close()
	c.log.sent(cl)
	wire := cl.wire
	if len(cl.files) > 0 {
		n, err := cl.files.send(c.conn.(*net.UnixConn), wire)
		if err != nil {
			return err
		}
		wire = wire[n:]
	}
	_, err := c.conn.Write(wire)
	return err
}
