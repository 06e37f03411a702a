package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// Args are the arguments of a command, by their names in QMP. A struct with
// json tags does as well.
type Args = map[string]any

// Execute runs a command and returns the value of its reply. args is anything
// that encodes to a JSON object, [Args] for instance, or nil.
//
// The error is an *Error when QEMU refuses the command, and a *CallError when
// there was no answer, because ctx or the connection ended. Nothing but ctx
// limits the time. Calls may be made from many goroutines at once; QEMU carries
// them out one after the other.
func (c *Client) Execute(ctx context.Context, command string, args any) (json.RawMessage, error) {
	return c.execute(ctx, &call{command: command}, args)
}

// ExecuteOOB runs a command out of band: QEMU carries it out at once, even
// while it is busy with another command. Few commands can (those with
// "allow-oob" in query-qmp-schema: yank, migrate-pause, ...). The error is
// ErrNoOOB when the monitor can't.
func (c *Client) ExecuteOOB(ctx context.Context, command string, args any) (json.RawMessage, error) {
	if !c.oob {
		return nil, fmt.Errorf("expected to run %s out of band: %w", command, ErrNoOOB)
	}
	return c.execute(ctx, &call{command: command, oob: true}, args)
}

// ExecuteWithFiles runs a command that takes an open file: getfd, add-fd,
// add_client. The files go with it as SCM_RIGHTS, so the connection has to be
// a *net.UnixConn. QEMU up to 10.0 uses the first file and closes the others.
// The files stay the caller's, who may close them as soon as the call returns.
func (c *Client) ExecuteWithFiles(ctx context.Context, command string, args any, files ...*os.File) (json.RawMessage, error) {
	own, err := c.duplicate(files)
	if err != nil {
		return nil, fmt.Errorf("expected to pass %d files to %s: %w", len(files), command, err)
	}
	return c.execute(ctx, &call{command: command, files: own}, args)
}

// Call runs a command and decodes the value of its reply into a T. Members
// that T doesn't have are ignored. Numbers that end up in an any are
// [json.Number].
func Call[T any](ctx context.Context, c *Client, command string, args any) (T, error) {
	var value T
	data, err := c.Execute(ctx, command, args)
	if err != nil {
		return value, err
	}
	if err := decodeValue(data, &value); err != nil {
		return value, fmt.Errorf("expected a %T from %s: %w: %s", value, command, err, shorten(data, errorText))
	}
	return value, nil
}

// Pending is a command that was sent and that QEMU hasn't answered.
type Pending struct {
	Command string
	Since   time.Time // when it was sent
}

// Pending returns the commands that QEMU hasn't answered, in the order they
// were sent, also those that nobody waits for any more.
func (c *Client) Pending() []Pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pendingBefore(nil)
}

// pendingBefore returns the unanswered commands sent before cl, with mu held.
func (c *Client) pendingBefore(cl *call) []Pending {
	var list []Pending
	for _, sent := range c.inFlight {
		if sent == cl {
			break
		}
		list = append(list, Pending{Command: sent.command, Since: sent.sent})
	}
	return list
}

// A call is one command on its way: queued, in flight, answered. One whose
// context ends leaves the queue, or stays in flight, abandoned, until its
// reply comes.
type call struct {
	command string
	oob     bool
	files   descriptors
	id      string // JSON text
	wire    []byte // the command as sent
	began   time.Time
	reply   chan reply // has room for the one reply

	// Guarded by Client.mu.
	sent      time.Time // zero while queued
	abandoned bool
}

type reply struct {
	value json.RawMessage
	err   error
}

// execute completes cl, queues it and waits for its reply.
func (c *Client) execute(ctx context.Context, cl *call, args any) (json.RawMessage, error) {
	arguments, err := encodeArguments(cl.command, args)
	if err != nil {
		cl.files.close()
		return nil, err
	}
	cl.began = time.Now()
	cl.reply = make(chan reply, 1)
	if err := c.enqueue(ctx, cl, arguments); err != nil {
		cl.files.close()
		return nil, err
	}
	c.wakeSender()
	select {
	case r := <-cl.reply:
		return r.value, r.err
	case <-ctx.Done():
		return c.abandon(ctx, cl)
	}
}

// enqueue gives cl its id, unless it has one, and puts it into the queue.
// Ids are never used twice, so a late reply can't be taken for another's.
func (c *Client) enqueue(ctx context.Context, cl *call, arguments []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return c.callError(cl, contextError(ctx))
	case c.err != nil:
		return c.callError(cl, c.err)
	}
	if cl.id == "" {
		c.lastID++
		cl.id = strconv.FormatUint(c.lastID, 10)
	}
	cl.wire = encodeCommand(cl, arguments)
	c.queue = append(c.queue, cl)
	return nil
}

// abandon gives cl up. A reply that came just before wins.
func (c *Client) abandon(ctx context.Context, cl *call) (json.RawMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case r := <-cl.reply:
		return r.value, r.err
	default:
	}
	cl.abandoned = true
	if i := slices.Index(c.queue, cl); i >= 0 {
		c.queue = slices.Delete(c.queue, i, i+1)
		cl.files.close()
	}
	return nil, c.callError(cl, contextError(ctx))
}

// callError describes a call without an answer, with mu held.
func (c *Client) callError(cl *call, err error) *CallError {
	return &CallError{
		Command: cl.command,
		Sent:    !cl.sent.IsZero(),
		Elapsed: time.Since(cl.began),
		Pending: c.pendingBefore(cl),
		Err:     err,
	}
}

// contextError is the context's error, with its cause where that is one of its
// own: errors.Is finds both.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
