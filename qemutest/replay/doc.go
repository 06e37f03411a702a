// Package replay reads the logs that QEMU's record/replay writes
// (-icount rr=record,rrfile=...).
//
//	summary, err := replay.ReadFile("replay.bin")
//	if err != nil {
//		return err // what is wrong, and at which offset
//	}
//	fmt.Println(summary.Instructions) // the last instruction count
//
// A [Reader] returns event by event, [Dump] writes them as text.
//
// # What a log proves
//
// QEMU writes the events as they happen. When it exits in an orderly way, it adds
// the end event and fills in the header. So a log that [ReadFile] accepts was
// closed properly, and each of its events can be decoded. A log of a QEMU
// that was killed has an empty header, which is [ErrUnfinished].
//
// The log tells what came from outside the machine, and when: clock
// readings, input, received bytes and packets, random numbers, shutdown requests. The
// time is the number of instructions that were executed until then.
//
// # Format
//
// All numbers are big-endian. A header of 12 bytes (32 bits of version, 64 bits
// unused) is followed by events: one byte that tells the kind, then what
// belongs to it. The format is described by QEMU's replay/*.c only. The versions that
// are understood:
//
//   - 0xe0200c: QEMU 7.1 to 10.2; tested with logs of 7.2 and 10.0
//   - 0xe0200d: QEMU 11.0, audio input without its buffer position
//   - 0xe0200e: key events without the kind of their code
//
// QEMU's own scripts/replay-dump.py stops at input, character-read and audio-input
// events, which it can't decode, and reads 32 of the 64 bits of an
// audio-output event; here all are decoded.
package replay
