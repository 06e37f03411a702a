package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
)

// ErrRestarted says that the guest started anew while it was to answer.
var ErrRestarted = wire.ErrRestarted

// Channel is the kind of connection to an agent.
type Channel int

const (
	// Port is a connection that carries nothing else: a virtio-serial port.
	Port Channel = iota

	// Terminal is a serial port that the guest has a terminal on. The kernel
	// and others may write there, too; see [SplitConsole].
	Terminal
)

// NewAgent returns the guest whose agent (package agent) answers on a
// connection, now or later. The guest owns conn.
func NewAgent(conn io.ReadWriteCloser, kind Channel) *Guest {
	a := &agent{streams: make(map[uint32]*stream), greeted: make(chan struct{}), closed: make(chan struct{})}
	form := wire.Binary
	if kind == Terminal {
		form = wire.Console
	}
	a.linked = make(chan struct{})
	a.link = wire.Dial(conn, form, (*receiver)(a))
	close(a.linked)
	return &Guest{driver: a}
}

// agent is the driver for guests with the agent.
type agent struct {
	link   *wire.Link
	linked chan struct{} // closed when link is set
	closed chan struct{} // closed when err is set

	mu      sync.Mutex
	greeted chan struct{} // closed when info is set
	info    Info
	streams map[uint32]*stream
	last    uint32 // number of a stream
	err     error
}

// stream is a request under way.
type stream struct {
	in       *wire.Writer
	out, err *wire.Reader
	done     chan struct{} // closed when what follows is set
	response wire.Response
	failure  error
}

// finish ends a request. It is called once, when the stream is no longer in
// agent.streams.
func (st *stream) finish(response wire.Response, failure error) {
	st.response, st.failure = response, failure
	cause := failure
	if cause == nil {
		cause = errAnswered
	}
	st.in.Stop(cause)
	st.out.CloseWithError(failure)
	st.err.CloseWithError(failure)
	close(st.done)
}

// errAnswered is why no more input is taken.
var errAnswered = errors.New("the guest has answered the request")

// receiver is the agent as what its link calls.
type receiver agent

// Greeted implements [wire.Handler].
func (r *receiver) Greeted(g wire.Greeting) {
	a := (*agent)(r)
	a.abandon(ErrRestarted)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info = Info{
		GOARCH:  g.GOARCH,
		Kernel:  g.Kernel,
		Machine: g.Machine,
		Channel: g.Channel,
		Uptime:  time.Duration(g.Uptime * float64(time.Second)),
	}
	select {
	case <-a.greeted:
	default:
		close(a.greeted)
	}
}

// Closed implements [wire.Handler].
func (r *receiver) Closed(err error) {
	if errors.Is(err, io.EOF) {
		err = errors.New("expected an open channel to the guest, it was closed")
	}
	a := (*agent)(r)
	a.mu.Lock()
	a.err = err
	a.mu.Unlock()
	close(a.closed)
	a.abandon(err)
}

// abandon ends all requests.
func (a *agent) abandon(err error) {
	a.mu.Lock()
	streams := a.streams
	a.streams = make(map[uint32]*stream)
	a.mu.Unlock()
	for _, st := range streams {
		st.finish(wire.Response{}, err)
	}
}

// Receive implements [wire.Handler].
func (r *receiver) Receive(m wire.Message) {
	a := (*agent)(r)
	a.mu.Lock()
	st := a.streams[m.Stream]
	if m.Kind == wire.Done {
		delete(a.streams, m.Stream)
	}
	a.mu.Unlock()
	if st == nil {
		return // it was given up
	}
	switch {
	case m.Kind == wire.Bytes && m.Pipe == wire.Out:
		st.out.Push(m.Body)
	case m.Kind == wire.Bytes && m.Pipe == wire.Err:
		st.err.Push(m.Body)
	case m.Kind == wire.Close && m.Pipe == wire.Out:
		st.out.CloseWithError(nil)
	case m.Kind == wire.Close && m.Pipe == wire.Err:
		st.err.CloseWithError(nil)
	case m.Kind == wire.Credit && m.Pipe == wire.In:
		st.in.Credit(m.Body)
	case m.Kind == wire.Done:
		var response wire.Response
		err := json.Unmarshal(m.Body, &response)
		if err != nil {
			err = fmt.Errorf("expected an answer of the agent: %w", err)
		}
		st.finish(response, err)
	}
}

func (a *agent) wait(ctx context.Context) (Info, error) {
	a.mu.Lock()
	greeted := a.greeted
	a.mu.Unlock()
	select {
	case <-greeted:
	case <-ctx.Done():
		return Info{}, fmt.Errorf("expected the agent in the guest to greet: %w", context.Cause(ctx))
	case <-a.closed:
		return Info{}, a.err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.info, nil
}

// exchange are the pipes of a request on this side. Those that are nil are not
// used.
type exchange struct {
	in       io.Reader
	out, err io.Writer
}

// request has a request answered. The context ends it in the guest as well.
func (a *agent) request(ctx context.Context, r wire.Request, e exchange) (wire.Response, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return wire.Response{}, err
	}
	if _, err := a.wait(ctx); err != nil {
		return wire.Response{}, err
	}
	streamCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(errAnswered)
	id, st, err := a.open(streamCtx)
	if err != nil {
		return wire.Response{}, err
	}
	if err := a.link.Send(ctx, wire.Message{Kind: wire.Open, Stream: id, Body: body}); err != nil {
		a.giveUp(id, st, err)
		return wire.Response{}, err
	}
	failed := make(chan error, 3)
	copied := transfer(st, e, failed)
	var cause error
	select {
	case <-st.done:
	case cause = <-failed:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	if cause != nil {
		a.giveUp(id, st, cause)
		return wire.Response{}, cause
	}
	copied.Wait()
	if st.failure != nil {
		return wire.Response{}, st.failure
	}
	select {
	case err := <-failed:
		return st.response, err
	default:
		return st.response, st.response.Error.Err()
	}
}

// open makes a stream.
func (a *agent) open(ctx context.Context) (uint32, *stream, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return 0, nil, a.err
	}
	a.last++
	id := a.last
	st := &stream{
		in:   wire.NewWriter(ctx, a.link, id, wire.In),
		out:  wire.NewReader(ctx, a.link, id, wire.Out),
		err:  wire.NewReader(ctx, a.link, id, wire.Err),
		done: make(chan struct{}),
	}
	a.streams[id] = st
	return id, st, nil
}

