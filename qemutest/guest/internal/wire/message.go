package wire

import (
	"encoding/binary"
	"errors"
)

// MessageKind is the purpose of a message.
type MessageKind byte

const (
	Open   MessageKind = iota + 1 // host: a request
	Bytes                         // data of a pipe
	Close                         // end of a pipe; the body is an error's text, or empty
	Credit                        // a pipe may carry so many bytes more: 32 bits
	Cancel                        // host: the request is given up
	Done                          // agent: the answer, the last message of the stream
)

// Pipe is the number of a pipe within a stream.
type Pipe byte

// The pipes of a stream; requests that carry one file use In or Out.
const (
	In Pipe = iota
	Out
	Err
	pipes // how many there are
)

// A Message is one step of a request.
type Message struct {
	Kind   MessageKind
	Pipe   Pipe   // of Bytes, Close and Credit
	Stream uint32 // chosen by the host for each request
	Body   []byte
}

const (
	messageHeader = 6       // kind, pipe, stream
	more          = 0x80    // in the kind: the rest of the body is in the next message of the stream
	maxBody       = 4 << 20 // of a message in parts
)

func (m Message) append(b []byte, unfinished bool) []byte {
	kind := byte(m.Kind)
	if unfinished {
		kind |= more
	}
	b = append(b, kind, byte(m.Pipe))
	b = binary.BigEndian.AppendUint32(b, m.Stream)
	return append(b, m.Body...)
}

var errMessage = errors.New("not a message")

// parseMessage returns the message in b, or a part of one. Its body is part of
// b.
func parseMessage(b []byte) (m Message, unfinished bool, err error) {
	if len(b) < messageHeader {
		return m, false, errMessage
	}
	m = Message{
		Kind:   MessageKind(b[0] &^ more),
		Pipe:   Pipe(b[1]),
		Stream: binary.BigEndian.Uint32(b[2:]),
		Body:   b[messageHeader:],
	}
	if m.Kind < Open || m.Kind > Done || m.Pipe >= pipes {
		return m, false, errMessage
	}
	return m, b[0]&more != 0, nil
}

// An assembler joins the parts of messages. Parts of one message may stand
// between those of others.
type assembler map[partial][]byte

// partial tells messages apart that may be under way at once.
type partial struct {
	stream uint32
	kind   MessageKind
	pipe   Pipe
}

// add returns the message that is complete with the payload, if one is.
func (a assembler) add(payload []byte) (m Message, complete bool, err error) {
	m, unfinished, err := parseMessage(payload)
	if err != nil {
		return m, false, err
	}
	key := partial{m.Stream, m.Kind, m.Pipe}
	begun, found := a[key]
	switch {
	case len(begun)+len(m.Body) > maxBody:
		return m, false, errMessage
	case unfinished:
		a[key] = append(begun, m.Body...)
		return m, false, nil
	case found:
		m.Body = append(begun, m.Body...)
		delete(a, key)
	}
	return m, true, nil
}
