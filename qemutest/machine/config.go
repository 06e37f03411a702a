package machine

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/qemutest/functional/console"
)

// defaultName is the name of a machine that was given none. Its logs have no
// prefix.
const defaultName = "default"

// Config describes a machine. Only Binary has to be set: the rest of the zero
// value is a machine with a monitor and its first serial port connected, which
// leaves no log behind.
type Config struct {
	// Binary is the path of the emulator, such as
	// "/usr/bin/qemu-system-riscv64".
	Binary string

	// Name tells the machines of a test apart in the names of their logs and
	// in messages. "" means "default".
	Name string

	// Machine is the value of -machine: a machine type, with options after
	// commas. "" passes none, and QEMU takes the default of the target.
	Machine string

	// CPU is the value of -cpu. "" passes none.
	CPU string

	// Args follow the base arguments; see the package documentation.
	Args []string

	// NoMonitor starts the machine without QMP. How it ended is then known
	// from its process alone, and Shutdown begins with SIGTERM.
	NoMonitor bool

	// Consoles are the connected consoles. nil means the first serial port.
	Consoles []Port

	// NoConsole leaves the serial ports alone: QEMU gets no -serial.
	NoConsole bool

	// Channels are connections to the guest that are no consoles: nothing
	// reads them but the caller. See [Machine.Channel].
	Channels []Channel

	// GDB connects QEMU's gdbstub, over an inherited socket like the monitor;
	// see [Machine.GDB]. The guest runs until a client stops it, unless Args
	// have -S.
	GDB bool

	// LogDir is an existing directory for the logs; see [Machine.Logs]. ""
	// keeps them in unlinked temporary files.
	LogDir string

	// Wrapper is a command with arguments that is put before the command line
	// of QEMU, such as valgrind, strace -f or gdbserver. It has to pass
	// inherited descriptors on. It ends together with QEMU; Limits may have to
	// be raised.
	Wrapper []string

	// Env holds NAME=value pairs that are added to the environment of this
	// process.
	Env []string

	// Dir is the working directory of QEMU. "" means that of this process.
	Dir string

	// ExtraFiles are open files that QEMU inherits, as with [os/exec.Cmd]:
	// ExtraFiles[i] becomes descriptor 3+i, for arguments such as "-add-fd
	// fd=3,set=1". Nothing else is inherited except the sockets of the machine.
	ExtraFiles []*os.File

	// Expected are kinds of reports that are wanted in what QEMU itself
	// writes, such as [rules.Assertion]: an end that they explain is no error.
	// See [Exit.Expected], and [Machine.Expect] to add some later.
	Expected []console.Kind

	// Limits bound how long the machine may take to start and to end.
	Limits Limits

	private bool // a machine of this package: no second monitor for the user
}

// Port is a console of the guest that is connected to this process.
type Port struct {
	// Index is the number of the serial port, counted from 0. Ports before
	// it that are not connected go to "null".
	Index int

	// Device connects a device of this type, such as "virtconsole" or
	// "sclpconsole", instead of the serial port of the board. QEMU makes it
	// after everything in Config.Args, where the bus that it needs can be
	// added. "" means the serial port.
	Device string

	// Options of the console. An empty Name, LogPath or TimedLogPath is
	// filled in.
	Options console.Options

	// Wrap, if not nil, is called with the connection at launch. What it
	// returns is recorded instead, and closed when the machine ends: the place
	// for one who shares the serial port with the console.
	Wrap func(net.Conn) net.Conn
}

// Channel is a connection to the guest for a program there.
type Channel struct {
	// Index is the number of the serial port that the guest has the channel
	// on, counted from 0. It is not that of a console.
	Index int

	// Device connects a device of this type with its options, such as
	// "virtserialport,name=org.example.agent", instead of a serial port. QEMU
	// makes it last. "" means the serial port.
	Device string
}

// Limits are the longest times that the steps of a machine's life may take.
// 0 stands for the default of each.
type Limits struct {
	Launch    time.Duration // from the start of the process until QMP answers; 60 s
	Quit      time.Duration // from QMP quit until the process is gone; 15 s
	Terminate time.Duration // from SIGTERM until the process is gone; 5 s
	Kill      time.Duration // from SIGKILL until the process is gone; 10 s
}

// complete returns the config with its defaults filled in, or says what is
// wrong with it.
func (c Config) complete() (Config, error) {
	if c.Binary == "" {
		return c, errors.New("machine: expected the path of an emulator in Config.Binary, it is empty")
	}
	if c.Name == "" {
		c.Name = defaultName
	}
	if strings.ContainsAny(c.Name, "/\x00") {
		return c, fmt.Errorf("machine: expected a name that can be part of a file name in Config.Name, got %q", c.Name)
	}
	switch {
	case c.NoConsole && len(c.Consoles) > 0:
		return c, errors.New("machine: expected either Config.Consoles or Config.NoConsole, got both")
	case c.NoConsole:
		c.Consoles = nil
	case c.Consoles == nil:
		c.Consoles = []Port{{}}
	}
	c.Consoles = slices.Clone(c.Consoles)
	slices.SortStableFunc(c.Consoles, func(a, b Port) int { return a.Index - b.Index })
	for i, port := range c.Consoles {
		if port.Index < 0 || i > 0 && port.Index == c.Consoles[i-1].Index {
			return c, fmt.Errorf("machine: expected different indexes from 0 up in Config.Consoles, got %d", port.Index)
		}
	}
	if err := c.checkChannels(); err != nil {
		return c, err
	}
	c.Limits = c.Limits.complete()
	return c, nil
}

// checkChannels says if two are to have the same serial port.
func (c Config) checkChannels() error {
	used := make(map[int]bool)
	for _, port := range c.Consoles {
		used[port.Index] = port.Device == ""
	}
	for _, channel := range c.Channels {
		if channel.Device != "" {
			continue
		}
		if channel.Index < 0 || used[channel.Index] {
			return fmt.Errorf("machine: expected a serial port from 0 up without a console in Config.Channels, got %d", channel.Index)
		}
		used[channel.Index] = true
	}
	return nil
}

// Scaled returns the limits, the default for each that is 0, multiplied by
// factor: for hosts and wrappers that make QEMU slow.
func (l Limits) Scaled(factor float64) Limits {
	l = l.complete()
	for _, limit := range []*time.Duration{&l.Launch, &l.Quit, &l.Terminate, &l.Kill} {
		*limit = time.Duration(float64(*limit) * factor)
	}
	return l
}

func (l Limits) complete() Limits {
	for _, limit := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&l.Launch, 60 * time.Second},
		{&l.Quit, 15 * time.Second},
		{&l.Terminate, 5 * time.Second},
		{&l.Kill, 10 * time.Second},
	} {
		if *limit.value == 0 {
			*limit.value = limit.standard
		}
	}
	return l
}