// giveUp ends a request on both sides without its answer.
func (a *agent) giveUp(id uint32, st *stream, cause error) {
	a.mu.Lock()
	_, pending := a.streams[id]
	delete(a.streams, id)
	a.mu.Unlock()
	if !pending {
		return
	}
	st.finish(wire.Response{}, cause)
	// The caller does not wait for the guest, which may be stuck.
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
		defer cancel()
		_ = a.link.Send(ctx, wire.Message{Kind: wire.Cancel, Stream: id})
	}()
}

// cancelTime is how long the guest may be too busy to hear that a request is
// given up.
const cancelTime = 30 * time.Second

// transfer copies what goes through the pipes of a request. The group that it
// returns does not wait for the input, whose Read may not end.
func transfer(st *stream, e exchange, failed chan<- error) *sync.WaitGroup {
	if e.in != nil {
		go func() {
			_, err := io.Copy(st.in, e.in)
			select {
			case <-st.done: // what is left was not wanted
				return
			default:
			}
			if err := errors.Join(err, st.in.CloseWithError(err)); err != nil {
				failed <- err
			}
		}()
	}
	if e.out != nil && sameWriter(e.out, e.err) {
		shared := &lockedWriter{w: e.out}
		e.out, e.err = shared, shared
	}
	var copied sync.WaitGroup
	for _, pipe := range []struct {
		from *wire.Reader
		to   io.Writer
	}{{st.out, e.out}, {st.err, e.err}} {
		if pipe.to == nil {
			pipe.to = io.Discard
		}
		copied.Go(func() {
			if _, err := io.Copy(pipe.to, pipe.from); err != nil {
				failed <- err
			}
		})
	}
	return &copied
}

// sameWriter reports whether two writers are one. Those that can't be compared
// are not.
func sameWriter(a, b io.Writer) bool {
	defer func() { _ = recover() }()
	return a == b
}

// lockedWriter lets several goroutines write.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (a *agent) run(ctx context.Context, c Command) (Result, error) {
	request := wire.Request{Op: wire.Run, Run: &wire.RunRequest{
		Func:    c.Func,
		Args:    c.Args,
		Env:     c.Env,
		Dir:     c.Dir,
		Stdin:   c.Stdin != nil,
		Merged:  c.Stdout != nil && sameWriter(c.Stdout, c.Stderr),
		Timeout: c.Timeout,
	}}
	response, err := a.request(ctx, request, exchange{in: c.Stdin, out: c.Stdout, err: c.Stderr})
	if err != nil {
		return Result{}, fmt.Errorf("running %s: %w", c, err)
	}
	if response.Run == nil {
		return Result{}, fmt.Errorf("running %s: expected its exit status, the agent did not tell it", c)
	}
	r := response.Run
	return Result{
		Status:   r.Status,
		Signal:   r.Signal,
		TimedOut: r.TimedOut,
		User:     r.User,
		System:   r.System,
		MaxRSS:   r.MaxRSS,
	}, nil
}

func (a *agent) receive(ctx context.Context, path string, w io.Writer) error {
	_, err := a.request(ctx, wire.Request{Op: wire.Read, Path: path}, exchange{out: w})
	return err
}

func (a *agent) send(ctx context.Context, path string, r io.Reader, mode fs.FileMode) error {
	_, err := a.request(ctx, wire.Request{Op: wire.Write, Path: path, Mode: mode}, exchange{in: r})
	return err
}

func (a *agent) stat(ctx context.Context, path string) (fs.FileInfo, error) {
	files, err := a.files(ctx, wire.Request{Op: wire.Stat, Path: path})
	if err != nil {
		return nil, err
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("expected one file, the agent described %d", len(files))
	}
	return files[0], nil
}

func (a *agent) readDir(ctx context.Context, path string) ([]fs.FileInfo, error) {
	return a.files(ctx, wire.Request{Op: wire.List, Path: path})
}

func (a *agent) files(ctx context.Context, r wire.Request) ([]fs.FileInfo, error) {
	response, err := a.request(ctx, r, exchange{})
	if err != nil {
		return nil, err
	}
	files := make([]fs.FileInfo, len(response.Files))
	for i, file := range response.Files {
		files[i] = fileInfo{file.Name, file.Size, file.Mode, file.ModTime}
	}
	return files, nil
}

func (a *agent) mount(ctx context.Context, m Mount) error {
	request := wire.Request{Op: wire.Mount, Mount: &wire.MountRequest{
		Source:  m.Source,
		Target:  m.Target,
		Type:    m.Type,
		Options: m.Options,
	}}
	_, err := a.request(ctx, request, exchange{})
	return err
}

func (a *agent) end(ctx context.Context, how ending) error {
	op := map[ending]wire.Op{reboot: wire.Reboot, powerOff: wire.PowerOff, crash: wire.Panic}[how]
	if _, err := a.request(ctx, wire.Request{Op: op}, exchange{}); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.greeted = make(chan struct{}) // what answers from now on has greeted again
	return nil
}

func (a *agent) close() error { return a.link.Close() }
