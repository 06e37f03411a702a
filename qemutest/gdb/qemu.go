package gdb

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
)

// Exchange sends a packet and returns the reply, for what this package has no
// method for. It is not for packets that resume the machine. An empty reply is
// an UnsupportedError, one that begins with E an ErrorReply.
func (c *Client) Exchange(ctx context.Context, packet string) (reply string, err error) {
	err = c.do(ctx, func(x *exchange) error {
		reply, err = x.ask(packet)
		return err
	})
	return reply, err
}

// Monitor executes a command of the stub's monitor, for QEMU one of the human
// monitor (HMP) like "info registers", and returns its output. Output lines of
// HMP end with "\r\n". HMP reports errors as output, too.
func (c *Client) Monitor(ctx context.Context, command string) (string, error) {
	var output strings.Builder
	err := c.do(ctx, func(x *exchange) error {
		x.console = &output
		reply, err := x.ask("qRcmd," + hex.EncodeToString([]byte(command)))
		if err != nil || reply == "OK" {
			return err
		}
		// The last part may come as the reply itself.
		text, err := x.decodeHex(reply)
		output.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	return output.String(), nil
}

// SetPhysical makes ReadMemory and WriteMemory use physical instead of virtual
// addresses. It is an extension of QEMU (qemu.PhyMemMode).
func (c *Client) SetPhysical(ctx context.Context, on bool) error {
	mode := "0"
	if on {
		mode = "1"
	}
	return c.do(ctx, func(x *exchange) error { return x.askOK("Qqemu.PhyMemMode:" + mode) })
}

// StepFlags are QEMU's conditions of a single step.
type StepFlags int

// The flags. QEMU starts with all of them, or with StepEnable alone when it
// records or replays.
const (
	StepEnable           StepFlags = 1 << iota // needed for Step to step
	StepWithoutInterrupt                       // no interrupts during a step
	StepWithoutTimer                           // timers stand still during a step
)

// StepFlags returns the flags that are in force (qemu.sstep).
func (c *Client) StepFlags(ctx context.Context) (flags StepFlags, err error) {
	err = c.do(ctx, func(x *exchange) error {
		reply, err := x.ask("qqemu.sstep")
		if err != nil {
			return err
		}
		value, err := strconv.ParseUint(reply, 0, 16)
		if err != nil {
			return x.unexpected(reply, "a number like 0x7")
		}
		flags = StepFlags(value)
		return nil
	})
	return flags, err
}

// SetStepFlags changes the flags; QEMU refuses those that its accelerator can't do.
func (c *Client) SetStepFlags(ctx context.Context, flags StepFlags) error {
	return c.do(ctx, func(x *exchange) error {
		return x.askOK("Qqemu.sstep=" + strconv.FormatInt(int64(flags), 16))
	})
}
