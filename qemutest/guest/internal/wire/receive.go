package wire

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// read reads until the link ends.
func (l *Link) read() {
	decoder := l.form.Decoder()
	buf := make([]byte, 2*MaxPayload)
	last := time.Now()
	for !l.ended() {
		n, err := l.conn.Read(buf)
		now := time.Now()
		if now.Sub(last) >= maxPause {
			decoder.GiveUp(l.accept, l.damaged)
		}
		last = now
		decoder.Decode(buf[:n], l.accept, l.damaged)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("reading from the channel: %w", err)
			}
			l.fail(err)
			return
		}
	}
}

// maxPause is how long a frame may stop in its midst. One that stops for longer
// is that of a guest which was reset: its rest does not come, and the greeting of
// the next start must not be taken for it. If its rest comes after all, the
// frame is sent again.
const maxPause = firstTimeout

// ended reports whether the link has ended.
func (l *Link) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// accept handles a frame.
func (l *Link) accept(f Frame) {
	if f.Kind == Hello {
		l.acceptHello(f)
		return
	}
	m, received := l.process(f)
	if received {
		l.handler.Receive(m)
	}
}

// acceptHello answers an agent.
func (l *Link) acceptHello(f Frame) {
	if l.agent {
		return // an echo
	}
	greeting, err := parseGreeting(f.Payload)
	if err != nil {
		l.fail(err)
		return
	}
	l.mu.Lock()
	known := l.joined && l.session == f.Session
	if !known {
		l.reset(f.Session)
	}
	l.repeat = append(l.repeat, Frame{Kind: Welcome})
	l.mu.Unlock()
	if !known {
		l.handler.Greeted(greeting)
	}
	l.kick()
}

// reset begins with a new start of the agent. Called with l.mu held.
func (l *Link) reset(session uint32) {
	l.session, l.joined = session, true
	l.next, l.window, l.size, l.written, l.repeat = 0, nil, 0, 0, nil
	l.expected, l.nacked, l.ackDue = 0, false, false
	l.timeout, l.expires = firstTimeout, time.Time{}
	clear(l.parts)
	l.space.Broadcast()
}

// process handles all other frames, and returns the message that is complete
// now.
func (l *Link) process(f Frame) (m Message, received bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Session != l.session || !l.agent && !l.joined {
		return m, false // of an earlier start of the guest
	}
	if !l.joined { // any frame of the host says that it has seen the Hello
		l.joined = true
		l.timeout, l.expires = firstTimeout, time.Time{}
		l.space.Broadcast()
	}
	l.acknowledged(f.Ack)
	switch f.Kind {
	case Nack:
		l.written = 0
		l.kick()
	case Data:
		return l.arrived(f)
	}
	return m, false
}

// acknowledged lets go of what the other side has. Called with l.mu held.
func (l *Link) acknowledged(ack uint32) {
	n := int(int32(ack - l.next + uint32(len(l.window))))
	if n <= 0 || n > len(l.window) {
		return
	}
	now := time.Now()
	if q := l.window[n-1]; !q.again {
		l.timeout = min(max(firstTimeout, 4*now.Sub(q.sent)), maxTimeout)
	}
	for _, q := range l.window[:n] {
		l.size -= len(q.payload)
	}
	l.window = l.window[n:]
	l.written = max(0, l.written-n)
	l.expires = time.Time{}
	if l.written > 0 {
		l.expires = now.Add(l.timeout)
	}
	l.space.Broadcast()
	l.kick()
}

// arrived takes a numbered frame. Called with l.mu held.
func (l *Link) arrived(f Frame) (m Message, complete bool) {
	defer l.kick()
	if f.Seq != l.expected {
		if int32(f.Seq-l.expected) < 0 {
			l.ackDue = true // the acknowledgement was lost
		} else {
			l.early(f.Seq)
		}
		return m, false
	}
	l.expected++
	l.nacked = false
	l.ackDue = true
	m, complete, err := l.parts.add(f.Payload)
	if err != nil {
		return m, false // of a version to come
	}
	return m, complete
}

// damaged handles what was a frame once.
func (l *Link) damaged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.joined {
		l.nack()
		l.kick()
	}
}

// early handles a frame after one that is missing. Called with l.mu held.
func (l *Link) early(seq uint32) {
	if l.nacked && int32(seq-l.seen) <= 0 {
		l.nacked = false // they were sent again, and the missing one was lost again
	}
	l.nack()
	l.seen = seq
}

// nack asks for what is missing, once. Called with l.mu held.
func (l *Link) nack() {
	if !l.nacked {
		l.nacked = true
		l.seen = l.expected
		l.repeat = append(l.repeat, Frame{Kind: Nack})
	}
}
