package qemutest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/agent"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/qemutest/machine"
)

// agentProgram is the agent without functions of anyone.
const agentProgram = "github.com/qemutest/functional/qemutest/guest/agent/init"

// agentModules are what the agent and its network need of a kernel, where they
// are modules.
var agentModules = []string{"virtio_pci", "virtio_mmio", "virtio_console", "virtio_net"}

// AgentInitramfs returns the beginning of an initial RAM file system: /init is
// the agent, which loads the virtio modules that it needs and the named ones,
// in the order that their needs ask for. program is built as the agent; without
// a Package, it is the one of this module, and only the architecture counts.
func (q *Test) AgentInitramfs(k *kernel.Kernel, program image.GoProgram, modules ...string) *image.Initramfs {
	q.t.Helper()
	if program.Package == "" {
		program.Package = agentProgram
	}
	for _, name := range agentModules {
		has, err := k.Has(name)
		q.Check(err)
		if has {
			modules = append(modules, name)
		}
	}
	root := new(image.Initramfs)
	root.AddFile("init", 0o755, q.Program(program))
	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	loaded, err := k.Modules(modules...)
	q.Check(err)
	var list strings.Builder
	for _, module := range loaded {
		path := "lib/modules/" + module.Name + ".ko"
		root.AddBytes(path, 0o644, module.Content)
		fmt.Fprintf(&list, "/%s\n", path)
	}
	root.AddBytes(strings.TrimPrefix(agent.ModulesFile, "/"), 0o644, []byte(list.String()))
	return root
}

// A GuestChannel is what the agent in a guest answers on; see
// [VM.EnableGuest]. The kernel's command line has to agree with it where that
// is said.
type GuestChannel struct {
	// describe adds the channel to a machine that is described, and returns
	// what connects to the agent once the machine was launched. nil is the
	// console.
	describe func(vm *VM) (connect func() *guest.Guest)
}

// addChannel adds a channel to a machine that is described, and returns what
// connects to the agent at its other end.
func (vm *VM) addChannel(c machine.Channel, kind guest.Channel) (connect func() *guest.Guest) {
	index := len(vm.config.Channels)
	vm.config.Channels = append(vm.config.Channels, c)
	return func() *guest.Guest { return guest.NewAgent(vm.machine.Channel(index), kind) }
}

// virtioDevice returns the named device, or else that of a family for the bus
// that most machines of the target have.
func (vm *VM) virtioDevice(name, family string) string {
	switch {
	case name != "":
		return name
	case vm.test.target == "s390x":
		return family + "-ccw"
	}
	return family + "-pci"
}

// VirtioChannel is a virtio-serial port, the fastest channel, for machines that
// a virtio device can be added to. bus is the device with the port's bus:
// "virtio-serial-pci", "virtio-serial-ccw" or "virtio-serial-device". "" means
// the first of them, or the second on s390x.
func VirtioChannel(bus string) GuestChannel {
	return GuestChannel{func(vm *VM) func() *guest.Guest {
		bus := vm.virtioDevice(bus, "virtio-serial")
		vm.config.Args = append(vm.config.Args, "-device", bus+",id=agent")
		return vm.addChannel(machine.Channel{Device: "virtserialport,bus=agent.0,name=" + agent.PortName}, guest.Port)
	}}
}

// VsockChannel is a vsock, for machines that a virtio device can be added to, on
// a host that has [Vsock]. device is "vhost-vsock-pci", "vhost-vsock-ccw" or
// "vhost-vsock-device"; "" means the first of them, or the second on s390x. The
// guest needs the module vmw_vsock_virtio_transport, which
// [Test.AgentInitramfs] has to be told, and no port of [VirtioChannel], unless
// the kernel is told qemutest.channel=vsock.
func VsockChannel(device string) GuestChannel {
	return GuestChannel{func(vm *VM) func() *guest.Guest {
		// No two guests of a host may have the same, and 0 to 2 and the
		// highest are not for guests.
		cid := 3 + rand.Uint32N(math.MaxUint32-3)
		vm.config.Args = append(vm.config.Args, "-device", fmt.Sprintf("%s,guest-cid=%d", vm.virtioDevice(device, "vhost-vsock"), cid))
		return func() *guest.Guest {
			conn := guest.DialVsock(cid, agent.VsockPort)
			ended := vm.machine.Done()
			go func() {
				<-ended
				_ = conn.Close() // else it is made again and again
			}()
			return guest.NewAgent(conn, guest.Port)
		}
	}}
}

