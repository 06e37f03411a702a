package machine

import (
	"path/filepath"
	"slices"
)

// Standalone returns the command line of a machine for use by hand: the first
// console and the human monitor share the terminal (Ctrl-A c switches between
// them, Ctrl-A x ends QEMU), and UNIX sockets in the directory called sockets
// stand for the inherited ones: qmp, gdb, console1 and so on for further
// consoles, by their Port.Index, and channel0 and so on for Config.Channels.
// There is no second monitor.
//
// The descriptors of ExtraFiles are still those that QEMU inherits from whoever
// starts it.
func (c Config) Standalone(sockets string) ([]string, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	socket := func(name string) backend { return listeningSocket(filepath.Join(sockets, name)) }
	var ends endpoints
	if !c.NoMonitor {
		ends.monitor = socket("qmp")
	}
	if c.GDB {
		ends.gdb = socket("gdb")
	}
	monitor := []string{"-monitor", "stdio"}
	for i, port := range c.Consoles {
		id := chardevID(i, port)
		if i > 0 {
			ends.consoles = append(ends.consoles, socket(id))
			continue
		}
		ends.consoles = append(ends.consoles, "stdio,mux=on,signal=off")
		monitor = []string{"-mon", "chardev=" + id + ",mode=readline"}
	}
	for i := range c.Channels {
		ends.channels = append(ends.channels, socket(channelID(i)))
	}
	c.Args = slices.Concat(monitor, c.Args)
	return commandLine(c, ends), nil
}
