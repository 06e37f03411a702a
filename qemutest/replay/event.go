package replay

import (
	"fmt"
	"strings"
)

// A Kind says what happened. It is independent of the log's version.
type Kind int

// The kinds of events.
const (
	Instructions     Kind = iota // the guest executed Event.Delta instructions
	Interrupt                    // the CPU took an interrupt
	Exception                    // the CPU took an exception
	BottomHalf                   // a bottom half ran, Event.ID
	BottomHalfOnce               // a one-shot bottom half ran, Event.ID
	Input                        // keyboard, mouse or touch screen
	InputSync                    // the end of a group of inputs
	CharRead                     // a character device received Event.Data
	Block                        // a block request was completed, Event.ID
	Net                          // a network device received Event.Data
	Shutdown                     // somebody asked for a shutdown or reset, Event.Name says who
	CharWrite                    // a character device sent
	CharReadAll                  // a character device was read synchronously, Event.Data
	CharReadAllError             // the same failed, Event.Value
	AudioOut                     // Event.Value samples were played
	AudioIn                      // Event.Value samples were recorded
	Random                       // Event.Data came from the host's random numbers
	Clock                        // a clock of the host was read, Event.Name says which, Event.Value
	Checkpoint                   // CPU and main loop met, Event.Name says where
	End                          // the log is complete
)

var kindNames = [...]string{
	"instructions", "interrupt", "exception", "bottom half", "bottom half once", "input", "input sync", "char read", "block",
	"net", "shutdown", "char write", "char read all", "char read all error", "audio out", "audio in", "random", "clock",
	"checkpoint", "end",
}

// String returns the kind in words, like "char read".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// An Event is one event of a log.
type Event struct {
	Kind   Kind
	Number int64 // its place in the log, from 1 on
	Offset int64 // of its first byte in the log

	// Instructions is how many the guest has executed when the event happens,
	// those of this event included.
	Instructions int64

	// Name is the clock ("host", "virtual-rt"), the checkpoint ("init",
	// "reset", "clock-host", ...), the cause of the shutdown in QAPI's words
	// ("host-qmp-quit", "guest-shutdown", ...), or the kind of input ("key", "btn",
	// "rel", "abs", "mtt").
	Name string

	Delta  uint32 // instructions since the last such event
	ID     uint64 // of a bottom half or block request
	Device uint8  // number of the character or network device
	Flags  uint32 // of a network packet
	Value  int64  // clock in ns, result of a character write, return value, samples
	Size   int64  // bytes of payload

	// Data is the payload, of which no more than the first 64 KiB are kept. It
	// is nil for audio.
	Data []byte
}

// String returns the event as a line of Dump.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d @%#x icount %d: %v", e.Number, e.Offset, e.Instructions, e.Kind)
	if e.Name != "" {
		b.WriteString(" " + e.Name)
	}
	switch e.Kind {
	case Instructions:
		fmt.Fprintf(&b, " +%d", e.Delta)
	case BottomHalf, BottomHalfOnce, Block:
		fmt.Fprintf(&b, " id %d", e.ID)
	case CharRead:
		fmt.Fprintf(&b, " device %d %q", e.Device, e.Data)
	case CharReadAll:
		fmt.Fprintf(&b, " %q", e.Data)
	case Net:
		fmt.Fprintf(&b, " device %d flags %#x", e.Device, e.Flags)
	case CharWrite, CharReadAllError, AudioOut, AudioIn, Clock:
		fmt.Fprintf(&b, " %d", e.Value)
	}
	if e.Size > 0 {
		fmt.Fprintf(&b, " (%d bytes)", e.Size)
	}
	return b.String()
}
