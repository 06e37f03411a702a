package gdb

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStop(t *testing.T) {
	t.Parallel()
	cpu1 := Thread{Process: 1, ID: 1}
	for packet, tt := range map[string]struct {
		want Stop
		text string
	}{
		"S05":                         {Stop{Signal: SigTrap}, "the machine stopped with SIGTRAP"},
		"T05thread:p01.01;":           {Stop{Signal: SigTrap, Thread: cpu1}, "CPU p1.1 stopped with SIGTRAP"},
		"T02thread:2;":                {Stop{Signal: SigInt, Thread: Thread{ID: 2}}, "CPU 2 stopped with SIGINT"},
		"T05thread:p01.01;watch:7c0;": {Stop{Reason: StopWrite, Signal: SigTrap, Thread: cpu1, Address: 0x7c0}, "CPU p1.1 wrote the watched address 0x7c0"},
		"T05rwatch:10;":               {Stop{Reason: StopRead, Signal: SigTrap, Address: 16}, "the machine read the watched address 0x10"},
		"T05awatch:10;":               {Stop{Reason: StopAccess, Signal: SigTrap, Address: 16}, "the machine accessed the watched address 0x10"},
		"T05swbreak:;":                {Stop{Reason: StopSoftwareBreak, Signal: SigTrap}, "the machine reached a software breakpoint"},
		"T05hwbreak:;":                {Stop{Reason: StopHardwareBreak, Signal: SigTrap}, "the machine reached a hardware breakpoint"},
		"T05replaylog:begin;":         {Stop{Reason: StopReplayBegin, Signal: SigTrap}, "the machine reached the start of the recording"},
		"T05replaylog:end;":           {Stop{Reason: StopReplayEnd, Signal: SigTrap}, "the machine reached the end of the recording"},
		"T0508:1122;a:33;":            {Stop{Signal: SigTrap, Registers: map[int][]byte{8: {0x11, 0x22}, 10: {0x33}}}, "the machine stopped with SIGTRAP"},
		"T05core:1;frob:nicate;":      {Stop{Signal: SigTrap}, "the machine stopped with SIGTRAP"},
		"W07":                         {Stop{Reason: StopExited, Status: 7}, "the stub ended with status 7"},
		"W00;process:1":               {Stop{Reason: StopExited}, "the stub ended with status 0"},
		"X09":                         {Stop{Reason: StopTerminated, Signal: 9}, "the stub was ended by signal 9"},
	} {
		require.True(t, isStop(packet), packet)
		got, err := parseStop(packet)
		require.NoError(t, err, packet)
		assert.Equal(t, tt.want, got, packet)
		assert.Equal(t, tt.text, got.String())
		assert.Equal(t, packet[0] == 'W' || packet[0] == 'X', got.Gone())
	}
	for _, packet := range []string{"T05thread;", "T05thread:x;", "T05watch:zz;", "T0508:123;"} {
		_, err := parseStop(packet)
		assert.Error(t, err, packet)
	}
	for _, packet := range []string{"", "OK", "E01", "T", "T0", "Tx5", "m1", "l", "QC1", "sstepbits;sstep"} {
		assert.False(t, isStop(packet), packet)
	}
}

func TestParseThread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Thread{
		"1": {ID: 1}, "1f": {ID: 31}, "p1.2": {1, 2}, "p0a.10": {10, 16}, "p1.-1": {1, -1}, "-1": {ID: -1},
	} {
		got, err := parseThread(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	assert.Equal(t, "pa.1f", Thread{10, 31}.String())
	for _, text := range []string{"", "p", "p1", "p1.", "1.2", "x", "p1.2.3", "-2", "p99999999999.1"} {
		_, err := parseThread(text)
		assert.Error(t, err, text)
	}
}

func TestParseFeatures(t *testing.T) {
	t.Parallel()
	f := parseFeatures("PacketSize=1000;qXfer:features:read+;ReverseStep+;ReverseContinue-;foo?")
	assert.Equal(t, 4096, f.packetSize)
	assert.True(t, f.has(featureTarget))
	assert.True(t, f.has(featureReverseStep))
	assert.False(t, f.has(featureReverseContinue))
	assert.Equal(t, minPacketSize, parseFeatures("").packetSize)
	assert.Equal(t, minPacketSize, parseFeatures("PacketSize=1").packetSize)
	assert.Equal(t, minPacketSize, parseFeatures("PacketSize=junk").packetSize)
}

func FuzzParseStop(f *testing.F) {
	f.Add("T05thread:p01.01;watch:7c0;")
	f.Add("T0508:1122;")
	f.Add("W00;process:1")
	f.Fuzz(func(t *testing.T, packet string) {
		if !isStop(packet) {
			return
		}
		if stop, err := parseStop(packet); err == nil {
			_ = stop.String()
		}
	})
}
