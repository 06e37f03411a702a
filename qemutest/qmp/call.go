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

// Args are the arguments of a command, by their QMP names. A struct with json
// tags does as well.
type Args map[string]any

// maxInFlight is the number of commands that QEMU is given at once. QEMU's
// queue holds eight; when it is full, QEMU reads no further, and out-of-band
// commands would wait behind it (QMP specification, "Out-of-band execution").
const maxInFlight = 8

// A call is one command on its way.
type call struct {
	command string
	id      string // JSON text
	wire    []byte
	oob     bool
	files   descriptors // closed once sent or given up
	began   time.Time
	reply   chan reply // has room for one

	// Guarded by Client.mu.
	sent      time.Time // zero while queued
	abandoned bool      // nobody waits for the reply
}

type reply struct {
	value json.RawMessage
	err   error
}

// Execute runs a command and returns the value of its "return" member. args
// is anything that encodes to a JSON object, [Args] for instance, or nil.
//
// The error is an *Error when QEMU refuses the command, and a *CallError when
// there was no answer: because ctx ended or the connection did. ctx is the
// only limit of time.
func (c *Client) Execute(ctx context.Context, command string, args any) (json.RawMessage, error) {
	return c.execute(ctx, &call{command: command}, args)
}

// ExecuteOOB runs a command out of band: QEMU carries it out at once, even
// while it is busy with another command. Few commands can (those with
// "allow-oob" in query-qmp-schema, like yank and migrate-pause). The error is
// ErrNoOOB when the monitor can't.
func (c *Client) ExecuteOOB(ctx context.Context, command string, args any) (json.RawMessage, error) {
	if !c.oob {
		return nil, fmt.Errorf("exec-oob %s: %w", command, ErrNoOOB)
	}
	return c.execute(ctx, &call{command: command, oob: true}, args)
}

// ExecuteWithFiles runs a command that takes open files, sent as SCM_RIGHTS
// with the command's first byte: getfd, add-fd and add_client. QEMU uses the
// first file and closes further ones. The connection has to be a
// *net.UnixConn. The files stay the caller's and may be closed after the call.
func (c *Client) ExecuteWithFiles(ctx context.Context, command string, args any, files ...*os.File) (json.RawMessage, error) {
	own, err := c.duplicate(files)
	if err != nil {
		return nil, fmt.Errorf("%s with %d files: %w", command, len(files), err)
	}
	return c.execute(ctx, &call{command: command, files: own}, args)
}

// Call runs a command and decodes its reply into a T. Members that T doesn't
// have are ignored. Numbers that end up in an any are [json.Number].
func Call[T any](ctx context.Context, c *Client, command string, args any) (T, error) {
	var value T
	data, err := c.Execute(ctx, command, args)
	if err != nil {
		return value, err
	}
	if err := decodeValue(data, &value); err != nil {
		return value, fmt.Errorf("the reply to %s doesn't fit a %T: %w: %s", command, value, err, shorten(data, 256))
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

// pendingBefore returns the unanswered commands up to cl, with mu held.
func (c *Client) pendingBefore(cl *call) []Pending {
	var list []Pending
	for _, sent := range c.order {
		if sent == cl {
			break
		}
		list = append(list, Pending{Command: sent.command, Since: sent.sent})
	}
	return list
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
	select {
	case r := <-cl.reply:
		return r.value, r.err
	case <-ctx.Done():
		return c.abandon(ctx, cl)
	}
}

// enqueue gives cl its id and hands it to the sender.
func (c *Client) enqueue(ctx context.Context, cl *call, arguments []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return c.callError(cl, contextError(ctx))
	case c.err != nil:
		return c.callError(cl, c.err)
	}
	c.lastID++
	cl.id = `"` + c.idPrefix + "." + strconv.FormatUint(c.lastID, 10) + `"`
	verb := "execute"
	if cl.oob {
		verb = "exec-oob"
	}
	wire, err := encodeCommand(verb, cl.command, cl.id, arguments)
	if err != nil {
		return err
	}
	cl.wire = wire
	c.queue = append(c.queue, cl)
	c.wakeSender()
	return nil
}

// abandon gives cl up. A reply that came first wins.
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

// contextError is the context's error, with its cause where it has one of its
// own, so that errors.Is finds both.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
