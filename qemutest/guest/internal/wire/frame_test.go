package wire

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decode feeds p in pieces of the given size.
func decode(d Decoder, p []byte, size int) (frames []Frame, damaged int) {
	for piece := range slices.Chunk(p, size) {
		d.Decode(piece, func(f Frame) {
			f.Payload = bytes.Clone(f.Payload)
			frames = append(frames, f)
		}, func() { damaged++ })
	}
	return frames, damaged
}

var sample = []Frame{
	{Kind: Hello, Session: 7, Payload: []byte("{}")},
	{Kind: Data, Session: 7, Seq: 1, Ack: 2, Payload: []byte("a\x00\r\n\xff\xfe\x80 text")},
	{Kind: Ack, Session: 7, Ack: 1 << 31, Payload: []byte{}},
}

func TestFramesInEveryPieceSize(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]Form{"binary": Binary, "console": Console} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := []byte("garbage \xfdqa before, \xe2\x82\xac ")
			for _, f := range sample {
				stream = append(form.Append(stream, f), "between"...)
			}
			for size := 1; size < len(stream); size++ {
				frames, _ := decode(form.Decoder(), stream, size)
				require.Equal(t, sample, frames, "pieces of %d bytes", size)
			}
		})
	}
}

func TestFramesAfterDamage(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]Form{"binary": Binary, "console": Console} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := form.Append(nil, sample[1]), form.Append(nil, sample[0])
			for i := range first {
				hit := bytes.Clone(first)
				hit[i] ^= 0x04
				frames, _ := decode(form.Decoder(), slices.Concat(hit, second, second), 100)
				require.NotEmpty(t, frames, "byte %d", i)
				require.Equal(t, sample[0], frames[len(frames)-1], "byte %d", i)
				require.NotContains(t, frames, Frame{Kind: Data}, "byte %d", i)
				cut := append(bytes.Clone(first[:i]), slices.Concat(second, second)...)
				frames, _ = decode(form.Decoder(), cut, 100)
				require.NotEmpty(t, frames, "cut at %d", i)
				require.Equal(t, sample[0], frames[len(frames)-1], "cut at %d", i)
			}
		})
	}
}

func TestFramesAfterOneThatIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]Form{"binary": Binary, "console": Console} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := form.Append(nil, sample[1])
			for i := range first {
				var frames []Frame
				frame := func(f Frame) {
					f.Payload = bytes.Clone(f.Payload)
					frames = append(frames, f)
				}
				d := form.Decoder()
				d.Decode(slices.Concat(first[:i], form.Append(nil, sample[0])), frame, func() {})
				d.GiveUp(frame, func() {})
				d.Decode(form.Append(nil, sample[2]), frame, func() {})
				require.Equal(t, []Frame{sample[0], sample[2]}, frames, "cut at %d", i)
			}
		})
	}
}

func TestTextWithinConsoleFramesDoesNotDamageThem(t *testing.T) {
	t.Parallel()
	const text = "[   1.0] printk: größer € 😀\r\n"
	frame := Console.Append(nil, sample[1])
	for i := range len(frame) + 1 {
		var rest []byte
		d := &ConsoleDecoder{Text: func(p []byte) { rest = append(rest, p...) }}
		frames, damaged := decode(d, slices.Concat(frame[:i], []byte(text), frame[i:]), 5)
		require.Equal(t, []Frame{sample[1]}, frames, "at %d", i)
		require.Zero(t, damaged)
		require.Equal(t, text, string(rest))
	}
}

func TestConsoleFramesHaveNoBytesOfTerminals(t *testing.T) {
	t.Parallel()
	for _, f := range sample {
		for _, c := range Console.Append(nil, f) {
			assert.GreaterOrEqual(t, c, byte(0x80))
		}
	}
}

func TestMessagesInParts(t *testing.T) {
	t.Parallel()
	a := make(assembler)
	done := Message{Kind: Done, Stream: 1, Body: []byte("one ")}
	_, complete, err := a.add(done.append(nil, true))
	require.NoError(t, err)
	assert.False(t, complete)
	other := Message{Kind: Bytes, Pipe: Err, Stream: 1, Body: []byte("x")}
	m, complete, err := a.add(other.append(nil, false))
	require.NoError(t, err)
	assert.True(t, complete)
	assert.Equal(t, other, m)
	done.Body = []byte("two")
	m, complete, err = a.add(done.append(nil, false))
	require.NoError(t, err)
	assert.True(t, complete)
	assert.Equal(t, "one two", string(m.Body))
	_, _, err = a.add([]byte{0})
	assert.Error(t, err)
}

func FuzzBinary(f *testing.F) { fuzzDecoder(f, Binary) }

func FuzzConsole(f *testing.F) { fuzzDecoder(f, Console) }

// fuzzDecoder checks that a decoder finds the same in any pieces, and finds
// again frames of good form after garbage.
func fuzzDecoder(f *testing.F, form Form) {
	f.Add([]byte("garbage"), 3)
	for _, frame := range sample {
		f.Add(form.Append(nil, frame), 1)
		f.Add(form.Append(form.Append(nil, frame)[3:], frame), 7)
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		whole, _ := decode(form.Decoder(), data, len(data)+1)
		pieces, _ := decode(form.Decoder(), data, max(1, size))
		require.Equal(t, whole, pieces)
		for _, frame := range whole {
			again, damaged := decode(form.Decoder(), form.Append(nil, frame), 1<<20)
			require.Zero(t, damaged)
			require.Len(t, again, 1)
		}
	})
}