// SerialChannel is the serial port with this index, which is not that of a
// console. The kernel has to be told the name that it has for that port:
// qemutest.channel=/dev/ttyS1 on its command line.
func SerialChannel(index int) GuestChannel {
	return GuestChannel{func(vm *VM) func() *guest.Guest {
		return vm.addChannel(machine.Channel{Index: index}, guest.Terminal)
	}}
}

// ConsoleChannel is the console that the test waits on, which the agent shares
// with the kernel. It works on every machine. Where the machine has a port of
// [VirtioChannel] as well, the kernel has to be told qemutest.channel=console.
func ConsoleChannel() GuestChannel {
	return GuestChannel{}
}

// EnableGuest connects the agent in the guest (package guest/agent), for
// [VM.Guest], over a channel that the machine has.
func (vm *VM) EnableGuest(channel GuestChannel) *VM {
	vm.test.t.Helper()
	vm.describe()
	if vm.guest != nil {
		vm.test.t.Fatalf("machine %q has a channel for its guest already", vm.Name())
	}
	vm.guest = &Guest{vm: vm}
	if channel.describe != nil {
		vm.guest.dial = channel.describe(vm)
	}
	return vm
}

// Guest returns what has things done in the guest: the agent of
// [VM.EnableGuest], or what [Console.UseShell] or [VM.UseSSH] returned last.
func (vm *VM) Guest() *Guest {
	vm.test.t.Helper()
	vm.Machine()
	if vm.guest == nil {
		vm.test.t.Fatalf("machine %q has no way to its guest: describe it with EnableGuest, or call UseShell or UseSSH", vm.Name())
	}
	return vm.guest
}

// Guest has things done in the operating system of a [VM]. Its methods wait for
// the guest to be there. They end the test when what they are to do fails, when
// the time of the test is over, and at once when the guest panics or QEMU ends.
type Guest struct {
	vm     *VM
	dial   func() *guest.Guest // connects to the agent; nil if it shares the console
	remote *guest.Guest        // nil before launch
}

// prepare changes how the machine is launched.
func (g *Guest) prepare(config *machine.Config) {
	if g.dial != nil {
		return
	}
	for i := range config.Consoles {
		if config.Consoles[i].Index == g.vm.Console.index {
			config.Consoles[i].Wrap = g.split
		}
	}
}

// split shares the console with the agent.
func (g *Guest) split(conn net.Conn) net.Conn {
	text, frames := guest.SplitConsole(conn)
	g.remote = guest.NewAgent(frames, guest.Terminal)
	return text
}

// connect connects the agent of a machine that was launched.
func (g *Guest) connect() {
	if g.dial != nil {
		g.remote = g.dial()
	}
}

// Remote returns the guest underneath, for what this type has no method for.
// Pass it a context of the test.
func (g *Guest) Remote() *guest.Guest { return g.remote }

// Wait waits until the guest answers, and describes it.
func (g *Guest) Wait() guest.Info {
	g.vm.test.t.Helper()
	var info guest.Info
	g.do("waiting for an answer", func(ctx context.Context) (err error) {
		info, err = g.remote.Wait(ctx)
		return err
	})
	g.vm.test.logf("%s: guest answers on %s, %v after its start", g.vm.Name(), info.Channel, info.Uptime)
	return info
}

// Run runs a program in the guest, and fails the test unless it exits with
// status 0. Its output goes to the log of the test.
func (g *Guest) Run(name string, args ...string) {
	g.vm.test.t.Helper()
	g.vm.test.logf("%s: guest: output of %s:\n%s", g.vm.Name(), name, g.Output(name, args...))
}

// Output runs a program in the guest and returns its standard output without
// the line ends at its end, as a shell's $(...) does. It fails the test unless
// the program exits with status 0.
func (g *Guest) Output(name string, args ...string) string {
	g.vm.test.t.Helper()
	var output []byte
	g.do("", func(ctx context.Context) (err error) {
		output, err = g.remote.Output(ctx, name, args...)
		return err
	})
	return strings.TrimRight(string(output), "\r\n")
}

// Command runs a command with all that can be said about it, to its end,
// whatever that is.
func (g *Guest) Command(c guest.Command) guest.Result {
	g.vm.test.t.Helper()
	var result guest.Result
	g.do("", func(ctx context.Context) (err error) {
		result, err = g.remote.Run(ctx, c)
		return err
	})
	return result
}

