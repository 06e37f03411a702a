package machine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

// shutdownEvent is QMP's event of an end for a reason.
func shutdownEvent(reason string) qmp.Event {
	return qmp.Event{Name: "SHUTDOWN", Data: json.RawMessage(fmt.Sprintf(`{"guest": true, "reason": %q}`, reason))}
}

func event(name, data string) qmp.Event {
	return qmp.Event{Name: name, Data: json.RawMessage(data)}
}

const (
	statusOne   = syscall.WaitStatus(1 << 8)
	sigkilled   = syscall.WaitStatus(syscall.SIGKILL)
	sigtermed   = syscall.WaitStatus(syscall.SIGTERM)
	segfaulted  = syscall.WaitStatus(syscall.SIGSEGV)
	statusZero  = syscall.WaitStatus(0)
	statusSeven = syscall.WaitStatus(7 << 8)
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	late := []string{"end within 1s of QMP quit"}
	for _, test := range []struct {
		name string
		testimony
		want Kind
		err  bool
	}{
		{"guest powers off", testimony{status: statusZero, events: []qmp.Event{shutdownEvent("guest-shutdown")}}, GuestShutdown, false},
		{"guest chooses a status", testimony{status: statusSeven, events: []qmp.Event{shutdownEvent("guest-shutdown")}}, GuestExit, true},
		{"guest resets", testimony{status: statusZero, events: []qmp.Event{shutdownEvent("guest-reset")}}, GuestReset, false},
		{"guest fails with a status", testimony{status: statusSeven, events: []qmp.Event{shutdownEvent("guest-panic")}}, GuestExit, true},
		{"triple fault", testimony{status: statusZero, tripleFault: true, events: []qmp.Event{shutdownEvent("guest-reset")}}, GuestTripleFault, false},
		{"guest leaves by a door", testimony{status: statusSeven, exitDoor: true}, GuestExit, true},
		{"guest leaves by a door, well", testimony{status: statusZero, exitDoor: true}, GuestExit, false},
		{"QEMU fails beside a door", testimony{status: statusOne, exitDoor: true, findings: findings{complains: true}}, Exited, true},
		{"quit beside a door", testimony{status: statusZero, exitDoor: true, requests: requests{quit: true}}, Quit, false},
		{"killed for want of memory", testimony{status: sigkilled, oomKilled: true}, OutOfMemory, true},
		{"killed by us while memory is short", testimony{status: sigkilled, oomKilled: true, requests: requests{killed: true}}, Killed, false},
		{"no memory", testimony{status: statusOne, findings: findings{memory: true}}, OutOfMemory, true},
		{
			"guest panics",
			testimony{status: statusZero, events: []qmp.Event{event("GUEST_PANICKED", `{"action": "poweroff"}`), shutdownEvent("guest-panic")}},
			GuestPanic, true,
		},
		{
			"guest panics and is quit",
			testimony{status: statusZero, events: []qmp.Event{event("GUEST_PANICKED", `{"action": "pause"}`), shutdownEvent("host-qmp-quit")}},
			GuestPanic, true,
		},
		{
			"guest panics and nobody minds",
			testimony{status: statusZero, events: []qmp.Event{event("GUEST_PANICKED", `{"action": "run"}`), shutdownEvent("guest-shutdown")}},
			GuestShutdown, false,
		},
		{
			"the last shutdown counts",
			testimony{status: statusZero, events: []qmp.Event{shutdownEvent("guest-shutdown"), shutdownEvent("host-qmp-quit")}},
			Quit, false,
		},
		{"quit by us without an event", testimony{status: statusZero, requests: requests{quit: true}}, Quit, false},
		{"quit fails", testimony{status: statusOne, requests: requests{quit: true}, events: []qmp.Event{shutdownEvent("host-qmp-quit")}}, Exited, true},
		{"closed window", testimony{status: statusZero, events: []qmp.Event{shutdownEvent("host-ui")}}, HostShutdown, false},
		{"error of the host", testimony{status: statusZero, events: []qmp.Event{shutdownEvent("host-error")}}, HostShutdown, true},
		{"no reason at all", testimony{status: statusZero}, Exited, true},
		{"segmentation fault after quit", testimony{status: segfaulted, requests: requests{quit: true}}, Signaled, true},
		{"segmentation fault before our kill", testimony{status: segfaulted, requests: requests{killed: true}}, Signaled, true},
		{"killed by others", testimony{status: sigkilled, requests: requests{quit: true, terminated: true}}, Signaled, true},
		{"killed by us", testimony{status: sigkilled, requests: requests{killed: true}}, Killed, false},
		{"killed by us, late", testimony{status: sigkilled, requests: requests{killed: true, missed: late}}, TimedOut, true},
		{"wrapper terminated by us", testimony{status: sigtermed, requests: requests{terminated: true}}, Terminated, false},
		{
			"terminated by us, late",
			testimony{status: statusZero, requests: requests{terminated: true, missed: late}, events: []qmp.Event{shutdownEvent("host-signal")}},
			TimedOut, true,
		},
		{
			"terminated by us",
			testimony{status: statusZero, requests: requests{terminated: true}, events: []qmp.Event{shutdownEvent("host-signal")}},
			Terminated, false,
		},
		{"terminated by others", testimony{status: statusZero, events: []qmp.Event{shutdownEvent("host-signal")}}, Signaled, true},
		{
			"interrupted by others while we terminate",
			testimony{
				status: statusZero, requests: requests{terminated: true}, events: []qmp.Event{shutdownEvent("host-signal")},
				findings: findings{signal: syscall.SIGINT},
			},
			Signaled, true,
		},
		{
			"a sanitizer's report outweighs a good end",
			testimony{status: statusZero, events: []qmp.Event{shutdownEvent("guest-shutdown")}, findings: findings{sanitizer: "x"}},
			Sanitizer, true,
		},
		{"events that make no sense", testimony{status: statusZero, events: []qmp.Event{{Name: "SHUTDOWN"}, event("RESET", "[]")}}, Exited, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.monitored = true
			exit := test.verdict()
			assert.Equal(t, test.want, exit.Kind, exit.String())
			assert.Equal(t, test.err, exit.Err() != nil)
			assert.NotEmpty(t, exit.String())
		})
	}
}

