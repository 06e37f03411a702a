package gdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A BreakpointKind is the number of the Z packet that sets it.
type BreakpointKind int

// The kinds.
const (
	SoftwareBreakpoint BreakpointKind = iota // an instruction; QEMU's TCG patches nothing
	HardwareBreakpoint                       // an instruction
	WriteWatchpoint                          // memory that is written
	ReadWatchpoint                           // memory that is read
	AccessWatchpoint                         // memory that is read or written
)

// A Breakpoint stops the machine when an instruction is about to be executed,
// or memory is accessed. On x86, s390x, PowerPC and most others the access has
// taken place when the machine stops; on Arm, RISC-V, LoongArch, MIPS and Xtensa it
// has not, and a Step does it.
//
// On x86, QEMU compares with the linear address, which is not that of
// the register rip while the CPU is in real mode: see [Client.CodeAddress].
type Breakpoint struct {
	Kind    BreakpointKind
	Address uint64 // virtual, as the CPU that reaches it sees it

	// Length is the number of bytes that a watchpoint watches, default 1. For
	// breakpoints it is the size of the instruction that some stubs replace;
	// QEMU ignores it.
	Length int
}

func (b Breakpoint) packet(verb string) string {
	return fmt.Sprintf("%s%d,%x,%x", verb, b.Kind, b.Address, max(b.Length, 1))
}

func (b Breakpoint) executes() bool {
	return b.Kind == SoftwareBreakpoint || b.Kind == HardwareBreakpoint
}

// Insert sets a breakpoint. It stays until Remove, or the end of the session;
// to set it twice is the same as once.
func (c *Client) Insert(ctx context.Context, b Breakpoint) error {
	return c.do(ctx, func(x *exchange) error {
		if x.breakpoints[b] {
			return nil // QEMU would need two removals
		}
		if err := x.askOK(b.packet("Z")); err != nil {
			return err
		}
		x.breakpoints[b] = true
		return nil
	})
}

// Remove removes a breakpoint.
func (c *Client) Remove(ctx context.Context, b Breakpoint) error {
	return c.do(ctx, func(x *exchange) error {
		if err := x.askOK(b.packet("z")); err != nil {
			return err
		}
		delete(x.breakpoints, b)
		return nil
	})
}

// Break sets a software breakpoint at address.
func (c *Client) Break(ctx context.Context, address uint64) error {
	return c.Insert(ctx, Breakpoint{Address: address})
}

// moveOn takes the selected CPU past what would stop it again at once where it
// stands. It reports whether the CPU moved, by one instruction.
func (x *exchange) moveOn() (moved bool, err error) {
	if x.beforeAccess() {
		return true, x.leaveWatchpoint()
	}
	if !x.onBreakpoint() {
		return false, nil
	}
	// Stubs, QEMU among them, ignore breakpoints in a step.
	if err := x.step(); err != nil {
		return false, err
	}
	return true, x.awaitStop()
}

// onBreakpoint is false when there is no telling, since nothing but a
// Continue that stays where it is depends on it.
func (x *exchange) onBreakpoint() bool {
	if len(x.breakpoints) == 0 {
		return false
	}
	address, err := x.codeAddress()
	if err != nil {
		return false
	}
	for b := range x.breakpoints {
		if b.executes() && b.Address == address {
			return true
		}
	}
	return false
}

// stopBefore are the architectures on which QEMU stops before the access that a
// watchpoint watches (gdb_stop_before_watchpoint in its sources), as the
// hardware does. The instruction is executed again.
var stopBefore = []string{"arm", "aarch64", "loongarch", "mips", "riscv", "xtensa"}

// beforeAccess reports whether the next instruction is one that has already
// been reported by a watchpoint.
func (x *exchange) beforeAccess() bool {
	if r := x.stop.Reason; r != StopWrite && r != StopRead && r != StopAccess {
		return false
	}
	target, err := x.describe()
	return err == nil && slices.ContainsFunc(stopBefore, func(prefix string) bool {
		return strings.HasPrefix(target.Architecture, prefix)
	})
}

// leaveWatchpoint steps without watchpoints.
func (x *exchange) leaveWatchpoint() error {
	for b := range x.breakpoints {
		if b.executes() {
			continue
		}
		x.suspended = append(x.suspended, b) // also if the reply comes too late
		if err := x.askOK(b.packet("z")); err != nil {
			return err
		}
	}
	if err := x.step(); err != nil {
		return err
	}
	if err := x.awaitStop(); err != nil {
		return err
	}
	return x.restore()
}

// restore sets the watchpoints again that leaveWatchpoint removed; also later,
// if that was interrupted.
func (x *exchange) restore() error {
	for len(x.suspended) > 0 {
		if err := x.askOK(x.suspended[0].packet("Z")); err != nil {
			return err
		}
		x.suspended = x.suspended[1:]
	}
	return nil
}

// steppedOnly reports whether the latest stop is that of a step and nothing
// else, like a watchpoint or a shutdown.
func (x *exchange) steppedOnly() bool {
	return x.stop.Reason == StopSignal && x.stop.Signal == SigTrap
}
