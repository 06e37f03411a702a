// Package qmp is a client of the QEMU Machine Protocol (QMP), through which a
// running QEMU is asked and told things. It knows nothing of how QEMU was
// started, and serves any program, not only tests.
//
// The protocol is described in docs/interop/qmp-spec.rst of QEMU, its commands
// and events in the QEMU QMP Reference Manual.
//
// # Connecting
//
// [NewClient] takes over a connection to a monitor in control mode: one end of
// a socket pair whose other end QEMU inherited,
//
//	qemu-system-... -chardev socket,id=mon,fd=3 -mon chardev=mon,mode=control
//
// or one made with [net.Dial] to a monitor that listens (-qmp unix:PATH,server=on).
// The monitor must not have pretty=on: each message is expected on a line of
// its own. QEMU serves one client per monitor at a time.
//
// # Commands
//
// [Client.Execute] returns the value of the reply as JSON, [Call] decodes it.
// An error reply is an error, always: an [*Error] with QEMU's class and
// description. There is no way to overlook that a command failed but to ignore
// an error of Go.
//
// Every call takes a context, its only limit of time. A call whose context ends
// returns at once, with a [*CallError] that says whether the command had been
// sent. If so, QEMU may still carry it out; its late reply is recognized by its
// id and dropped, and the next call gets its own reply. If QEMU is stopped, or
// busy with a long command, so that its socket takes no more, the client goes on
// writing the command in the background: the next one never starts in the middle
// of it. It waits its turn, or its context's end.
//
// QEMU is given at most eight commands at a time; more wait in the client, in
// order. That keeps the way free for [Client.ExecuteOOB].
//
// Arguments, replies and event data are encoding/json's business. Where a
// number is decoded into an any, it becomes a [encoding/json.Number], because a
// float64 can't hold QEMU's 64-bit addresses and sizes.
//
// # Events
//
// Events never wait for a reader, and replies never wait for events. The client
// keeps the events in a history with a place, a [Cursor], between each two of
// them. A wait looks from a cursor on, at what has already happened first, so
// that an event can't slip through between a command and the wait for its
// effect:
//
//	before := c.Cursor()
//	c.Execute(ctx, "system_reset", nil)
//	reset, after, err := c.WaitEvent(ctx, before, qmp.Named("RESET"))
//
// The context bounds the wait as a whole, however many other events arrive in
// between. Matchers select events by name ([Named]), by a part of their data
// ([With]), or by anything else ([Matching]).
//
// The history is bounded, so that a guest that makes QEMU send events without
// end doesn't exhaust memory: it holds 65,536 events (Options.History) and
// 32 MiB of event data. The oldest events are dropped. A wait from a cursor
// whose event is gone fails with [ErrEventsDropped], since it can't tell
// whether that was the one.
//
// # The end
//
// When QEMU's end of the connection goes away, every call and wait in progress
// returns within 100 ms, with a [*LostError] that says how QEMU ended if
// Options.Ended tells. A message that isn't JSON ends the connection with a
// [*ProtocolError]: the reply to a call may have been in it. After the end,
// [Client.Err] says why, and the event history can still be read.
//
// # Log
//
// Options.Log gets one line per message: the time, the name of the machine,
// the direction as the QMP specification draws it, for a reply the command and
// the time it took, and the message, cut at 64 KiB:
//
//	15:04:05.000103 vm -> {"execute":"query-status","id":7}
//	15:04:05.000292 vm <- [query-status 189µs] {"return": {"status": "running", "running": true}, "id": 7}
//	15:04:06.120034 vm <- {"timestamp": {...}, "event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}
//
// [Client.Recent] returns the last of these lines for a failure message, also
// without a log.
//
// # go-qemu
//
// [Client.Monitor] gives a client the interface that the typed commands
// (raw.Monitor) and qemu.Domain of github.com/digitalocean/go-qemu work on.
// Its own transport, SocketMonitor, is not used: a reply over 64 KiB, an unread
// event or a stopped QEMU end or block it for good.
package qmp
