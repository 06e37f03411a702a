// Package console records the serial console of a guest and waits for what it
// says.
//
// # The transcript
//
// [New] takes one end of a connection and from then on, until the connection
// ends, one goroutine takes what arrives: into the log first, then into the
// transcript. The guest never waits for the test, and its last words are in
// the log whatever becomes of the test. The transcript is on disk and may be
// of any length; its bytes have offsets, and stay.
//
// A [Console.Wait] searches the transcript from the cursor on, in what is
// there as in what arrives, and moves the cursor to the end of what it found.
// Nothing else moves it but [Console.SetCursor] and [Console.Mark], and nothing
// is lost by matching: set the cursor back and search again, or read any part
// with [Console.ReadAt].
//
//	c, err := console.New(conn, console.Options{LogPath: "console.log"})
//	...
//	m, err := c.Wait(ctx, console.Wait{
//		Success: []console.Pattern{console.Text("login:")},
//		Failure: []console.Pattern{console.Text("Entering emergency mode.")},
//		Timeout: 90 * time.Second,
//		Idle:    30 * time.Second,
//	})
//
// # Patterns
//
// A [Text] is matched byte for byte. A [Regexp] has the syntax of the regexp
// package with line ends as consoles have them. Both may span lines, and
// match when their last byte arrives, in reads of whatever size. Patterns see
// every byte, NULs and what is not UTF-8 included, or, with Options.StripANSI,
// every byte that is not part of a terminal's escape sequence.
//
// A kernel prints its messages whenever it likes, also into the middle of a
// prompt. A pattern matches all the same when whole lines of a Linux kernel
// with times ("[   12.345678] usb 1-1: new device", with or without level and
// caller; NetBSD's look the same) stand in the middle of its match: they are no
// part of [Match].Text, and lie between its Start and End. The transcript keeps
// them, and a pattern that matches the transcript as it is matches first of
// all, so a test can wait for a message of the kernel as for anything else.
//
// Of several patterns the one wins that is complete first in the stream. So
// the outcome depends on what the guest printed, not on when the test looked
// or how the bytes came; the only two exceptions are named at [Regexp] and at
// [Console.Wait].
//
// # Limits of time
//
// Wait.Timeout limits a wait as a whole; output does not extend it. Wait.Idle
// limits the time without any output, which tells a guest that hangs from one
// that is slow. Both are apart from the context, which may end a wait, too.
//
// # Failures that are always looked for
//
// The rules of Options.Watch (a kernel's panic, a firmware's assertion) are
// looked for from New to the end. A [Rule] says where a report starts and ends,
// of what [Kind] it is, and whether it is fatal. A fatal one ends pending waits
// at that place of the stream, later waits at once, and closes the channel of
// [Console.Failed] for an owner who does not wait. One that is noted fails
// nothing; it is in [Console.Reports], and Options.Reported is told. A test
// that wants a panic says so before, with [Console.Expect].
//
// Package rules has rules for many systems. [Examine] looks for the reports in
// a file.
//
// # Typing
//
// [Console.Send] and [Console.SendLine] type, at once or paced. [Console.Exec]
// types a command and matches what comes after its echo: the echo, or an old
// prompt, is not taken for the answer. [Console.InterruptUntil] types the same
// again and again until something appears, to stop a boot loader.
//
// SendLine followed by Wait is not Exec: the wait searches from the cursor, in
// what came before the line was sent and in its echo as well. For a line that
// has no echo, such as a password, call [Console.Mark] first.
//
// # Errors
//
// Waits fail with a [*WaitError], which wraps [ErrTimeout], [ErrIdle],
// [ErrClosed], [ErrFailure] or the cause of the context's end. Its first line
// says what was waited for and what happened, the rest shows the line that
// came nearest and the last lines with their times.
//
// # What it costs
//
// Each byte is read, written to the log, read back by a wait and looked up
// once in the table of an automaton: several hundred megabytes per second
// with regular expressions, a gigabyte with a text, at any cut of the stream,
// in constant memory. The benchmarks of this package measure it over a socket.
package console
