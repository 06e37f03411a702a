package gdb

import (
	"bytes"
	"fmt"
)

// Frame bytes, "Overview" in appendix E of the GDB manual.
const (
	frameStart   = '$'
	notifyStart  = '%'
	frameEnd     = '#'
	escapeByte   = '}'
	repeatByte   = '*'
	ackByte      = '+'
	nakByte      = '-'
	interrupt    = 0x03
	escapeMask   = 0x20
	repeatOffset = 29 // the count n is sent as the character n+29
)

// maxPacket bounds what a peer can make the decoder keep, in bytes. QEMU's
// packets have 4 KiB; those of other stubs have some 100 KiB.
const maxPacket = 4 << 20

// appendFrame appends payload with its frame and checksum. The payload must
// not contain a byte that needs an escape, see appendEscaped.
func appendFrame(dst []byte, payload []byte) []byte {
	dst = append(dst, frameStart)
	dst = append(dst, payload...)
	return fmt.Appendf(dst, "%c%02x", frameEnd, checksum(payload))
}

func checksum(raw []byte) (sum byte) {
	for _, b := range raw {
		sum += b
	}
	return sum
}

// appendEscaped appends binary data as the X packet carries it.
func appendEscaped(dst, data []byte) []byte {
	for _, b := range data {
		switch b {
		case frameStart, frameEnd, escapeByte, repeatByte:
			dst = append(dst, escapeByte, b^escapeMask)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// unescape is the inverse of appendEscaped. Only replies that carry binary
// data are escaped.
func unescape(data []byte) ([]byte, error) {
	out := data[:0:0]
	for {
		plain, rest, found := bytes.Cut(data, []byte{escapeByte})
		out = append(out, plain...)
		if !found {
			return out, nil
		}
		if len(rest) == 0 {
			return nil, fmt.Errorf("escape at the end of binary data")
		}
		out = append(out, rest[0]^escapeMask)
		data = rest[1:]
	}
}

// A frameKind tells what a decoder has found.
type frameKind int

const (
	frameAck     frameKind = iota // the peer got our packet
	frameNak                      // the peer wants our packet again
	framePacket                   // a packet, checksum right
	frameNotice                   // a notification, checksum right
	frameDamaged                  // a packet or notification that can't be used; text says why
)

type frame struct {
	kind    frameKind
	payload []byte // run lengths expanded, escapes kept
	text    string // of frameDamaged
}

// A decoder finds frames in a stream of bytes. Its zero value is at the start of a
// stream. Bytes between frames are ignored, as the protocol wants it.
type decoder struct {
	state   decoderState
	notice  bool
	sum     byte // of the bytes since the start of the frame
	want    byte // as announced by the peer
	payload []byte
	damage  string // the first thing that was wrong in this frame
}

type decoderState int

const (
	betweenFrames decoderState = iota
	inPayload
	inRepeat // after '*'
	inSum1
	inSum2
)

// push takes the next byte. It returns a frame if this was the last byte of one.
func (d *decoder) push(b byte) (frame, bool) {
	switch d.state {
	case betweenFrames:
		switch b {
		case frameStart, notifyStart:
			*d = decoder{state: inPayload, notice: b == notifyStart}
		case ackByte:
			return frame{kind: frameAck}, true
		case nakByte:
			return frame{kind: frameNak}, true
		}
	case inPayload:
		d.pushPayload(b)
	case inRepeat:
		d.sum += b
		d.repeat(int(b) - repeatOffset)
		d.state = inPayload
	case inSum1:
		d.want = d.hexDigit(b) << 4
		d.state = inSum2
	case inSum2:
		d.want |= d.hexDigit(b)
		d.state = betweenFrames
		return d.finish(), true
	}
	return frame{}, false
}

func (d *decoder) pushPayload(b byte) {
	switch b {
	case frameEnd:
		d.state = inSum1
		return
	case frameStart:
		// A packet can't contain this byte: the end of the last one is lost.
		*d = decoder{state: inPayload}
		return
	case repeatByte:
		d.state = inRepeat
	default:
		d.append(b, 1)
	}
	d.sum += b
}

// repeat repeats the last byte n times more.
func (d *decoder) repeat(n int) {
	switch {
	case len(d.payload) == 0:
		d.damaged("run length without a byte to repeat")
	case n < 3 || n > 126-repeatOffset:
		d.damaged(fmt.Sprintf("run length %d is not between 3 and 97", n))
	default:
		d.append(d.payload[len(d.payload)-1], n)
	}
}

func (d *decoder) append(b byte, n int) {
	if len(d.payload)+n > maxPacket {
		d.damaged(fmt.Sprintf("packet of more than %d bytes", maxPacket))
		return
	}
	for range n {
		d.payload = append(d.payload, b)
	}
}

func (d *decoder) hexDigit(b byte) byte {
	switch {
	case '0' <= b && b <= '9':
		return b - '0'
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10
	}
	d.damaged(fmt.Sprintf("checksum has the character %q", b))
	return 0
}

func (d *decoder) damaged(text string) {
	if d.damage == "" {
		d.damage = text
	}
}

func (d *decoder) finish() frame {
	if d.sum != d.want {
		d.damaged(fmt.Sprintf("checksum is %02x, announced as %02x", d.sum, d.want))
	}
	switch {
	case d.damage != "":
		return frame{kind: frameDamaged, text: d.damage}
	case d.notice:
		return frame{kind: frameNotice, payload: d.payload}
	default:
		return frame{kind: framePacket, payload: d.payload}
	}
}
