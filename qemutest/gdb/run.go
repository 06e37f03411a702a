package gdb

import (
	"context"
	"fmt"
	"strings"
)

// Continue resumes the machine and waits until it stops. If ctx ends first, the
// machine goes on running: call Wait to go on waiting, or Interrupt.
//
// A breakpoint at the instruction where the selected CPU stands is stepped
// over first, as any debugger does; otherwise the machine would not move. So is an
// instruction that a watchpoint has reported already.
func (c *Client) Continue(ctx context.Context) (Stop, error) {
	if err := c.Resume(ctx); err != nil {
		return Stop{}, err
	}
	return c.Wait(ctx)
}

// Resume resumes the machine and returns at once. Until Wait has returned its
// stop, other calls fail with ErrRunning.
func (c *Client) Resume(ctx context.Context) error {
	return c.do(ctx, func(x *exchange) error {
		moved, err := x.moveOn()
		if err != nil || moved && !x.steppedOnly() {
			return err
		}
		if x.canDo("c") {
			return x.resume("vCont;c")
		}
		return x.resume("c")
	})
}

// Step executes one instruction of the selected CPU, while the others stand
// still. QEMU keeps interrupts and timers from disturbing a step, see
// [Client.SetStepFlags].
func (c *Client) Step(ctx context.Context) (Stop, error) {
	return c.move(ctx, func(x *exchange) error {
		if x.beforeAccess() {
			return x.leaveWatchpoint()
		}
		return x.step()
	})
}

// ReverseStep undoes one instruction. It needs a replay with a snapshot,
// see [Client.CanReverse]; at the start of the recording it is refused.
func (c *Client) ReverseStep(ctx context.Context) (Stop, error) {
	return c.reverse(ctx, "bs", featureReverseStep)
}

// ReverseContinue goes back to the last breakpoint before the present
// instruction, or to the start of the recording if there is none.
func (c *Client) ReverseContinue(ctx context.Context) (Stop, error) {
	return c.reverse(ctx, "bc", featureReverseContinue)
}

// reverse does not try what the stub does not offer: QEMU fails an assertion
// at the packet "bs" when it does not replay.
func (c *Client) reverse(ctx context.Context, packet, feature string) (Stop, error) {
	return c.move(ctx, func(x *exchange) error {
		if !x.features.has(feature) {
			return &UnsupportedError{Command: feature, Hint: "start QEMU with -icount rr=replay and rrsnapshot"}
		}
		return x.resume(packet)
	})
}

// Interrupt asks the stub to stop the machine and returns at once; the stop is
// what Wait, or a Continue in another goroutine, returns. It has no effect on a
// machine that stands still.
func (c *Client) Interrupt(ctx context.Context) error {
	if err := c.failure(); err != nil {
		return err
	}
	if err := c.link.interrupt(ctx); err != nil {
		return c.fail([]byte("interrupt"), err)
	}
	return nil
}

// Wait waits until the machine stops. If it stands still already, it returns
// the latest stop at once.
func (c *Client) Wait(ctx context.Context) (stop Stop, err error) {
	err = c.exclusively(ctx, func(x *exchange) error {
		err := x.awaitStop()
		stop = x.stop
		return err
	})
	if err != nil {
		return Stop{}, err
	}
	return stop, nil
}

// move resumes the machine and waits for its stop.
func (c *Client) move(ctx context.Context, resume func(*exchange) error) (stop Stop, err error) {
	err = c.do(ctx, func(x *exchange) error {
		if err := resume(x); err != nil {
			return err
		}
		err := x.awaitStop()
		stop = x.stop
		return err
	})
	if err != nil {
		return Stop{}, err
	}
	return stop, nil
}

// halt stops the machine if it runs.
func (c *Client) halt(ctx context.Context) error {
	return c.exclusively(ctx, func(x *exchange) error {
		if !x.running {
			return nil
		}
		if err := x.link.interrupt(ctx); err != nil {
			return x.fail([]byte("interrupt"), err)
		}
		return x.awaitStop()
	})
}

// canDo reports whether the stub knows an action of vCont.
func (x *exchange) canDo(action string) bool {
	return strings.Contains(x.actions+";", ";"+action+";")
}

// step starts a step of the selected CPU.
func (x *exchange) step() error {
	switch {
	case x.canDo("s") && x.selected != (Thread{}):
		return x.resume("vCont;s:" + x.selected.String())
	case x.canDo("s"):
		return x.resume("vCont;s")
	default:
		return x.resume("s")
	}
}

func (x *exchange) resume(packet string) error {
	if err := x.send([]byte(packet)); err != nil {
		return err
	}
	x.running, x.resumedBy = true, x.sent
	return nil
}

// awaitStop waits for the stop reply of a machine that runs, and serves the
// stub's requests meanwhile.
func (x *exchange) awaitStop() error {
	for x.running {
		x.sent = x.resumedBy
		packet, err := x.receive()
		if err != nil {
			return err
		}
		text := string(packet)
		switch {
		case isStop(text):
			err = x.noteStop(text)
		case isOutput(text):
			x.writeOutput(text)
		case strings.HasPrefix(text, "F"):
			err = x.refuseFileIO()
		default:
			x.running = false
			if err = refusal(x.resumedBy, packet); err == nil {
				err = x.unexpected(text, "a stop reply")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refuseFileIO answers a system call that the guest makes through semihosting:
// it fails with EUNKNOWN, as if there was no such call.
func (x *exchange) refuseFileIO() error {
	const unknownError = 9999 // "Errno Values" in appendix E of the GDB manual
	return x.send(fmt.Appendf(nil, "F-1,%x", unknownError))
}
