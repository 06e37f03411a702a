package qmp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLineReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("y", 3*keptLine)
	text := "short\r\n" + long + "\r\n\r\n" + long + "\nend\n"
	for name, r := range map[string]io.Reader{
		"whole":  strings.NewReader(text),
		"pieces": iotest.HalfReader(strings.NewReader(text)),
	} {
		l := newLineReader(r)
		var lines []string
		for {
			line, offset, err := l.next()
			if err != nil {
				assert.Equal(t, io.EOF, err, name)
				break
			}
			assert.True(t, strings.HasPrefix(text[offset:], string(line)), name)
			lines = append(lines, string(line))
		}
		assert.True(t, strings.Join(lines, "") == text, name)
		assert.Len(t, lines, 5, name)
		assert.LessOrEqual(t, cap(l.long), keptLine, name)
	}
}

func TestLineReaderErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		r    io.Reader
		want error
	}{
		{strings.NewReader("a\n"), io.EOF},
		{strings.NewReader("a\nb"), io.ErrUnexpectedEOF},
		{io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), broken},
	} {
		l := newLineReader(test.r)
		_, _, err := l.next()
		require.NoError(t, err)
		_, _, err = l.next()
		assert.Equal(t, test.want, err)
	}
}

// A peer that never ends its line must not take all memory.
func TestLineReaderLimit(t *testing.T) {
	t.Parallel()
	l := newLineReader(io.MultiReader(strings.NewReader("a\n"), zeros{}))
	l.limit = 1 << 20
	_, _, err := l.next()
	require.NoError(t, err)
	_, _, err = l.next()
	var protocol *ProtocolError
	require.ErrorAs(t, err, &protocol)
	assert.Equal(t, int64(2), protocol.Offset)
	assert.EqualError(t, protocol.Err, "expected its end within 1048576 bytes")
	assert.Less(t, len(err.Error()), 3000)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// FuzzReceive feeds the decoder as the receiver does. Whatever comes, it must
// not panic, must say where it stopped, and must accept exactly the JSON
// objects whose known members have the right types.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{
		`{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "p"}, "capabilities": ["oob"]}}` + "\r\n",
		`{"return": {"status": "running"}, "id": 1}` + "\r\n" + `{"return": [], "id": 2}` + "\r\n",
		`{"id": 1, "error": {"class": "GenericError", "desc": "d"}}` + "\r\n",
		`{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP", "data": {"a": [1, null, "\u00e9"]}}` + "\r\n",
		"{\"return\": }\r\n", "\r\n", "{", "[]\n", "null\n", "{}\n", `{"return":1,"return":2,"ID":3}` + "\n", "\xff\n",
		"{\"id\": 1}\f\n", "\u00a0{}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newLineReader(iotest.OneByteReader(bytes.NewReader(data)))
		for {
			line, offset, err := l.next()
			if err != nil {
				return
			}
			if !bytes.HasPrefix(data[offset:], line) {
				t.Fatalf("expected %q at byte %d", line, offset)
			}
			m, err := decodeMessage(line)
			if err != nil {
				return
			}
			checkMessage(t, line, m)
		}
	})
}

// checkMessage compares a decoded message with a generic decoding of its line.
func checkMessage(t *testing.T, line []byte, m *message) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatalf("accepted %q, which is no JSON object: %v", line, err)
	}
	for name, value := range map[string]json.RawMessage{"return": m.Return, "id": m.ID, "data": m.Data} {
		if value != nil && !json.Valid(value) {
			t.Fatalf("member %s of %q became %q", name, line, value)
		}
		if members[name] != nil && value == nil {
			t.Fatalf("member %s of %q got lost", name, line)
		}
	}
	if m.Event != "" {
		var h history
		h.init(0)
		h.add(m, time.Unix(0, 0))
		convertEvent(h.events[0])
	}
	if m.Greeting != nil {
		_ = m.greeting().Version.String()
	}
}

// FuzzCommand checks that a command is what QEMU would read, whatever its name
// and arguments.
func FuzzCommand(f *testing.F) {
	f.Add("query-status", `{}`)
	f.Add("human-monitor-command", `{"command-line": "info <&> \u0000"}`)
	f.Add("x\"\n\xff", `{"a": [1.5e3, null, 18446744073709551615]}`)
	f.Fuzz(func(t *testing.T, name, arguments string) {
		encoded, err := encodeArguments(name, json.RawMessage(arguments))
		if err != nil {
			return
		}
		wire := encodeCommand(&call{command: name, id: "7"}, encoded)
		if bytes.ContainsAny(wire, "\r\n") {
			t.Fatalf("expected one line: %q", wire)
		}
		var got struct {
			Execute   *string
			Arguments json.RawMessage
			ID        int
		}
		if err := json.Unmarshal(wire, &got); err != nil {
			t.Fatalf("%q: %v", wire, err)
		}
		if got.ID != 7 || utf8.ValidString(name) && *got.Execute != name {
			t.Fatalf("%q became %q", name, wire)
		}
	})
}
