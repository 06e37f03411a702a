package qmp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// maxMessage bounds the memory that one message can take. No reply of a
	// real QEMU comes near; a peer that isn't QEMU may never end its line.
	maxMessage = 256 << 20

	// errorText is how much of a message an error quotes, in bytes.
	errorText = 256

	// keptLine is the largest line buffer kept from one message to the next.
	keptLine = 1 << 20
)

// A message is anything QEMU sends. Its kind shows in the members it has.
type message struct {
	Greeting *struct {
		Version      versionInfo `json:"version"`
		Capabilities []string    `json:"capabilities"`
	} `json:"QMP"`

	ID     json.RawMessage `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`

	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data"`
	Timestamp struct {
		Seconds      int64 `json:"seconds"`
		Microseconds int64 `json:"microseconds"`
	} `json:"timestamp"`
}

// versionInfo is VersionInfo of qapi/control.json.
type versionInfo struct {
	QEMU struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
		Micro int `json:"micro"`
	} `json:"qemu"`
	Package string `json:"package"`
}

// decodeMessage decodes one line. The message shares no memory with it.
func decodeMessage(line []byte) (*message, error) {
	line = bytes.Trim(line, " \t\r\n") // the white space of JSON
	if len(line) == 0 || line[0] != '{' {
		return nil, errors.New("expected a JSON object")
	}
	m := new(message)
	if err := json.Unmarshal(line, m); err != nil {
		return nil, err
	}
	return m, nil
}

// A lineReader splits QEMU's output into messages. QEMU ends each with CRLF
// and escapes line breaks inside strings, unless its monitor has pretty=on.
type lineReader struct {
	r      *bufio.Reader
	long   []byte // a line that doesn't fit r's buffer
	offset int64  // of the next line
	limit  int
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), limit: maxMessage}
}

// next returns the next line and its offset. The line is valid until the next
// call. The error is io.EOF between two lines, io.ErrUnexpectedEOF inside one,
// a *ProtocolError for a line beyond the limit, or what the connection says.
func (l *lineReader) next() (line []byte, offset int64, err error) {
	if cap(l.long) > keptLine {
		l.long = nil
	}
	l.long = l.long[:0]
	offset = l.offset
	for {
		part, err := l.r.ReadSlice('\n')
		l.offset += int64(len(part))
		if err == nil && len(l.long) == 0 {
			return part, offset, nil
		}
		l.long = append(l.long, part...)
		switch {
		case err == nil:
			return l.long, offset, nil
		case len(l.long) > l.limit:
			return nil, offset, &ProtocolError{
				Offset:  offset,
				Message: shorten(l.long, errorText),
				Err:     fmt.Errorf("expected its end within %d bytes", l.limit),
			}
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(l.long) > 0:
			return nil, offset, io.ErrUnexpectedEOF
		default:
			return nil, offset, err
		}
	}
}

// encodeCommand returns the bytes of a command; arguments are a JSON object or
// empty.
//
// There is no byte to spare: QEMU (7.2 and 10.0) reads its monitor byte by
// byte, at 3 to 4 µs each, which is most of a round trip. It acts on the
// closing brace; no line end is needed.
func encodeCommand(cl *call, arguments []byte) []byte {
	name, _ := json.Marshal(cl.command) // no string fails
	b := make([]byte, 0, len(name)+len(arguments)+64)
	if cl.oob {
		b = append(b, `{"exec-oob":`...)
	} else {
		b = append(b, `{"execute":`...)
	}
	b = append(b, name...)
	if len(arguments) > 0 {
		b = append(b, `,"arguments":`...)
		b = append(b, arguments...)
	}
	b = append(b, `,"id":`...)
	b = append(b, cl.id...)
	return append(b, '}')
}

// encodeArguments returns the JSON object that a command's arguments make, or
// nothing for nil ones.
func encodeArguments(command string, args any) ([]byte, error) {
	if args == nil {
		return nil, nil
	}
	b, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("expected arguments of %s that can be encoded: %w", command, err)
	}
	switch {
	case string(b) == "null":
		return nil, nil
	case b[0] != '{':
		return nil, fmt.Errorf("the arguments of %s have to make a JSON object, not %s", command, shorten(b, 64))
	}
	return b, nil
}

// decodeValue decodes JSON into v. Numbers that end up in an any become
// [json.Number]: QEMU's addresses and sizes have 64 bits, a float64 keeps 53.
func decodeValue(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// greeting converts a greeting.
func (m *message) greeting() Greeting {
	v := m.Greeting.Version
	return Greeting{
		Version:      Version{Major: v.QEMU.Major, Minor: v.QEMU.Minor, Micro: v.QEMU.Micro, Package: v.Package},
		Capabilities: m.Greeting.Capabilities,
	}
}

// shorten returns at most limit bytes of b as text, and says when it cut.
func shorten(b []byte, limit int) string {
	b = bytes.TrimRight(b, "\r\n")
	if len(b) <= limit {
		return string(b)
	}
	return fmt.Sprintf("%s… (%d bytes)", bytes.ToValidUTF8(b[:limit], nil), len(b))
}
