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

// decodeMessage decodes one line. The message owns its memory.
func decodeMessage(line []byte) (*message, error) {
	line = bytes.TrimSpace(line)
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
// call. A line that the end of the stream cuts short is returned with
// io.ErrUnexpectedEOF.
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
			return l.long, offset, fmt.Errorf("expected the end of the message within %d bytes", l.limit)
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(l.long) > 0:
			return l.long, offset, io.ErrUnexpectedEOF
		default:
			return l.long, offset, err
		}
	}
}

// encodeCommand returns the bytes of a command: verb is "execute" or
// "exec-oob", id a JSON value, arguments a JSON object or empty.
func encodeCommand(verb, command, id string, arguments []byte) ([]byte, error) {
	name, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(verb)+len(name)+len(id)+len(arguments)+32)
	b = append(b, `{"`...)
	b = append(b, verb...)
	b = append(b, `":`...)
	b = append(b, name...)
	if len(arguments) > 0 {
		b = append(b, `,"arguments":`...)
		b = append(b, arguments...)
	}
	b = append(b, `,"id":`...)
	b = append(b, id...)
	return append(b, "}\n"...), nil
}

// encodeArguments returns the JSON object that a command's arguments make, or
// nothing for nil ones.
func encodeArguments(command string, args any) ([]byte, error) {
	if args == nil {
		return nil, nil
	}
	b, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("encode the arguments of %s: %w", command, err)
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

// shorten returns at most limit bytes of b as text, and says when it cut.
func shorten(b []byte, limit int) string {
	b = bytes.TrimRight(b, "\r\n")
	if len(b) <= limit {
		return string(b)
	}
	return fmt.Sprintf("%s… (%d bytes)", bytes.ToValidUTF8(b[:limit], nil), len(b))
}
