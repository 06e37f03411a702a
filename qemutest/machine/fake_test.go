package machine

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeScene is the variable that makes this test binary a fake QEMU, or another
// process of a scene.
const fakeScene = "MACHINE_TEST_SCENE"

func TestMain(m *testing.M) {
	if scene := os.Getenv(fakeScene); scene != "" {
		if fake, ok := fakes[scene]; ok {
			fake(newFake(os.Args))
			os.Exit(0)
		}
		processes[scene]()
		os.Exit(0)
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		// Examples cannot skip themselves.
		check(flag.Set("test.skip", "^Example(Launch|Machine_Wait|Probe)$"))
	}
	os.Exit(m.Run())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// fakeConfig describes a machine whose QEMU is this test binary.
func fakeConfig(t testing.TB, scene string) Config {
	t.Helper()
	require.Contains(t, fakes, scene)
	binary, err := os.Executable()
	require.NoError(t, err)
	return Config{
		Binary: binary,
		Env:    []string{fakeScene + "=" + scene},
		LogDir: t.TempDir(),
		// Long enough on a busy host to never be the reason of an end.
		Limits: Limits{Launch: time.Minute, Quit: time.Minute, Terminate: time.Minute, Kill: time.Minute},
	}
}

// launchFake launches a fake QEMU that is killed after the test.
func launchFake(t *testing.T, scene string) *Machine {
	t.Helper()
	m, err := Launch(context.Background(), fakeConfig(t, scene))
	require.NoError(t, err)
	t.Cleanup(func() { m.Kill() })
	return m
}

// fake is a QEMU that does what a real one does not on command.
type fake struct {
	monitor  *os.File
	commands *json.Decoder // QMP needs no newline between messages
	console  net.Conn
}

// fakes are the scenes, by name.
var fakes = map[string]func(*fake){
	// Before the greeting.
	"refuses":      func(f *fake) { f.exit("fake: -device foo: not a device", 1) },
	"ends-at-once": func(f *fake) { os.Exit(0) },
	"no KVM in 7.2": func(f *fake) {
		f.exit("Could not access KVM kernel module: Permission denied\n"+
			"qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied", 1)
	},
	"no KVM in 10.0": func(f *fake) {
		f.exit("qemu-system-x86_64: -accel kvm: Could not access KVM kernel module: Permission denied\n"+
			"qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied", 1)
	},
	"says-nothing": func(f *fake) { f.waitForever() },
	"late": func(f *fake) {
		time.Sleep(200 * time.Millisecond)
		f.serve(nil)
	},
	"prints-early": func(f *fake) {
		f.print(strings.Repeat("x", 1<<20) + "\r\nfirst words\r\n")
		f.serve(nil)
	},

	// Ends of all kinds. The command "end" brings them about.
	"well-behaved":         func(f *fake) { f.serve(nil) },
	"exits without a word": func(f *fake) { f.serve(func() { os.Exit(0) }) },
	"fails":                func(f *fake) { f.serve(func() { f.exit("fake: disk on fire", 3) }) },
	"fails assert": func(f *fake) {
		f.serve(func() { f.die("fake: cpu.c:12: run: Assertion `cpu' failed.", "ABRT") })
	},
	"fails g_assert": func(f *fake) {
		const text = "ERROR:../cpu.c:12:run: assertion failed: (cpu)"
		f.serve(func() { f.die("**\n"+text+"\nBail out! "+text, "ABRT") })
	},
	"killed by SIGKILL": func(f *fake) { f.serve(func() { f.die("", "KILL") }) },
	"killed by SIGSEGV": func(f *fake) { f.serve(func() { f.die("", "SEGV") }) },
	"killed by SIGABRT": func(f *fake) { f.serve(func() { f.die("", "ABRT") }) },
	"asan": func(f *fake) {
		f.serve(func() { f.exit("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1", 1) })
	},
	"asan aborts": func(f *fake) {
		f.serve(func() { f.die("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1", "ABRT") })
	},
	"asan and SIGSEGV": func(f *fake) {
		f.serve(func() { f.die("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1", "SEGV") })
	},
	"ubsan and asan": func(f *fake) {
		f.serve(func() {
			fmt.Fprintln(os.Stderr, "../cpu.c:12:3: runtime error: shift exponent 64 is too large")
			f.exit("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1", 1)
		})
	},
	"ubsan": func(f *fake) {
		f.serve(func() {
			f.shutdown("guest-shutdown")
			f.exit("../cpu.c:12:3: runtime error: shift exponent 64 is too large", 0)
		})
	},
	"GLib gets no memory": func(f *fake) {
		const text = "(process:1): GLib-ERROR **: 00:00:00.000: ../glib/gmem.c:106: failed to allocate 8 bytes"
		f.serve(func() { f.die("\n"+text, "TRAP") })
	},
	"window is closed": func(f *fake) { f.serve(func() { f.shutdown("host-ui"); os.Exit(0) }) },
	"aborts-on-quit":   func(f *fake) { f.onQuit(func() { f.die("fake: Assertion `bs' failed.", "ABRT") }) },
	"panics": func(f *fake) {
		f.serve(func() { f.event("GUEST_PANICKED", `{"action": "pause"}`) })
	},

	// Does not want to end.
	"ignores-quit": func(f *fake) { f.onQuit(func() { f.waitForever() }) },
	"ignores-all": func(f *fake) {
		signal.Ignore(syscall.SIGTERM)
		f.onQuit(func() { f.waitForever() })
	},
	"stuck": func(f *fake) { // the monitor does not even reply
		f.greet()
		f.command()
		f.waitForever()
	},

	// Its last words.
	"floods": func(f *fake) {
		f.serve(func() {
			f.print(strings.Repeat("0123456789abcde\n", 1<<20) + "last words\n")
			fmt.Fprint(os.Stderr, strings.Repeat("0123456789abcde\n", 1<<16)+"fake: bye\n")
			f.shutdown("guest-shutdown")
			os.Exit(0)
		})
	},
}

var chardevFD = regexp.MustCompile(`socket,id=(\w+),fd=(\d+)`)

// newFake takes the sockets that a command line names.
func newFake(argv []string) *fake {
	f := new(fake)
	for _, m := range chardevFD.FindAllStringSubmatch(strings.Join(argv, " "), -1) {
		fd, _ := strconv.Atoi(m[2])
		file := os.NewFile(uintptr(fd), m[1])
		switch m[1] {
		case "mon":
			f.monitor = file
			f.commands = json.NewDecoder(file)
		case "console":
			f.console, _ = net.FileConn(file)
			_ = file.Close()
		}
	}
	return f
}

func (f *fake) waitForever() { select {} }

func (f *fake) print(text string) { _, _ = io.WriteString(f.console, text) }

func (f *fake) exit(lastWords string, status int) {
	fmt.Fprintln(os.Stderr, lastWords)
	os.Exit(status)
}

// die ends the fake by a signal. A shell does it in its place: Go catches most
// signals and exits.
func (f *fake) die(lastWords, signal string) {
	fmt.Fprintln(os.Stderr, lastWords)
	script := "kill -s " + signal + " $$"
	panic(syscall.Exec("/bin/sh", []string{"sh", "-c", script}, os.Environ()))
}

func (f *fake) say(format string, args ...any) { fmt.Fprintf(f.monitor, format+"\r\n", args...) }

func (f *fake) event(name, data string) {
	f.say(`{"timestamp": {"seconds": 1, "microseconds": 2}, "event": %q, "data": %s}`, name, data)
}

func (f *fake) shutdown(reason string) {
	f.event("SHUTDOWN", fmt.Sprintf(`{"guest": %t, "reason": %q}`, strings.HasPrefix(reason, "guest"), reason))
}

func (f *fake) greet() {
	f.say(`{"QMP": {"version": {"qemu": {"major": 9, "minor": 1, "micro": 2}, "package": "fake"}, "capabilities": []}}`)
}

// serve answers the monitor. The command "end" calls end, "quit" quits.
func (f *fake) serve(end func()) {
	f.serveCommands(end, func() {
		f.shutdown("host-qmp-quit")
		os.Exit(0)
	})
}

// onQuit answers the monitor. The command "quit" gets its reply and calls quit.
func (f *fake) onQuit(quit func()) { f.serveCommands(nil, quit) }

func (f *fake) serveCommands(end, quit func()) {
	f.greet()
	for {
		switch f.command() {
		case "end":
			end()
		case "quit":
			quit()
		}
	}
}

// command reads a command, says that it was carried out, and returns its name.
func (f *fake) command() string {
	var command struct {
		Execute string
		ID      json.RawMessage
	}
	if f.commands.Decode(&command) != nil {
		f.exit("fake: the monitor is gone", 9)
	}
	f.say(`{"return": {}, "id": %s}`, command.ID)
	return command.Execute
}
