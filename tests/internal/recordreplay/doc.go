// Package recordreplay records how a guest runs, and lets it run again.
//
// QEMU writes into a log what comes to the machine from outside, and after how
// many instructions (-icount rr=record). With the log, rr=replay must lead the
// same machine along the same way:
//
//	recordreplay.Guest{
//		Boot:  linux.Boot{Kernel: q.Fetch(kernel), Append: "console=ttyS0"},
//		Shift: 5,
//		Until: "VFS: Cannot open root device",
//	}.Check(q)
//
// [Guest.Check] says more than that both print what the test waits for. The log
// must be complete and readable; the replay must print what the recording
// printed, byte by byte, and end for the reason that ended the recording. A
// replay that leaves the way of its recording waits for something that never
// comes; that is noticed when the number of instructions stands still, and the
// test fails with the place.
package recordreplay
