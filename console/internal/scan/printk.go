package scan

import "bytes"

// A header recognizes what the Linux kernel prints before each line of a
// message, if it prints times (CONFIG_PRINTK_TIME), as NetBSD does:
//
//	[   12.345678] usb 1-1: new device
//	<6>[   12.345678][  T123] the same with its level and its caller
//
// The time has six digits or more after the point. The caller is a task or a
// CPU (CONFIG_PRINTK_CALLER). It is a state machine, so that it works at any
// cut of the stream; its zero value is at the start.
type header struct {
	state  headerState
	digits int // in a row
	length int
}

type headerState uint8

const (
	beforeLevel headerState = iota
	inLevel
	afterLevel
	beforeTime
	inSeconds
	inFraction
	afterTime
	beforeCaller
	inCaller
	afterCaller
)

// A verdict says whether what a header has seen is one.
type verdict uint8

const (
	perhaps verdict = iota
	yes
	no
)

// maxHeader is the length in bytes that no header reaches.
const maxHeader = 64

// step continues with the byte b.
func (h *header) step(b byte) verdict {
	digit := b >= '0' && b <= '9'
	if h.length++; h.length == maxHeader {
		return no
	}
	next, digits := h.state, 0
	if digit {
		digits = h.digits + 1
	}
	switch h.state {
	case beforeLevel:
		switch b {
		case '<':
			next = inLevel
		case '[':
			next = beforeTime
		default:
			return no
		}
	case inLevel:
		switch {
		case digit && digits <= 3:
		case b == '>' && h.digits > 0:
			next = afterLevel
		default:
			return no
		}
	case afterLevel:
		if b != '[' {
			return no
		}
		next = beforeTime
	case beforeTime:
		switch {
		case digit:
			next = inSeconds
		case b != ' ':
			return no
		}
	case inSeconds:
		switch {
		case digit:
		case b == '.':
			next = inFraction
		default:
			return no
		}
	case inFraction:
		switch {
		case digit:
		case b == ']' && h.digits >= 6:
			next = afterTime
		default:
			return no
		}
	case afterTime:
		switch b {
		case ' ':
			return yes
		case '[':
			next = beforeCaller
		default:
			return no
		}
	case beforeCaller:
		switch b {
		case 'T', 'C':
			next = inCaller
		case ' ':
		default:
			return no
		}
	case inCaller:
		switch {
		case digit:
		case b == ']' && h.digits > 0:
			next = afterCaller
		default:
			return no
		}
	case afterCaller:
		if b == ' ' {
			return yes
		}
		return no
	}
	h.state, h.digits = next, digits
	return perhaps
}

// scan continues with p, up to a verdict.
func (h *header) scan(p []byte) verdict {
	for _, b := range p {
		if v := h.step(b); v != perhaps {
			return v
		}
	}
	return perhaps
}

// nextHeader returns the index in p at which the next header may start, len(p)
// if there is none.
func nextHeader(p []byte) int {
	for i := 0; i < len(p); i++ {
		end := len(p)
		if n := bytes.IndexByte(p[i:], '['); n >= 0 {
			end = i + n
		}
		if n := bytes.IndexByte(p[i:end], '<'); n >= 0 {
			end = i + n
		}
		if i = end; i+1 >= len(p) || mayFollow(p[i+1]) {
			return i
		}
	}
	return len(p)
}

// mayFollow reports whether b can be the second byte of a header.
func mayFollow(b byte) bool { return b == ' ' || (b >= '0' && b <= '9') }

// KernelLine looks for a line of the kernel in p: start is the index of its
// header, len(p) if there is none. If p ends within the header, it is not
// certain.
func KernelLine(p []byte) (start int, certain bool) {
	for {
		if start += nextHeader(p[start:]); start == len(p) {
			return start, true
		}
		var h header
		if v := h.scan(p[start:]); v != no {
			return start, v == yes
		}
		start++
	}
}