// ReadFile returns what is in a file.
func (g *Guest) ReadFile(path string) []byte {
	g.vm.test.t.Helper()
	var content []byte
	g.do("", func(ctx context.Context) (err error) {
		content, err = g.remote.ReadFile(ctx, path)
		return err
	})
	return content
}

// WriteFile writes a file, which is made with the permissions of mode if it is
// not there.
func (g *Guest) WriteFile(path string, content []byte, mode fs.FileMode) {
	g.vm.test.t.Helper()
	g.do("", func(ctx context.Context) error { return g.remote.WriteFile(ctx, path, content, mode) })
}

// Receive copies a file of the guest to w, of any size.
func (g *Guest) Receive(path string, w io.Writer) {
	g.vm.test.t.Helper()
	g.do("", func(ctx context.Context) error { return g.remote.Receive(ctx, path, w) })
}

// Send copies r to a file of the guest.
func (g *Guest) Send(path string, r io.Reader, mode fs.FileMode) {
	g.vm.test.t.Helper()
	g.do("", func(ctx context.Context) error { return g.remote.Send(ctx, path, r, mode) })
}

// Stat describes a file.
func (g *Guest) Stat(path string) fs.FileInfo {
	g.vm.test.t.Helper()
	var info fs.FileInfo
	g.do("", func(ctx context.Context) (err error) {
		info, err = g.remote.Stat(ctx, path)
		return err
	})
	return info
}

// ReadDir describes what is in a directory, sorted by name.
func (g *Guest) ReadDir(path string) []fs.FileInfo {
	g.vm.test.t.Helper()
	var files []fs.FileInfo
	g.do("", func(ctx context.Context) (err error) {
		files, err = g.remote.ReadDir(ctx, path)
		return err
	})
	return files
}

// Mount mounts a file system.
func (g *Guest) Mount(m guest.Mount) {
	g.vm.test.t.Helper()
	g.do("", func(ctx context.Context) error { return g.remote.Mount(ctx, m) })
}

// Reboot makes the guest start anew; the next call waits until it is there
// again.
func (g *Guest) Reboot() {
	g.vm.test.t.Helper()
	g.do("", g.remote.Reboot)
}

// PowerOff makes the guest power off; [VM.WaitForExit] waits for that.
func (g *Guest) PowerOff() {
	g.vm.test.t.Helper()
	g.do("", g.remote.PowerOff)
}

// Panic makes the kernel of the guest panic, which fails the test unless it
// expects that.
func (g *Guest) Panic() {
	g.vm.test.t.Helper()
	g.do("", g.remote.Panic)
}

// Close ends the connection to the guest, which goes on. A shell is as it was
// before [Console.UseShell].
func (g *Guest) Close() {
	g.vm.test.t.Helper()
	if err := g.remote.Close(); err != nil {
		g.vm.fail(fmt.Errorf("guest: %w", err))
	}
	if g.vm.guest == g {
		g.vm.guest = nil
	}
}

// do has something done in the guest, and ends the test if that fails.
func (g *Guest) do(what string, action func(context.Context) error) {
	g.vm.test.t.Helper()
	ctx, release := g.vm.whileAlive()
	defer release()
	err := action(ctx)
	if err == nil {
		return
	}
	// The end of the channel comes before the machine is known to have ended.
	if !errors.Is(err, errGuestGone) && ctx.Err() == nil {
		if exit, ended := g.vm.machine.Exit(); ended {
			err = fmt.Errorf("%w: %s", err, exit)
		}
	}
	if what != "" {
		err = fmt.Errorf("%s: %w", what, err)
	}
	g.vm.fail(fmt.Errorf("guest: %w", err))
}

// errGuestGone is why nothing more can be done in a guest.
var errGuestGone = errors.New("the guest is gone")

// whileAlive returns the context of the test, which also ends when the machine
// does or a console shows a failure.
func (vm *VM) whileAlive() (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(vm.test.ctx)
	for _, c := range vm.machine.Consoles() {
		go func() {
			select {
			case <-c.Failed():
				cancel(fmt.Errorf("%w: %w", errGuestGone, c.Failure()))
			case <-ctx.Done():
			}
		}()
	}
	go func() {
		select {
		case <-vm.machine.Done():
			exit, _ := vm.machine.Exit()
			cancel(fmt.Errorf("%w: %s", errGuestGone, exit))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
