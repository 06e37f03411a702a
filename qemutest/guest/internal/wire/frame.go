package wire

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Kind is the purpose of a frame.
type Kind byte

const (
	Hello   Kind = iota + 1 // agent: here I am; the payload is a [Greeting]
	Welcome                 // host: I have seen the Hello
	Data                    // a message, numbered
	Ack                     // nothing but Frame.Ack
	Nack                    // a frame is missing: send again from Frame.Ack on
)

// A Frame is one unit on the channel.
type Frame struct {
	Kind    Kind
	Session uint32 // drawn by the agent when it starts
	Seq     uint32 // of Data, counted from 0
	Ack     uint32 // number of the Data frame that the sender expects next
	Payload []byte // at most MaxPayload
}

// MaxPayload is the largest payload of a frame in bytes.
const MaxPayload = 1 << 15

const (
	headerSize = 13 // kind, session, seq, ack
	sumSize    = 4  // CRC-32C of all before it
	minSize    = headerSize + sumSize
	maxSize    = headerSize + MaxPayload + sumSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendBody appends what both forms of a frame wrap.
func appendBody(b []byte, f Frame) []byte {
	start := len(b)
	b = append(b, byte(f.Kind))
	b = binary.BigEndian.AppendUint32(b, f.Session)
	b = binary.BigEndian.AppendUint32(b, f.Seq)
	b = binary.BigEndian.AppendUint32(b, f.Ack)
	b = append(b, f.Payload...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

var errDamaged = errors.New("damaged frame")

// parseBody returns the frame in b. Its payload is part of b.
func parseBody(b []byte) (Frame, error) {
	if len(b) < minSize || len(b) > maxSize {
		return Frame{}, errDamaged
	}
	end := len(b) - sumSize
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return Frame{}, errDamaged
	}
	f := Frame{
		Kind:    Kind(b[0]),
		Session: binary.BigEndian.Uint32(b[1:]),
		Seq:     binary.BigEndian.Uint32(b[5:]),
		Ack:     binary.BigEndian.Uint32(b[9:]),
		Payload: b[headerSize:end],
	}
	if f.Kind < Hello || f.Kind > Nack {
		return Frame{}, errDamaged
	}
	return f, nil
}

// A Form is a way to write frames on a channel.
type Form interface {
	// Append appends the frame as it goes on the channel.
	Append(b []byte, f Frame) []byte

	// Decoder returns a decoder for one direction of a channel.
	Decoder() Decoder

	limits() limits
}

// A Decoder finds the frames in what arrives.
type Decoder interface {
	// Decode calls frame for each frame that is complete with p, and damaged
	// for what began as a frame and is none. The payload of a frame is valid
	// until frame returns. What belongs to no frame is passed over.
	Decode(p []byte, frame func(Frame), damaged func())

	// GiveUp takes a frame that has begun for damaged, and finds the frames
	// in what came after its beginning.
	GiveUp(frame func(Frame), damaged func())
}

// limits are what suits the channels of a form.
type limits struct {
	payload int // most bytes of a message in one frame
	window  int // most bytes under way without acknowledgement
}
