package wire

import (
	"bytes"
	"encoding/binary"
)

// Binary is the form for channels that carry nothing but frames and every byte
// unchanged: a virtio-serial port, a socket. A frame is a mark, the length of
// the rest in 16 bits, the same with all bits inverted, and the rest. After a
// damaged one the decoder searches for the next mark.
var Binary Form = binaryForm{}

type binaryForm struct{}

// mark begins a frame. It is nothing that a console or a boot loader prints.
var mark = []byte{0xfd, 'q', 'a', 0x02}

const prefixSize = 8 // mark, length, inverted length

func (binaryForm) limits() limits { return limits{payload: MaxPayload, window: 16 * MaxPayload} }

func (binaryForm) Append(b []byte, f Frame) []byte {
	b = append(b, mark...)
	size := uint16(minSize + len(f.Payload))
	b = binary.BigEndian.AppendUint16(b, size)
	b = binary.BigEndian.AppendUint16(b, ^size)
	return appendBody(b, f)
}

func (binaryForm) Decoder() Decoder { return new(binaryDecoder) }

// A binaryDecoder keeps what may become a frame.
type binaryDecoder struct {
	buf []byte
}

func (d *binaryDecoder) Decode(p []byte, frame func(Frame), damaged func()) {
	if len(d.buf) > 0 {
		p = append(d.buf, p...)
	}
	for {
		p = fromMark(p)
		if len(p) < prefixSize {
			break
		}
		length := binary.BigEndian.Uint16(p[len(mark):])
		size := int(length)
		if length != ^binary.BigEndian.Uint16(p[len(mark)+2:]) || size < minSize || size > maxSize {
			damaged()
			p = p[1:]
			continue
		}
		if len(p) < prefixSize+size {
			break
		}
		f, err := parseBody(p[prefixSize : prefixSize+size])
		if err != nil {
			// Bytes may be missing: another frame may begin within this one.
			damaged()
			p = p[1:]
			continue
		}
		frame(f)
		p = p[prefixSize+size:]
	}
	d.buf = append(d.buf[:0], p...)
}

// GiveUp implements [Decoder].
func (d *binaryDecoder) GiveUp(frame func(Frame), damaged func()) {
	if len(d.buf) == 0 {
		return
	}
	damaged()
	rest := d.buf[1:]
	d.buf = nil
	d.Decode(rest, frame, damaged)
}

// fromMark cuts off what comes before the first mark, or before what may be the
// beginning of one at the end.
func fromMark(p []byte) []byte {
	if i := bytes.Index(p, mark); i >= 0 {
		return p[i:]
	}
	for n := min(len(mark)-1, len(p)); n > 0; n-- {
		if bytes.HasSuffix(p, mark[:n]) {
			return p[len(p)-n:]
		}
	}
	return nil
}
