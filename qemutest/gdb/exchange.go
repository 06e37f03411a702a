package gdb

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// An exchange is a call in progress: it has the client to itself.
type exchange struct {
	*Client
	ctx     context.Context
	sent    []byte           // the latest command
	console *strings.Builder // gets the output of a monitor command; nil: it is the guest's
}

// do runs call, with the client to itself and the machine stopped.
func (c *Client) do(ctx context.Context, call func(*exchange) error) error {
	return c.exclusively(ctx, func(x *exchange) error {
		if c.running {
			return ErrRunning
		}
		if c.unfinished {
			// The reply to a call that gave up is still to come.
			x.console = new(strings.Builder)
			if _, err := x.reply(); err != nil {
				return err
			}
			x.console = nil
		}
		if err := x.restore(); err != nil {
			return err
		}
		return call(x)
	})
}

// exclusively runs call with the client to itself.
func (c *Client) exclusively(ctx context.Context, call func(*exchange) error) error {
	if err := c.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-c.lock }()
	if err := c.failure(); err != nil {
		return err
	}
	defer c.link.reading(ctx)()
	return call(&exchange{Client: c, ctx: ctx})
}

// acquire waits until no other call is in progress. A client that is free is had
// also when ctx has ended, so that the call itself tells what it was about.
func (c *Client) acquire(ctx context.Context) error {
	select {
	case c.lock <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("another call to the GDB stub is still in progress: %w", context.Cause(ctx))
	}
}

// send sends a packet and returns without waiting for the reply.
func (x *exchange) send(packet []byte) error {
	if err := x.ctx.Err(); err != nil {
		return context.Cause(x.ctx)
	}
	x.sent = packet
	if err := x.link.send(x.ctx, packet); err != nil {
		return x.fail(packet, err)
	}
	return nil
}

// receive returns the next packet.
func (x *exchange) receive() ([]byte, error) {
	packet, err := x.link.receive()
	switch {
	case err == nil:
		return packet, nil
	case isTimeout(err) && x.ctx.Err() != nil && x.running:
		return nil, fmt.Errorf("the machine has not stopped since %q: %w", brief(x.sent), context.Cause(x.ctx))
	case isTimeout(err) && x.ctx.Err() != nil:
		return nil, fmt.Errorf("no answer from the GDB stub to %q: %w", brief(x.sent), context.Cause(x.ctx))
	default:
		return nil, x.fail(x.sent, err)
	}
}

// reply returns the reply to the command that was sent last. If ctx ends before
// it arrives, the next call takes it off the connection.
func (x *exchange) reply() ([]byte, error) {
	x.unfinished = true
	for {
		packet, err := x.receive()
		if err != nil {
			return nil, err
		}
		text := string(packet)
		switch {
		case isStop(text):
			// Not ours: somebody else stopped the machine. QEMU tells that
			// unasked before version 8.1.
			if err := x.noteStop(text); err != nil {
				return nil, err
			}
		case x.console != nil && isOutput(text):
			x.writeOutput(text)
		default:
			x.unfinished = false
			return packet, nil
		}
	}
}

// askBytes sends a command and returns its reply. An empty reply is an
// UnsupportedError, one that starts with E is an ErrorReply.
func (x *exchange) askBytes(command []byte) ([]byte, error) {
	if err := x.send(command); err != nil {
		return nil, err
	}
	reply, err := x.reply()
	if err != nil {
		return nil, err
	}
	return reply, refusal(command, reply)
}

func (x *exchange) ask(command string) (string, error) {
	reply, err := x.askBytes([]byte(command))
	return string(reply), err
}

// askOK is for commands with the reply OK.
func (x *exchange) askOK(command string) error {
	reply, err := x.ask(command)
	if err == nil && reply != "OK" {
		return x.unexpected(reply, "OK or an error")
	}
	return err
}

// askStop is for "?", the one command that a stop reply answers at once.
func (x *exchange) askStop(command string) error {
	if err := x.send([]byte(command)); err != nil {
		return err
	}
	packet, err := x.receive()
	if err != nil {
		return err
	}
	if err := refusal(x.sent, packet); err != nil {
		return err
	}
	if !isStop(string(packet)) {
		return x.unexpected(string(packet), "a stop reply")
	}
	return x.noteStop(string(packet))
}

// askHex asks for text that is sent in hex.
func (c *Client) askHex(ctx context.Context, command string) (text string, err error) {
	err = c.do(ctx, func(x *exchange) error {
		reply, err := x.ask(command)
		if err != nil {
			return err
		}
		data, err := hex.DecodeString(reply)
		if err != nil {
			return x.unexpected(reply, "pairs of hex digits")
		}
		text = string(data)
		return nil
	})
	return text, err
}

func (x *exchange) unexpected(reply, want string) error {
	return &ProtocolError{Command: brief(x.sent), Reply: brief([]byte(reply)), Text: "expected " + want}
}

// noteStop takes a stop reply, which also selects the CPU that stopped.
func (x *exchange) noteStop(packet string) error {
	stop, err := parseStop(packet)
	if err != nil {
		return x.unexpected(packet, err.Error())
	}
	x.stop, x.running = stop, false
	if stop.Thread != (Thread{}) {
		x.selected = stop.Thread
	}
	return nil
}

// refusal returns the error that a reply stands for, or nil.
func refusal(command, reply []byte) error {
	switch {
	case len(reply) == 0:
		return &UnsupportedError{Command: brief(command)}
	case bytes.HasPrefix(reply, []byte("E.")):
		return &ErrorReply{Command: brief(command), Text: string(reply[2:])}
	case len(reply) == 3 && reply[0] == 'E':
		if code, err := strconv.ParseUint(string(reply[1:]), 16, 8); err == nil {
			return &ErrorReply{Command: brief(command), Code: int(code)}
		}
	}
	return nil
}

// isOutput reports whether a packet is text of the guest or of a monitor
// command: O and hex digits.
func isOutput(packet string) bool {
	return len(packet) > 1 && packet[0] == 'O' && packet != "OK" && strings.Trim(packet[1:], "0123456789abcdefABCDEF") == ""
}

// writeOutput hands the text of an output packet to the monitor command that
// is in progress, or to the user.
func (x *exchange) writeOutput(packet string) {
	text, err := hex.DecodeString(packet[1:])
	switch {
	case err != nil: // half a byte: nothing that could be shown
	case x.console != nil:
		x.console.Write(text)
	case x.options.Output != nil:
		_, _ = x.options.Output.Write(text)
	}
}
