package replay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A builder writes a log as QEMU does.
type builder struct{ bytes.Buffer }

func newLog(version uint32) *builder {
	return new(builder).u32(version).u64(0)
}

func (b *builder) u8(v ...uint8) *builder { b.Write(v); return b }
func (b *builder) u32(v uint32) *builder  { return b.u8(binary.BigEndian.AppendUint32(nil, v)...) }
func (b *builder) u64(v uint64) *builder  { return b.u8(binary.BigEndian.AppendUint64(nil, v)...) }
func (b *builder) array(data string) *builder {
	return b.u32(uint32(len(data))).u8([]byte(data)...)
}

// everything returns a log with each code of the format, and what Next should
// make of it; sizes and positions apart.
func everything(version uint32) (log *builder, want []Event) {
	b := newLog(version)
	add := func(e Event) *builder {
		e.Number, e.Offset = int64(len(want)+1), int64(b.Len())
		want = append(want, e)
		return b
	}
	add(Event{Kind: Instructions, Delta: 1000, Instructions: 1000}).u8(0).u32(1000)
	at := func(e Event) *builder { e.Instructions = 1000; return add(e) }
	at(Event{Kind: Interrupt}).u8(1)
	at(Event{Kind: Exception}).u8(2)
	at(Event{Kind: BottomHalf, ID: 7}).u8(3).u64(7)
	at(Event{Kind: BottomHalfOnce, ID: 8}).u8(4).u64(8)
	key := at(Event{Kind: Input, Name: "key"}).u8(5).u32(0)
	if version < 0xe0200e {
		key.u32(1) // qcode
	}
	key.u32(30).u8(1)
	if version < 0xe0200e {
		at(Event{Kind: Input, Name: "key"}).u8(5).u32(0).u32(0).u64(30).u8(0) // number
	}
	at(Event{Kind: Input, Name: "btn"}).u8(5).u32(1).u32(2).u8(1)
	at(Event{Kind: Input, Name: "rel"}).u8(5).u32(2).u32(0).u64(5)
	at(Event{Kind: Input, Name: "abs"}).u8(5).u32(3).u32(1).u64(5)
	at(Event{Kind: Input, Name: "mtt"}).u8(5).u32(4).u32(0).u64(1).u64(2).u32(0).u64(3)
	at(Event{Kind: InputSync}).u8(6)
	at(Event{Kind: CharRead, Device: 3, Size: 3, Data: []byte("ls\r")}).u8(7, 3).array("ls\r")
	at(Event{Kind: Block, ID: 9}).u8(8).u64(9)
	at(Event{Kind: Net, Device: 1, Flags: 2, Size: 5, Data: []byte("frame")}).u8(9, 1).u32(2).array("frame")
	for i, cause := range shutdownCauses {
		at(Event{Kind: Shutdown, Name: cause}).u8(uint8(10 + i))
	}
	at(Event{Kind: CharWrite, Value: -1}).u8(22).u32(0xffffffff).u32(4)
	at(Event{Kind: CharReadAll, Size: 2, Data: []byte("ok")}).u8(23).array("ok")
	at(Event{Kind: CharReadAllError, Value: -11}).u8(24).u32(0xfffffff5)
	at(Event{Kind: AudioOut, Value: 1 << 33}).u8(25).u64(1 << 33)
	audio := at(Event{Kind: AudioIn, Value: 2, Size: 32}).u8(26).u64(2)
	if version < 0xe0200d {
		audio.u64(100)
	}
	audio.u64(1).u64(2).u64(3).u64(4)
	at(Event{Kind: Random, Size: 4, Data: []byte("\x01\x02\x03\x04")}).u8(27).u32(0).array("\x01\x02\x03\x04")
	at(Event{Kind: Clock, Name: "host", Value: 1 << 60}).u8(28).u64(1 << 60)
	at(Event{Kind: Clock, Name: "virtual-rt", Value: -1}).u8(29).u64(1<<64 - 1)
	for i, name := range checkpoints {
		at(Event{Kind: Checkpoint, Name: name}).u8(uint8(30 + i))
	}
	add(Event{Kind: Instructions, Delta: 5, Instructions: 1005}).u8(0).u32(5)
	add(Event{Kind: End, Instructions: 1005}).u8(39)
	return b, want
}

