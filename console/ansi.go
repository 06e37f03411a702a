package console

import (
	"bytes"

	"github.com/charmbracelet/x/ansi/parser"
)

// maxSequence is the length in bytes after which what looked like an escape
// sequence is taken to be none: without it the two bytes "\x1b]" in binary
// noise would hide all that follows.
const maxSequence = 4096

const escape = 0x1b

// A stripper removes terminal escape sequences (ECMA-48 as the VT500 series
// reads it) from a stream that comes in pieces. Its zero value is ready.
//
// The library's table knows the sequences; it can't be used as it stands
// because it also takes the bytes 0x80 to 0x9f for 8-bit control codes, which
// on a serial line are UTF-8, another character set or noise. They are kept as
// text here, and a newline, which is never part of a sequence, ends any.
type stripper struct {
	state  parser.State
	length int // of the sequence so far
	buf    []byte
}

// strip returns p, which continues the stream, without its escape sequences.
// The result is p itself or valid until the next call.
func (s *stripper) strip(p []byte) []byte {
	if s.state == parser.GroundState && bytes.IndexByte(p, escape) < 0 {
		return p
	}
	s.buf = s.buf[:0]
	for len(p) > 0 {
		if s.state == parser.GroundState {
			n := bytes.IndexByte(p, escape)
			if n < 0 {
				n = len(p)
			}
			s.buf = append(s.buf, p[:n]...)
			if p = p[n:]; len(p) == 0 {
				break
			}
		}
		if s.keep(p[0]) {
			s.buf = append(s.buf, p[0])
		}
		p = p[1:]
	}
	return s.buf
}

// keep reports whether b, the next byte of the stream, is text.
func (s *stripper) keep(b byte) bool {
	if s.state == parser.GroundState {
		if b != escape {
			return true
		}
		s.length = 0
	}
	s.length++
	if b == '\n' || s.length > maxSequence || (b >= 0x80 && !s.inString()) {
		s.state = parser.GroundState
		return true
	}
	if b >= 0x80 {
		return false
	}
	var action parser.Action
	s.state, action = parser.Table.Transition(s.state, b)
	return action == parser.ExecuteAction
}

// inString reports whether the sequence is one that carries a text, such as a
// window title.
func (s *stripper) inString() bool {
	switch s.state {
	case parser.OscStringState, parser.DcsStringState, parser.SosStringState, parser.PmStringState, parser.ApcStringState:
		return true
	}
	return false
}
