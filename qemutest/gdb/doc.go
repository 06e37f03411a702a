// Package gdb looks into a guest through QEMU's GDB stub: it is a client of the
// GDB remote serial protocol (appendix E of the GDB manual). No gdb is needed.
//
//	c, err := gdb.NewClient(ctx, conn, gdb.Options{})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	if err := c.Break(ctx, entry); err != nil {
//		return err
//	}
//	stop, err := c.Continue(ctx)      // stop.String(): "CPU p1.1 stopped with SIGTRAP"
//	pc, err := c.PC(ctx)
//	code, err := c.ReadMemory(ctx, pc, 4)
//
// # Connecting
//
// QEMU takes one end of a socket pair as file descriptor n:
//
//	-chardev socket,id=gdb,fd=<n> -gdb chardev:gdb -S
//
// That is best, as no port has to be found (QEMU 7.2 and 10.0 both take it). With
// "-gdb tcp:127.0.0.1:0", QEMU chooses a port, which QMP's query-chardev tells. With
// -S the machine waits before its first instruction. A machine that runs is
// stopped by NewClient.
//
// # Stopped and running
//
// All calls but Wait, Interrupt and Close need a machine that stands still, and fail
// with [ErrRunning] otherwise. [Client.Continue] and the other calls that
// move the machine return when it has stopped again. If their context ends
// before, the machine runs on:
//
//	_, err := c.Continue(ctx)         // context.DeadlineExceeded
//	err = c.Interrupt(other)          // or wait longer:
//	stop, err := c.Wait(other)
//
// [Client.Resume] and [Client.Wait] are the two halves of Continue, for a test that
// does something else meanwhile.
//
// The client doesn't know when QMP's "cont" resumes the machine. QEMU then stops it
// at the next call. Stops by QMP are noticed; see [Client.LastStop].
//
// # Several CPUs
//
// Registers, memory and [Client.Step] are those of the selected CPU: at first the
// boot CPU, after a stop the one that caused it. [Client.Threads] lists them,
// [Client.Select] selects.
//
// # Registers
//
// Their names come from the target description that the stub sends, like rax,
// x0, pswa or r3; "pc" works everywhere. QEMU's stub doesn't describe
// the registers of Alpha, HPPA, MIPS, OpenRISC, SPARC, TriCore and Xtensa (10.0; 7.2
// neither those of MicroBlaze): [Options.Target] can. [Client.Register] makes
// numbers out of bytes in the target's byte order, which the description implies on
// most architectures. A little-endian guest on PowerPC, or a big-endian one on Arm, needs
// [Options.ByteOrder].
//
// Addresses are virtual, see [Client.SetPhysical]. In the real mode of x86, the
// register rip is an offset; breakpoints and memory need [Client.CodeAddress].
//
// # Going back
//
// When QEMU replays a recording that has a snapshot,
//
//	-icount shift=7,rr=record,rrfile=replay.bin,rrsnapshot=init -drive file=any.qcow2,if=none
//	-icount shift=7,rr=replay,rrfile=replay.bin,rrsnapshot=init -drive file=any.qcow2,if=none -S
//
// [Client.ReverseStep] and [Client.ReverseContinue] move back. What was seen with
// QEMU 7.2 and 10.0:
//
//   - ReverseContinue does not see a breakpoint at the instruction immediately
//     before the present one.
//   - At the start, ReverseStep is refused with an [ErrorReply];
//     ReverseContinue stops with SIGTRAP.
//   - The recording should be ended by QMP's "quit"; one that ended by
//     [Client.Kill] makes some replays hang or fail to start.
//   - A replay should have -no-shutdown, or QEMU exits at the end of the log, sometimes
//     before it has reported a stop there.
//   - Of a guest that only computes (no interrupt, no clock, no input), QEMU logs
//     the end of the recording before its last instructions, maybe before all. A
//     step back then stops with SIGQUIT: it met the shutdown.
//   - On x86_64, and on s390x with 7.2, QEMU sometimes hangs in a reverse step
//     (https://gitlab.com/qemu-project/qemu/-/issues/2922). Give the context a
//     deadline.
//
// # Errors
//
// An [*ErrorReply] is the stub's refusal. An [*UnsupportedError], which is an
// [errors.ErrUnsupported], says that it doesn't know the command. A
// [*HangupError] says that the connection was lost, and how QEMU ended if
// [Options.Ended] knows; the session is over then. A context that
// ends does not end the session: a reply that comes too late is dropped.
//
// # The protocol
//
// Packets are acknowledged until the stub offers to do without (QEMU does not);
// damaged ones are asked for again, three times. Run lengths and escapes are
// understood everywhere; notifications are ignored, as there is no non-stop mode.
// Semihosting output arrives in [Options.Output]; a guest's semihosting file
// requests are refused.
package gdb
