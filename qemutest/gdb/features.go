package gdb

import (
	"slices"
	"strconv"
	"strings"
)

// asked is what this client tells the stub about itself. xmlRegisters makes
// stubs send x86 descriptions; QEMU ignores the value.
const asked = "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+;xmlRegisters=i386"

// Features that stubs announce.
const (
	featureMultiprocess    = "multiprocess"
	featureTarget          = "qXfer:features:read"
	featureNoAck           = "QStartNoAckMode"
	featureReverseStep     = "ReverseStep"
	featureReverseContinue = "ReverseContinue"
)

// minPacketSize is what a stub gets that says nothing, as GDB does it.
const minPacketSize = 400

// features is a stub's answer to qSupported.
type features struct {
	packetSize int // most bytes of a packet in either direction, frame included
	on         []string
}

func parseFeatures(reply string) features {
	f := features{packetSize: minPacketSize}
	for _, item := range strings.Split(reply, ";") {
		if name, ok := strings.CutSuffix(item, "+"); ok {
			f.on = append(f.on, name)
		}
		if text, ok := strings.CutPrefix(item, "PacketSize="); ok {
			if size, err := strconv.ParseUint(text, 16, 31); err == nil && size > minPacketSize {
				f.packetSize = min(int(size), maxPacket)
			}
		}
	}
	return f
}

func (f features) has(name string) bool { return slices.Contains(f.on, name) }
