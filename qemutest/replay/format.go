package replay

import "math"

// The versions of the format, REPLAY_VERSION in QEMU's replay/replay.c.
const (
	minVersion       = 0xe0200c
	versionAudio     = 0xe0200d // audio input has one number in front of its samples, not two
	versionPlainKeys = 0xe0200e // a key is a Linux key code, and does not say so
	maxVersion       = versionPlainKeys
)

// The codes of events: enum ReplayEvents in replay/replay-internal.h. The order of
// QAPI's ShutdownCause, of ReplayClockKind and of ReplayCheckpoint is part of
// the format. All versions have the same.
const (
	codeInstruction = iota
	codeInterrupt
	codeException
	codeBottomHalf
	codeBottomHalfOnce
	codeInput
	codeInputSync
	codeCharRead
	codeBlock
	codeNet
	codeShutdown
	codeCharWrite        = codeShutdown + 12 // the causes, and one for their number
	codeCharReadAll      = codeCharWrite + 1
	codeCharReadAllError = codeCharWrite + 2
	codeAudioOut         = codeCharWrite + 3
	codeAudioIn          = codeCharWrite + 4
	codeRandom           = codeCharWrite + 5
	codeClock            = codeCharWrite + 6
	codeCheckpoint       = codeClock + 2
	codeEnd              = codeCheckpoint + 9
)

var (
	shutdownCauses = [...]string{
		"none", "host-error", "host-qmp-quit", "host-qmp-system-reset", "host-signal", "host-ui",
		"guest-shutdown", "guest-reset", "guest-panic", "subsystem-reset", "snapshot-load", "max",
	}
	clocks      = [...]string{"host", "virtual-rt"}
	checkpoints = [...]string{
		"clock-warp-start", "clock-warp-account", "reset-requested", "suspend-requested",
		"clock-virtual", "clock-host", "clock-virtual-rt", "init", "reset",
	}
	inputs = [...]string{"key", "btn", "rel", "abs", "mtt"}
)

// decode reads what follows the code of an event.
func (r *Reader) decode(code uint8) {
	e := &r.event
	switch {
	case code <= codeNet:
		r.decodeExecution(code)
	case code < codeCharWrite:
		e.Kind, e.Name = Shutdown, shutdownCauses[code-codeShutdown]
	case code < codeClock:
		r.decodeDevice(code)
	case code < codeCheckpoint:
		e.Kind, e.Name, e.Value = Clock, clocks[code-codeClock], int64(r.uint64())
	case code < codeEnd:
		e.Kind, e.Name = Checkpoint, checkpoints[code-codeCheckpoint]
	case code == codeEnd:
		e.Kind = End
	default:
		r.fail(ErrUnknownEvent)
	}
}

// decodeExecution reads what the CPU did, or what happened beside it.
func (r *Reader) decodeExecution(code uint8) {
	e := &r.event
	switch code {
	case codeInstruction:
		e.Kind, e.Delta = Instructions, r.uint32()
		e.Instructions += int64(e.Delta)
	case codeInterrupt:
		e.Kind = Interrupt
	case codeException:
		e.Kind = Exception
	case codeBottomHalf:
		e.Kind, e.ID = BottomHalf, r.uint64()
	case codeBottomHalfOnce:
		e.Kind, e.ID = BottomHalfOnce, r.uint64()
	case codeInput:
		e.Kind = Input
		r.input()
	case codeInputSync:
		e.Kind = InputSync
	case codeCharRead:
		e.Kind, e.Device = CharRead, r.uint8()
		r.array()
	case codeBlock:
		e.Kind, e.ID = Block, r.uint64()
	case codeNet:
		e.Kind, e.Device, e.Flags = Net, r.uint8(), r.uint32()
		r.array()
	}
}

// decodeDevice reads what a device exchanged with the host.
func (r *Reader) decodeDevice(code uint8) {
	e := &r.event
	switch code {
	case codeCharWrite:
		e.Kind, e.Value = CharWrite, int64(int32(r.uint32()))
		r.uint32() // offset
	case codeCharReadAll:
		e.Kind = CharReadAll
		r.array()
	case codeCharReadAllError:
		e.Kind, e.Value = CharReadAllError, int64(int32(r.uint32()))
	case codeAudioOut:
		e.Kind, e.Value = AudioOut, int64(r.uint64())
	case codeAudioIn:
		e.Kind = AudioIn
		r.audioIn()
	case codeRandom:
		e.Kind, e.Value = Random, int64(int32(r.uint32()))
		r.array()
	}
}

// audioIn reads samples of 64 bits each for left and right.
func (r *Reader) audioIn() {
	const sample = 16
	samples := r.uint64()
	if r.version < versionAudio {
		r.uint64() // position in the buffer
	}
	if samples > math.MaxInt64/sample {
		r.fail(ErrTruncated)
		return
	}
	r.event.Value, r.event.Size = int64(samples), int64(samples*sample)
	r.skip(r.event.Size)
}

// input reads an InputEvent of QAPI (qapi/ui.json).
func (r *Reader) input() {
	kind := r.uint32()
	if kind >= uint32(len(inputs)) {
		r.fail(ErrUnknownEvent)
		return
	}
	r.event.Name = inputs[kind]
	switch r.event.Name {
	case "key":
		r.key()
	case "btn":
		r.uint32() // button
		r.uint8()  // down
	case "rel", "abs":
		r.uint32() // axis
		r.uint64() // value
	case "mtt":
		r.uint32() // type
		r.uint64() // slot
		r.uint64() // tracking id
		r.uint32() // axis
		r.uint64() // value
	}
}

func (r *Reader) key() {
	const number, qcode = 0, 1 // KeyValueKind
	kind := uint32(qcode)
	if r.version < versionPlainKeys {
		kind = r.uint32()
	}
	switch kind {
	case number:
		r.uint64()
	case qcode:
		r.uint32()
	default:
		r.fail(ErrUnknownEvent)
	}
	r.uint8() // down
}
