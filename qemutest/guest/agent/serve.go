//go:build linux

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// server answers requests.
type server struct {
	children *children
	channel  string // name
	link     *wire.Link
	ready    chan struct{} // closed when link is set
	ctx      context.Context

	mu      sync.Mutex
	streams map[uint32]*stream
}

// stream is a request that is being answered.
type stream struct {
	id     uint32
	ctx    context.Context
	cancel context.CancelCauseFunc
	in     *wire.Reader
	out    *wire.Writer
	err    *wire.Writer
}

// errCancelled is why a request ends that the host gave up.
var errCancelled = errors.New("given up by the host")

// newServer returns a server that waits for its processes with c.
func newServer(c *children, channel string) *server {
	return &server{children: c, channel: channel}
}

// serve answers on a channel until that ends.
func (s *server) serve(ctx context.Context, conn io.ReadWriteCloser, form wire.Form) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.ctx = ctx
	s.streams = make(map[uint32]*stream)
	s.ready = make(chan struct{})
	link, err := wire.Listen(conn, form, s.info(), (*receiver)(s))
	if err != nil {
		return err
	}
	s.link = link
	close(s.ready)
	select {
	case <-ctx.Done():
	case <-link.Done():
	}
	return link.Close()
}

// info describes this guest.
func (s *server) info() wire.Info {
	info := wire.Info{GOARCH: runtime.GOARCH, PID: os.Getpid(), Channel: s.channel}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		info.Kernel = unix.ByteSliceToString(name.Release[:])
		info.Machine = unix.ByteSliceToString(name.Machine[:])
	}
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil {
		info.Uptime = time.Duration(now.Nano()).Seconds()
	}
	return info
}

// receiver is the server as what its link calls.
type receiver server

// Greeted implements [wire.Handler]. Hosts don't greet.
func (*receiver) Greeted(wire.Greeting) {}

// Closed implements [wire.Handler].
func (r *receiver) Closed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.streams {
		st.end(err)
	}
}

// Receive implements [wire.Handler].
func (r *receiver) Receive(m wire.Message) {
	s := (*server)(r)
	if m.Kind == wire.Open {
		s.open(m)
		return
	}
	s.mu.Lock()
	st := s.streams[m.Stream]
	s.mu.Unlock()
	if st == nil {
		return // it was answered meanwhile
	}
	switch {
	case m.Kind == wire.Cancel:
		st.end(errCancelled)
	case m.Kind == wire.Bytes && m.Pipe == wire.In:
		st.in.Push(m.Body)
	case m.Kind == wire.Close && m.Pipe == wire.In:
		st.in.CloseWithError(closeError(m.Body))
	case m.Kind == wire.Credit && m.Pipe == wire.Out:
		st.out.Credit(m.Body)
	case m.Kind == wire.Credit && m.Pipe == wire.Err:
		st.err.Credit(m.Body)
	}
}

func closeError(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	return fmt.Errorf("on the host: %s", body)
}

// end makes everything that the request is about end.
func (st *stream) end(err error) {
	st.cancel(err)
	st.in.CloseWithError(err)
}

// open begins to answer a request.
func (s *server) open(m wire.Message) {
	var request wire.Request
	err := json.Unmarshal(m.Body, &request)
	st := &stream{id: m.Stream}
	st.ctx, st.cancel = context.WithCancelCause(s.ctx)
	s.mu.Lock()
	s.streams[st.id] = st
	s.mu.Unlock()
	sender := starting{s}
	st.in = wire.NewReader(s.ctx, sender, st.id, wire.In)
	st.out = wire.NewWriter(st.ctx, sender, st.id, wire.Out)
	st.err = wire.NewWriter(st.ctx, sender, st.id, wire.Err)
	go func() {
		defer st.cancel(nil)
		var response wire.Response
		if err == nil {
			response, err = s.answer(st, request)
		}
		response.Error = wire.NewError(err)
		s.finish(st, response)
		s.afterwards(request)
	}()
}

// starting is the link of a server that may not be there yet: the first request
// can come before [wire.Listen] has returned.
type starting struct{ *server }

// Send implements [wire.Sender].
func (s starting) Send(ctx context.Context, m wire.Message) error {
	<-s.ready
	return s.link.Send(ctx, m)
}

// answer does what is asked for.
func (s *server) answer(st *stream, r wire.Request) (wire.Response, error) {
	switch r.Op {
	case wire.Run:
		result, err := s.run(st, r.Run)
		return wire.Response{Run: result}, err
	case wire.Read:
		return wire.Response{}, readFile(st.out, r.Path)
	case wire.Write:
		return wire.Response{}, writeFile(st.in, r.Path, r.Mode)
	case wire.Stat:
		return stat(r.Path)
	case wire.List:
		return list(r.Path)
	case wire.Mount:
		return wire.Response{}, mount(r.Mount)
	case wire.Reboot, wire.PowerOff, wire.Panic:
		return wire.Response{}, nil // done after the answer
	}
	return wire.Response{}, fmt.Errorf("expected a request that this agent knows, got %q: %w", r.Op, errors.ErrUnsupported)
}

// finish sends the answer.
func (s *server) finish(st *stream, response wire.Response) {
	_ = st.out.Close()
	_ = st.err.Close()
	st.in.CloseWithError(errors.New("the request was answered"))
	s.mu.Lock()
	delete(s.streams, st.id)
	s.mu.Unlock()
	body, err := json.Marshal(response)
	if err != nil {
		body = []byte(`{}`) // cannot be: the types can be written
	}
	_ = starting{s}.Send(s.ctx, wire.Message{Kind: wire.Done, Stream: st.id, Body: body})
}

// complain tells something on the console, in one piece.
func complain(err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(os.Stderr, "agent: %s\n", strings.TrimSpace(line))
	}
}
