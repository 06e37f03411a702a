package wire

// Console is the form for serial consoles, which the kernel and programs write
// to as well. A frame is the byte 0xFF, six bits of its content in each of the
// bytes 0x80 to 0xBF, and the byte 0xFE.
//
// Neither the kernel's messages nor UTF-8 text can be mistaken for part of it:
// ASCII has other bytes, UTF-8 never has 0xFE or 0xFF, and its bytes 0x80 to
// 0xBF follow one that says how many there are. So text that is written in the
// midst of a frame is told from it, byte by byte. No byte of a frame is one that
// a terminal driver changes or takes for a key.
var Console Form = consoleForm{}

type consoleForm struct{}

const (
	begin = 0xff
	end   = 0xfe
	digit = 0x80 // the first of 64
)

// Frames are small so that one that is damaged after all, by a program that
// writes other bytes, costs little. The window is less than the 64 KiB that
// Linux keeps of the input of a terminal; what is more is lost.
func (consoleForm) limits() limits { return limits{payload: 1 << 10, window: 16 << 10} }

func (consoleForm) Append(b []byte, f Frame) []byte {
	body := appendBody(make([]byte, 0, minSize+len(f.Payload)), f)
	b = append(b, begin)
	var bits, count uint
	for _, c := range body {
		bits = bits<<8 | uint(c)
		for count += 8; count >= 6; {
			count -= 6
			b = append(b, digit|byte(bits>>count&0x3f))
		}
	}
	if count > 0 {
		b = append(b, digit|byte(bits<<(6-count)&0x3f))
	}
	return append(b, end)
}

func (consoleForm) Decoder() Decoder { return new(ConsoleDecoder) }

// A ConsoleDecoder tells frames from text. The zero value is ready.
type ConsoleDecoder struct {
	// Text, if not nil, is called with what belongs to no frame. The bytes are
	// valid until it returns.
	Text func([]byte)

	inFrame bool
	body    []byte
	bits    uint
	count   uint // of bits
	follow  int  // bytes of a UTF-8 character to come
	text    []byte
}

// Decode implements [Decoder].
func (d *ConsoleDecoder) Decode(p []byte, frame func(Frame), damaged func()) {
	d.text = d.text[:0]
	for _, c := range p {
		switch {
		case c == begin:
			if d.inFrame {
				damaged()
			}
			d.start()
		case c == end:
			if d.inFrame {
				d.finish(frame, damaged)
			}
		case c < digit: // ASCII
			d.follow = 0
			d.text = append(d.text, c)
		case c >= 0xc0: // the first byte of a character
			d.follow = following(c)
			d.text = append(d.text, c)
		case d.follow > 0:
			d.follow--
			d.text = append(d.text, c)
		case d.inFrame:
			d.push(c, damaged)
		default:
			d.text = append(d.text, c)
		}
	}
	if d.Text != nil && len(d.text) > 0 {
		d.Text(d.text)
	}
}

// GiveUp implements [Decoder]. The next frame needs no help: its first byte ends
// the one that has begun.
func (*ConsoleDecoder) GiveUp(func(Frame), func()) {}

func (d *ConsoleDecoder) start() {
	d.inFrame, d.follow = true, 0
	d.body, d.bits, d.count = d.body[:0], 0, 0
}

// push takes one digit.
func (d *ConsoleDecoder) push(c byte, damaged func()) {
	if len(d.body) >= maxSize {
		d.inFrame = false
		damaged()
		return
	}
	d.bits = d.bits<<6 | uint(c&0x3f)
	if d.count += 6; d.count >= 8 {
		d.count -= 8
		d.body = append(d.body, byte(d.bits>>d.count))
	}
}

func (d *ConsoleDecoder) finish(frame func(Frame), damaged func()) {
	d.inFrame, d.follow = false, 0
	f, err := parseBody(d.body)
	if err != nil {
		damaged()
		return
	}
	frame(f)
}

// following returns how many bytes of a UTF-8 character follow its first.
func following(c byte) int {
	switch {
	case c >= 0xf0 && c <= 0xf7:
		return 3
	case c >= 0xe0 && c <= 0xef:
		return 2
	case c >= 0xc0 && c <= 0xdf:
		return 1
	}
	return 0
}
