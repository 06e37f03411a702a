package gdb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A Signal is GDB's number of a signal, whatever the host's number is.
type Signal int

// The signals with which QEMU reports a stop (gdbstub/system.c).
const (
	SigInt     Signal = 2   // paused: by Interrupt, or by QMP's "stop"
	SigQuit    Signal = 3   // the guest shut down or reset, and QEMU keeps the machine
	SigTrap    Signal = 5   // a step, breakpoint or watchpoint; also at attach
	SigAbort   Signal = 6   // internal error of QEMU or KVM
	SigAlarm   Signal = 14  // watchdog
	SigIO      Signal = 23  // I/O error
	SigXCPU    Signal = 24  // migration finished
	SigUnknown Signal = 143 // any other reason, like a guest panic
)

var signalNames = map[Signal]string{
	SigInt: "SIGINT", SigQuit: "SIGQUIT", SigTrap: "SIGTRAP", SigAbort: "SIGABRT", SigAlarm: "SIGALRM",
	SigIO: "SIGIO", SigXCPU: "SIGXCPU", SigUnknown: "SIGUNKNOWN",
}

// String returns the signal's name if QEMU uses it, else "signal N".
func (s Signal) String() string {
	if name, ok := signalNames[s]; ok {
		return name
	}
	return "signal " + strconv.Itoa(int(s))
}

// A StopReason tells why a machine stopped, as far as the stub says it. QEMU
// names watchpoints; for a breakpoint and a step it reports SIGTRAP alone.
type StopReason int

// The reasons.
const (
	StopSignal        StopReason = iota // Signal says it all
	StopSoftwareBreak                   // "swbreak"
	StopHardwareBreak                   // "hwbreak"
	StopWrite                           // "watch": Address was written
	StopRead                            // "rwatch": Address was read
	StopAccess                          // "awatch": Address was read or written
	StopReplayBegin                     // reverse execution reached the start of the recording
	StopReplayEnd                       // replay reached the end of the recording
	StopExited                          // the stub's process ends with Status
	StopTerminated                      // the stub's process ends by Signal
)

// A Stop is a stop reply packet.
type Stop struct {
	Reason  StopReason
	Signal  Signal
	Thread  Thread // the CPU that stopped; zero if the stub does not say
	Address uint64 // of a watchpoint
	Status  int    // exit status, StopExited only

	// Registers are those that the stub sent along, by number, in the target's
	// byte order. QEMU sends none.
	Registers map[int][]byte
}

// Gone reports whether there is no machine any more.
func (s Stop) Gone() bool { return s.Reason == StopExited || s.Reason == StopTerminated }

// String returns a sentence without its full stop, like
// "p1.1 wrote the watched address 0x1000".
func (s Stop) String() string {
	who := "the machine"
	if s.Thread != (Thread{}) {
		who = "CPU " + s.Thread.String()
	}
	switch s.Reason {
	case StopSoftwareBreak:
		return who + " reached a software breakpoint"
	case StopHardwareBreak:
		return who + " reached a hardware breakpoint"
	case StopWrite:
		return fmt.Sprintf("%s wrote the watched address %#x", who, s.Address)
	case StopRead:
		return fmt.Sprintf("%s read the watched address %#x", who, s.Address)
	case StopAccess:
		return fmt.Sprintf("%s accessed the watched address %#x", who, s.Address)
	case StopReplayBegin:
		return who + " reached the start of the recording"
	case StopReplayEnd:
		return who + " reached the end of the recording"
	case StopExited:
		return fmt.Sprintf("the stub ended with status %d", s.Status)
	case StopTerminated:
		return "the stub was ended by " + s.Signal.String()
	}
	return who + " stopped with " + s.Signal.String()
}

// isStop reports whether a packet is a stop reply. No reply to another command
// that this package sends looks like that: T, S, W and X are not hex digits.
func isStop(packet string) bool {
	if len(packet) < 3 || !strings.ContainsRune("TSWX", rune(packet[0])) {
		return false
	}
	_, err := hex.DecodeString(packet[1:3])
	return err == nil
}

// parseStop decodes a packet for which isStop is true.
func parseStop(packet string) (Stop, error) {
	code, _ := strconv.ParseUint(packet[1:3], 16, 8)
	stop := Stop{Signal: Signal(code)}
	rest := packet[3:]
	switch packet[0] {
	case 'W':
		return Stop{Reason: StopExited, Status: int(code)}, nil
	case 'X':
		stop.Reason = StopTerminated
		return stop, nil
	case 'S':
		return stop, nil
	}
	for _, pair := range strings.Split(rest, ";") {
		if pair == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, ":")
		if !ok {
			return Stop{}, fmt.Errorf("%q in a stop reply is not name:value", pair)
		}
		if err := stop.set(key, value); err != nil {
			return Stop{}, err
		}
	}
	return stop, nil
}

// set takes a pair of a T packet. Unknown names are ignored, as the protocol
// demands.
func (s *Stop) set(key, value string) (err error) {
	switch key {
	case "thread":
		s.Thread, err = parseThread(value)
	case "watch", "rwatch", "awatch":
		s.Reason = map[string]StopReason{"watch": StopWrite, "rwatch": StopRead, "awatch": StopAccess}[key]
		s.Address, err = strconv.ParseUint(value, 16, 64)
	case "swbreak":
		s.Reason = StopSoftwareBreak
	case "hwbreak":
		s.Reason = StopHardwareBreak
	case "replaylog":
		switch value {
		case "begin":
			s.Reason = StopReplayBegin
		case "end":
			s.Reason = StopReplayEnd
		}
	default:
		number, notHex := strconv.ParseUint(key, 16, 31)
		if notHex != nil {
			return nil
		}
		var data []byte
		if data, err = hex.DecodeString(value); err == nil {
			if s.Registers == nil {
				s.Registers = make(map[int][]byte)
			}
			s.Registers[int(number)] = data
		}
	}
	if err != nil {
		return fmt.Errorf("%s:%s in a stop reply: %w", key, value, err)
	}
	return nil
}