func readAll(in io.Reader) (events []Event, err error) {
	r, err := NewReader(in)
	for err == nil {
		var e Event
		if e, err = r.Next(); err == nil {
			events = append(events, e)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return events, err
}

func TestEveryEventOfEveryVersion(t *testing.T) {
	t.Parallel()
	for version := uint32(minVersion); version <= maxVersion; version++ {
		log, want := everything(version)
		got, err := readAll(iotest.OneByteReader(&log.Buffer))
		require.NoError(t, err, "%#x", version)
		assert.Equal(t, want, got, "%#x", version)
	}
}

// The versions differ only in events that hardly occur. One must not be read as
// the other.
func TestVersionsDiffer(t *testing.T) {
	t.Parallel()
	log, want := everything(versionAudio)
	data := log.Bytes()
	binary.BigEndian.PutUint32(data, minVersion)
	got, _ := readAll(bytes.NewReader(data))
	assert.NotEqual(t, want, got)
}

func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	log, want := everything(minVersion)
	data := log.Bytes()
	for size := range data {
		got, err := readAll(bytes.NewReader(data[:size]))
		var format *FormatError
		require.ErrorAs(t, err, &format, "%d bytes", size)
		require.ErrorIs(t, err, ErrTruncated, "%d bytes", size)
		require.Equal(t, append([]Event(nil), want[:len(got)]...), got)
		if format.Event > 0 {
			require.Equal(t, int64(len(got)+1), format.Event)
			require.Equal(t, want[len(got)].Offset, format.Offset)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	clock := func() *builder { return newLog(minVersion).u8(28).u64(1) }
	for name, tt := range map[string]struct {
		log  *builder
		want error
		text string
	}{
		"empty file":      {new(builder), ErrTruncated, "the replay log can't be read at its header: the log ends too early"},
		"unfinished":      {new(builder).u32(0).u64(0).u8(37), ErrUnfinished, "QEMU did not finish this recording"},
		"old":             {newLog(0xe02007), ErrVersion, "(version 0xe02007)"},
		"new":             {newLog(0xe0ffff), ErrVersion, "(version 0xe0ffff)"},
		"no log":          {new(builder).u8([]byte("#!/bin/sh\nexit")...), ErrVersion, "(version 0x23212f62)"},
		"no end":          {clock(), ErrTruncated, "at event 2 at offset 0x15: the log ends too early (no end event)"},
		"unknown event":   {clock().u8(40), ErrUnknownEvent, "at event 2 at offset 0x15: there is no such event (code 40)"},
		"cut event":       {clock().u8(28).u32(1), ErrTruncated, "at event 2 at offset 0x15: the log ends too early (code 28)"},
		"lying size":      {clock().u8(27).u32(0).u32(1 << 31), ErrTruncated, "(code 27)"},
		"lying samples":   {clock().u8(26).u64(1 << 63).u64(0), ErrTruncated, "(code 26)"},
		"unknown input":   {clock().u8(5).u32(5), ErrUnknownEvent, "(code 5)"},
		"unknown key":     {clock().u8(5).u32(0).u32(2), ErrUnknownEvent, "(code 5)"},
		"only the header": {newLog(minVersion), ErrTruncated, "at event 1 at offset 0xc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Summarize(&tt.log.Buffer)
			require.ErrorIs(t, err, tt.want)
			assert.ErrorContains(t, err, tt.text)
		})
	}
}

func TestReadErrorIsKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	_, err := Summarize(io.MultiReader(&newLog(minVersion).Buffer, iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	assert.NotErrorIs(t, err, ErrTruncated)

	r, err := NewReader(&newLog(minVersion).u8(99).Buffer)
	require.NoError(t, err)
	_, first := r.Next()
	_, second := r.Next()
	assert.Equal(t, first, second, "an error stays")
}

func TestLargePayloadIsCut(t *testing.T) {
	t.Parallel()
	events, err := readAll(&newLog(minVersion).u8(7, 0).array(strings.Repeat("x", 3*maxData)).u8(39).Buffer)
	require.NoError(t, err)
	assert.Len(t, events[0].Data, maxData)
	assert.Equal(t, int64(3*maxData), events[0].Size)
	assert.Equal(t, End, events[1].Kind)
}

func TestSummary(t *testing.T) {
	t.Parallel()
	log := newLog(minVersion).u8(37).u8(0).u32(10).u8(17).u8(0).u32(5).u8(12).u8(39)
	name := filepath.Join(t.TempDir(), "replay.bin")
	require.NoError(t, os.WriteFile(name, log.Bytes(), 0o600))
	s, err := ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, Summary{
		Version: minVersion, Events: 6, Instructions: 15,
		Counts:    map[Kind]int64{Checkpoint: 1, Instructions: 2, Shutdown: 2, End: 1},
		Shutdowns: map[string]int64{"guest-reset": 1, "host-qmp-quit": 1}, FirstShutdown: 10,
	}, s)

	_, err = ReadFile(name + ".missing")
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Truncate(name, 20))
	_, err = ReadFile(name)
	assert.ErrorContains(t, err, name+": the replay log can't be read")
}

func TestSummaryWithoutShutdown(t *testing.T) {
	t.Parallel()
	s, err := Summarize(&newLog(minVersion).u8(0).u32(10).u8(39).Buffer)
	require.NoError(t, err)
	assert.Empty(t, s.Shutdowns)
	assert.Equal(t, s.Instructions, s.FirstShutdown)
}

func TestDump(t *testing.T) {
	t.Parallel()
	log := newLog(minVersion).u8(37).u8(0).u32(10).u8(28).u64(99).u8(7, 2).array("hi\n").u8(9, 1).u32(2).array("frame").
		u8(8).u64(4).u8(22).u32(3).u32(0).u8(16).u8(99)
	var text bytes.Buffer
	err := Dump(&text, &log.Buffer)
	require.ErrorIs(t, err, ErrUnknownEvent)
	assert.Equal(t, `replay log, version 0xe0200c
1 @0xc icount 0: checkpoint init
2 @0xd icount 10: instructions +10
3 @0x12 icount 10: clock host 99
4 @0x1b icount 10: char read device 2 "hi\n" (3 bytes)
5 @0x24 icount 10: net device 1 flags 0x2 (5 bytes)
6 @0x33 icount 10: block id 4
7 @0x3c icount 10: char write 3
8 @0x45 icount 10: shutdown guest-shutdown
`, text.String(), "all that is in front of the damage")

	broken := errors.New("no space left")
	err = Dump(failingWriter{broken}, &newLog(minVersion).u8(39).Buffer)
	assert.ErrorIs(t, err, broken)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestKindString(t *testing.T) {
	t.Parallel()
	assert.Len(t, kindNames, int(End)+1)
	assert.Equal(t, "end", End.String())
	assert.Equal(t, "kind 99", Kind(99).String())
}

// Whatever the bytes are: no panic, and events that follow each other without
// a gap up to the end or the place of the error.
func FuzzReader(f *testing.F) {
	for version := uint32(minVersion); version <= maxVersion; version++ {
		log, _ := everything(version)
		f.Add(log.Bytes())
	}
	f.Add(newLog(minVersion).u8(27).u32(0).u32(1 << 31).Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := readAll(bytes.NewReader(data))
		offset := int64(12)
		for _, e := range events {
			if e.Offset < offset || len(e.Data) > maxData || e.Size > int64(len(data)) {
				t.Fatalf("%+v", e)
			}
			_ = e.String()
			offset = e.Offset + 1 + e.Size
		}
		if err == nil && (len(events) == 0 || events[len(events)-1].Kind != End) {
			t.Fatal("accepted without an end event")
		}
	})
}

func BenchmarkReader(b *testing.B) {
	log := newLog(minVersion)
	for range 100_000 {
		log.u8(0).u32(100).u8(2)
	}
	data := log.u8(39).Bytes()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Summarize(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
