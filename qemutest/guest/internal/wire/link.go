package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	firstTimeout = time.Second      // until a frame is sent again, before any was acknowledged
	maxTimeout   = 10 * time.Second // the same after many attempts
)

// ErrRestarted says that the agent started anew: what was under way is lost.
var ErrRestarted = errors.New("the guest started anew")

// A Handler gets what a link receives, from one goroutine. It must not block.
type Handler interface {
	// Greeted is called on the host when an agent greets, also when one has
	// greeted before: then the guest was started anew.
	Greeted(Greeting)

	// Receive gets a message. Its body is valid until Receive returns.
	Receive(Message)

	// Closed is called once, last, with the reason.
	Closed(error)
}

// A Link carries messages over a channel. Its methods may be called from
// several goroutines at once.
type Link struct {
	conn    io.ReadWriteCloser
	form    Form
	handler Handler
	agent   bool
	hello   []byte        // greeting of an agent
	wake    chan struct{} // holds a token when there may be something to write
	done    chan struct{} // closed with err
	space   *sync.Cond    // there may be space in the window; of mu

	mu      sync.Mutex
	err     error
	session uint32
	joined  bool // the two sides know each other

	// What is sent.
	next    uint32    // number of the next message
	window  []*queued // not acknowledged yet, the oldest first
	size    int       // bytes of payload in window
	written int       // of window
	repeat  []Frame   // to be written before everything else: no Data
	timeout time.Duration
	expires time.Time // when the oldest counts as lost; zero if nothing was written

	// What is received.
	expected uint32 // number of the next message
	nacked   bool   // expected was asked for
	seen     uint32 // number of the last message that came too early, if nacked
	ackDue   bool
	parts    assembler
}

// queued is a message on its way.
type queued struct {
	seq     uint32
	payload []byte
	sent    time.Time // first time
	again   bool      // was sent more than once
}

// Dial makes the host's end of a link. The link owns conn.
func Dial(conn io.ReadWriteCloser, form Form, handler Handler) *Link {
	return start(&Link{conn: conn, form: form, handler: handler})
}

// Listen makes the agent's end of a link, which greets the host until that
// answers. The link owns conn.
func Listen(conn io.ReadWriteCloser, form Form, info Info, handler Handler) (*Link, error) {
	hello, err := json.Marshal(Greeting{Version: Version, Info: info})
	if err != nil {
		return nil, err
	}
	l := &Link{conn: conn, form: form, handler: handler, agent: true, hello: hello}
	l.session = rand.Uint32()
	return start(l), nil
}

func start(l *Link) *Link {
	l.space = sync.NewCond(&l.mu)
	l.wake = make(chan struct{}, 1)
	l.done = make(chan struct{})
	l.timeout = firstTimeout
	l.parts = make(assembler)
	if l.agent {
		l.greet()
	}
	go l.read()
	go l.write()
	return l
}

// Send queues a message. It blocks while the window is full, or while no agent
// has greeted, unless ctx ends.
func (l *Link) Send(ctx context.Context, m Message) error {
	most := l.form.limits().payload - messageHeader
	for body := m.Body; ; {
		m.Body = body[:min(most, len(body))]
		body = body[len(m.Body):]
		if err := l.queue(ctx, m.append(nil, len(body) > 0)); err != nil {
			return err
		}
		if len(body) == 0 {
			return nil
		}
	}
}

func (l *Link) queue(ctx context.Context, payload []byte) error {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.space.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	session, joined := l.session, l.joined
	restarted := func() bool { return joined && l.session != session }
	for l.err == nil && ctx.Err() == nil && !restarted() &&
		(!l.joined || l.size > 0 && l.size+len(payload) > l.form.limits().window) {
		l.space.Wait()
	}
	switch {
	case l.err != nil:
		return l.err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case restarted():
		return ErrRestarted
	}
	l.window = append(l.window, &queued{seq: l.next, payload: payload})
	l.next++
	l.size += len(payload)
	l.kick()
	return nil
}

// Close ends the link, which calls Handler.Closed. What is queued is lost.
func (l *Link) Close() error {
	l.fail(io.ErrClosedPipe)
	return nil
}

// Done returns a channel that is closed when the link has ended.
func (l *Link) Done() <-chan struct{} { return l.done }

// Flush waits until everything that was sent is acknowledged.
func (l *Link) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.space.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.err == nil && ctx.Err() == nil && len(l.window) > 0 {
		l.space.Wait()
	}
	return errors.Join(l.err, context.Cause(ctx))
}

// fail ends the link.
func (l *Link) fail(err error) {
	l.mu.Lock()
	ended := l.err != nil
	if !ended {
		l.err = err
		close(l.done)
		l.space.Broadcast()
	}
	l.mu.Unlock()
	if !ended {
		_ = l.conn.Close()
		l.handler.Closed(err)
	}
}

// kick makes the writer look for work. l.mu may be held or not.
func (l *Link) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// greet queues the Hello. Called with l.mu held, or before the link runs.
func (l *Link) greet() {
	l.repeat = append(l.repeat, Frame{Kind: Hello, Payload: l.hello})
	l.expires = time.Now().Add(l.timeout)
}

// write writes what there is to write until the link ends.
func (l *Link) write() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	buf := []byte(nil)
	for {
		var wait time.Duration
		buf, wait = l.batch(buf[:0])
		if len(buf) > 0 {
			if _, err := l.conn.Write(buf); err != nil {
				l.fail(fmt.Errorf("writing to the channel: %w", err))
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-l.wake:
		case <-timer.C:
		case <-l.done:
			return
		}
	}
}

// batch appends the frames that are to be written now. If there are none, it
// returns how long nothing will have to be written.
func (l *Link) batch(b []byte) ([]byte, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.expire(now)
	for _, f := range l.repeat {
		b = l.append(b, f)
	}
	l.repeat = nil
	if !l.joined {
		return b, l.remaining(now)
	}
	for l.written < len(l.window) && len(b) < 2*MaxPayload {
		q := l.window[l.written]
		if l.written == 0 {
			l.expires = now.Add(l.timeout)
		}
		if q.sent.IsZero() {
			q.sent = now
		} else {
			q.again = true
		}
		b = l.append(b, Frame{Kind: Data, Seq: q.seq, Payload: q.payload})
		l.written++
	}
	if l.ackDue {
		b = l.append(b, Frame{Kind: Ack})
	}
	return b, l.remaining(now)
}

// append appends a frame with what every frame says.
func (l *Link) append(b []byte, f Frame) []byte {
	f.Session, f.Ack = l.session, l.expected
	l.ackDue = false
	return l.form.Append(b, f)
}

// expire takes what was not acknowledged in time for lost.
func (l *Link) expire(now time.Time) {
	if l.expires.IsZero() || now.Before(l.expires) {
		return
	}
	l.expires = time.Time{}
	l.timeout = min(2*l.timeout, maxTimeout)
	if l.agent && !l.joined {
		l.greet()
		return
	}
	l.written = 0
}

func (l *Link) remaining(now time.Time) time.Duration {
	if l.expires.IsZero() {
		return maxTimeout
	}
	return l.expires.Sub(now)
}