func TestResetsAreCounted(t *testing.T) {
	t.Parallel()
	exit := testimony{monitored: true, events: []qmp.Event{
		event("RESET", `{"guest": true, "reason": "guest-reset"}`),
		event("RESET", `{"guest": false, "reason": "host-qmp-system-reset"}`),
		event("RESET", `{"guest": true, "reason": "guest-reset"}`),
		shutdownEvent("guest-shutdown"),
	}}.verdict()
	assert.Equal(t, 2, exit.Resets)
	assert.Equal(t, "the guest powered off, after 2 guest resets", exit.String())
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "running", Running.String())
	assert.Equal(t, "guest-shutdown", GuestShutdown.String())
	assert.Equal(t, "sanitizer", Sanitizer.String())
	assert.Equal(t, "Kind(99)", Kind(99).String())
}

// testdata/output holds what QEMU wrote before it died, one case per file. What
// is found in it is compared with the file of the same name ending in ".want".
func TestFindingsInOutput(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/output/*.log")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			file, err := os.Open(path)
			require.NoError(t, err)
			defer func() { assert.NoError(t, file.Close()) }()
			want, err := os.ReadFile(path[:len(path)-len(".log")] + ".want")
			require.NoError(t, err)
			f := examine(file, nil)
			assert.Equal(t, string(want), fmt.Sprintf("sanitizer: %s\nfatal: %s\nsignal: %d\nlast: %s\ncomplains: %t\nmemory: %t\n",
				f.sanitizer, f.fatal, f.signal, f.last, f.complains, f.memory))
		})
	}
}

func FuzzExamine(f *testing.F) {
	files, err := filepath.Glob("testdata/output/*.log")
	require.NoError(f, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var found findings
		found.readAll(bytes.NewReader(text))
		found.readTail(string(text))
		for _, line := range []string{found.sanitizer, found.fatal, found.last} {
			assert.LessOrEqual(t, len(line), textSize+len("..."))
			assert.NotContains(t, line, "\n")
		}
	})
}
