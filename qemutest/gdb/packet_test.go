package gdb

import (
	"bytes"

	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decodeAll feeds a stream to a new decoder.
func decodeAll(stream string) (frames []frame) {
	var d decoder
	for _, b := range []byte(stream) {
		if f, ok := d.push(b); ok {
			frames = append(frames, f)
		}
	}
	return frames
}

func framed(payload string) string { return string(appendFrame(nil, []byte(payload))) }

func TestDecoder(t *testing.T) {
	t.Parallel()
	packet := func(s string) frame { return frame{kind: framePacket, payload: []byte(s)} }
	for name, tt := range map[string]struct {
		stream string
		want   []frame
	}{
		"packet":           {"$OK#9a", []frame{packet("OK")}},
		"empty":            {"$#00", []frame{{kind: framePacket}}},
		"acknowledged":     {"+$OK#9A", []frame{{kind: frameAck}, packet("OK")}},
		"refused":          {"-", []frame{{kind: frameNak}}},
		"notification":     {"%Stop:T05#99", []frame{{kind: frameNotice, payload: []byte("Stop:T05")}}},
		"noise between":    {"\x00hello$OK#9a\r\n$OK#9a", []frame{packet("OK"), packet("OK")}},
		"end lost":         {"$1234$OK#9a", []frame{packet("OK")}},
		"run":              {framed("0* "), []frame{packet("0000")}},
		"longest run":      {framed("0*~"), []frame{packet(strings.Repeat("0", 98))}},
		"two runs":         {framed("0*\"1*\"x"), []frame{packet("000000111111x")}},
		"escape kept":      {framed("l}\x03}\x04}]"), []frame{packet("l}\x03}\x04}]")}},
		"wrong checksum":   {"$OK#9b", []frame{{kind: frameDamaged, text: "checksum is 9a, announced as 9b"}}},
		"no checksum":      {"$OK#zz", []frame{{kind: frameDamaged, text: "checksum has the character 'z'"}}},
		"run of nothing":   {framed("*!"), []frame{{kind: frameDamaged, text: "run length without a byte to repeat"}}},
		"run out of range": {framed("0*\x1d"), []frame{{kind: frameDamaged, text: "run length 0 is not between 3 and 97"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, decodeAll(tt.stream))
		})
	}
}

func TestDecoderIsBounded(t *testing.T) {
	t.Parallel()
	var d decoder
	d.push('$')
	for range maxPacket + 1000 {
		d.push('a')
	}
	assert.LessOrEqual(t, len(d.payload), maxPacket)
	var f frame
	for _, b := range []byte("#00") {
		f, _ = d.push(b)
	}
	assert.Equal(t, frameDamaged, f.kind)
}

func TestEscape(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	escaped := appendEscaped(nil, all)
	assert.Len(t, escaped, 256+4)
	assert.False(t, bytes.ContainsAny(escaped, "#$*"))
	back, err := unescape(escaped)
	require.NoError(t, err)
	assert.Equal(t, all, back)

	_, err = unescape([]byte("abc}"))
	assert.ErrorContains(t, err, "escape at the end")
}

// The decoder never panics, keeps its bounds, and finds an undamaged packet
// after any noise that ends a packet.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"+$OK#9a", "$0*~#ff", "$*!#4b", "%Stop:T05#99", "$a$b#62", "$a*", "-$}\x03#80", "$m#zz", "+++---$", "$#",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, noise []byte) {
		var d decoder
		for _, b := range noise {
			if got, ok := d.push(b); ok && len(got.payload) > maxPacket {
				t.Fatalf("%d bytes", len(got.payload))
			}
		}
		for range 4 { // out of whatever the noise began
			d.push('#')
		}
		var got frame
		for _, b := range []byte(framed("T05thread:p1.1;")) {
			if f, ok := d.push(b); ok {
				got = f
			}
		}
		if got.kind != framePacket || string(got.payload) != "T05thread:p1.1;" {
			t.Fatalf("after %q: %+v", noise, got)
		}
	})
}
