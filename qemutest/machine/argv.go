package machine

import (
	"slices"
	"strconv"
	"strings"
)

// endpoints are the things outside of QEMU that its command line refers to.
type endpoints struct {
	monitor  backend   // of QMP, "" for none
	gdb      backend   // of the gdbstub, "" for none
	consoles []backend // of Config.Consoles
	channels []backend // of Config.Channels
	backdoor string    // path of the second monitor, "" for none
	resetLog string    // path of the log of CPU resets, "" for none
}

// backend is the host's side of a character device: its kind and options, such
// as "socket,fd=3".
type backend string

func inheritedSocket(fd int) backend { return backend("socket,fd=" + strconv.Itoa(fd)) }

func listeningSocket(path string) backend {
	return backend("socket,path=" + escapeOption(path) + ",server=on,wait=off")
}

// chardev returns the value of -chardev for a device with this name.
func (b backend) chardev(id string) string {
	kind, options, _ := strings.Cut(string(b), ",")
	return kind + ",id=" + id + "," + options
}

// commandLine returns the argument vector of a complete config: the wrapper,
// the emulator, the base arguments that QEMU's own test suite uses, and then
// what the config adds.
func commandLine(c Config, e endpoints) []string {
	argv := slices.Concat(c.Wrapper, []string{c.Binary, "-display", "none", "-vga", "none"})
	if e.monitor != "" {
		argv = append(argv,
			"-chardev", e.monitor.chardev("mon"),
			"-mon", "chardev=mon,mode=control")
	}
	if c.Machine != "" {
		argv = append(argv, "-machine", c.Machine)
	}
	argv, devices := appendPorts(argv, c, e)
	if e.gdb != "" {
		argv = append(argv,
			"-chardev", e.gdb.chardev("gdb"),
			"-gdb", "chardev:gdb")
	}
	if e.backdoor != "" {
		argv = append(argv,
			"-chardev", listeningSocket(e.backdoor).chardev("backdoor"),
			"-mon", "chardev=backdoor,mode=control")
	}
	if e.resetLog != "" {
		argv = append(argv, "-d", "cpu_reset", "-D", e.resetLog)
	}
	if c.CPU != "" {
		argv = append(argv, "-cpu", c.CPU)
	}
	return slices.Concat(argv, c.Args, devices)
}

// appendPorts appends what connects the consoles and channels, but for the
// devices among them, which come last.
func appendPorts(argv []string, c Config, e endpoints) (all, devices []string) {
	type port struct {
		index      int
		device, id string
		backend    backend
	}
	var ports []port
	for i, console := range c.Consoles {
		ports = append(ports, port{console.Index, console.Device, chardevID(i, console), e.consoles[i]})
	}
	for i, channel := range c.Channels {
		index := channel.Index
		if channel.Device != "" {
			index = -1 // takes no part in the numbers of serial ports
		}
		ports = append(ports, port{index, channel.Device, channelID(i), e.channels[i]})
	}
	slices.SortStableFunc(ports, func(a, b port) int { return a.index - b.index })
	next := 0 // serial port
	for _, port := range ports {
		for ; next < port.index; next++ {
			argv = append(argv, "-serial", "null")
		}
		argv = append(argv, "-chardev", port.backend.chardev(port.id))
		if port.device != "" {
			devices = append(devices, "-device", port.device+",chardev="+port.id)
			continue
		}
		argv = append(argv, "-serial", "chardev:"+port.id)
		next++
	}
	return argv, devices
}

// chardevID names the character device of a console. The first one is called
// as in QEMU's suite, where tests refer to it.
func chardevID(position int, port Port) string {
	if position == 0 {
		return "console"
	}
	return "console" + strconv.Itoa(port.Index)
}

// channelID names the character device of a channel.
func channelID(position int) string { return "channel" + strconv.Itoa(position) }

// escapeOption writes a value for QEMU's option parser, which takes a doubled
// comma for one that is part of the value.
func escapeOption(value string) string { return strings.ReplaceAll(value, ",", ",,") }
