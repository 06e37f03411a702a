package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/internal/guard"
	"github.com/qemutest/functional/qemutest/qmp"
)

// Machine is one QEMU that was launched. Its methods may be called at any time,
// also after its end, by several goroutines.
type Machine struct {
	config   Config // complete
	argv     []string
	logs     logs
	output   *os.File // what QEMU writes; closed at the end
	traffic  *os.File // log of the monitor; may be nil
	consoles []*console.Console
	channels []net.Conn
	gdb      net.Conn // our end of the gdbstub's socket; may be nil
	backdoor func()   // releases its path; may be nil
	oomKills int      // how often the kernel had killed for want of memory before
	process  *guard.Process
	monitor  atomic.Pointer[qmp.Client] // nil before it greeted, or without one

	mu       sync.Mutex
	requests requests
	expected []console.Kind // reports in output

	done    chan struct{} // closed when what follows is set
	exit    Exit
	tail    string           // of output
	reports []console.Report // in output
}

// Launch starts a machine. It returns when the monitor has greeted and is ready
// for commands or, without a monitor, when the process runs. ctx bounds the
// launch, and nothing after it; Limits.Launch does too.
//
// The consoles are recorded from the first byte: nothing that the guest prints
// is lost. When QEMU exits instead of greeting, or does not greet in time, the
// error is a [*LaunchError], and nothing of the machine is left but its logs.
func Launch(ctx context.Context, config Config) (*Machine, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("machine: %s was not launched: %w", config.Name, context.Cause(ctx))
	}
	m := &Machine{config: config, expected: slices.Clone(config.Expected), done: make(chan struct{})}
	ours, err := m.start()
	if err != nil {
		m.closeFiles()
		return nil, err
	}
	if err := m.record(&ours); err != nil {
		ours.close()
		go m.finish()
		return nil, errors.Join(err, m.Close())
	}
	m.oomKills = oomKills()
	if ours.monitor != nil {
		if err := m.greet(ctx, ours.monitor); err != nil {
			return nil, m.giveUp(ctx, err)
		}
	}
	go m.finish()
	return m, nil
}

// connections are our ends of QEMU's sockets that nobody has taken over yet.
type connections struct {
	monitor  net.Conn // nil without one
	consoles []net.Conn
}

func (c *connections) close() {
	if c.monitor != nil {
		_ = c.monitor.Close()
	}
	for _, console := range c.consoles {
		_ = console.Close()
	}
}

// start starts the process with everything that it is connected to, and
// returns our ends.
func (m *Machine) start() (ours connections, err error) {
	in := inherited{files: slices.Clone(m.config.ExtraFiles)}
	defer in.close()
	defer func() {
		if err != nil {
			ours.close()
		}
	}()
	if m.output, m.logs, err = openOutput(m.config); err != nil {
		return ours, err
	}
	ends := endpoints{resetLog: m.logs.resets}
	if !m.config.NoMonitor {
		if ours.monitor, ends.monitor, err = in.socket(); err != nil {
			return ours, err
		}
	}
	for range m.logs.consoles {
		conn, end, err := in.socket()
		if err != nil {
			return ours, err
		}
		ours.consoles = append(ours.consoles, conn)
		ends.consoles = append(ends.consoles, end)
	}
	for range m.config.Channels {
		conn, end, err := in.socket()
		if err != nil {
			return ours, err
		}
		m.channels = append(m.channels, conn)
		ends.channels = append(ends.channels, end)
	}
	if m.config.GDB {
		if m.gdb, ends.gdb, err = in.socket(); err != nil {
			return ours, err
		}
	}
	if !m.config.NoMonitor && !m.config.private {
		ends.backdoor, m.backdoor = claimBackdoor(m.config.Name)
	}
	m.argv = commandLine(m.config, ends)
	cmd := exec.Command(m.argv[0], m.argv[1:]...)
	cmd.Dir = m.config.Dir
	cmd.Env = append(os.Environ(), m.config.Env...)
	cmd.ExtraFiles = in.files
	cmd.Stdout, cmd.Stderr = m.output, m.output
	if m.process, err = guard.Start(cmd); err != nil {
		return ours, &LaunchError{Argv: m.argv, Err: err}
	}
	return ours, nil
}

// record opens the logs and begins to record the consoles. The process runs
// already, which saves the time: it takes some milliseconds to load, and what
// it sends meanwhile waits in the sockets.
func (m *Machine) record(ours *connections) (err error) {
	if !m.config.NoMonitor {
		if m.traffic, err = m.logs.openMonitor(); err != nil {
			return err
		}
	}
	for i, options := range m.logs.consoles {
		conn := ours.consoles[0]
		ours.consoles = ours.consoles[1:]
		if wrap := m.config.Consoles[i].Wrap; wrap != nil {
			conn = wrap(conn)
		}
		c, err := console.New(conn, options) // owns conn, also if it fails
		if err != nil {
			return fmt.Errorf("machine: %w", err)
		}
		m.consoles = append(m.consoles, c)
	}
	return nil
}

// greet waits for the monitor.
func (m *Machine) greet(ctx context.Context, conn net.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.config.Limits.Launch, errLaunchLimit)
	defer cancel()
	options := qmp.Options{Name: m.config.Name, Ended: m.howEnded}
	if m.traffic != nil {
		options.Log = m.traffic
	}
	client, err := qmp.NewClient(ctx, conn, options)
	if err != nil {
		return err
	}
	m.monitor.Store(client)
	return nil
}

var errLaunchLimit = errors.New("the limit of the launch has passed")

// giveUp ends a machine that did not greet, because of err, and describes it.
func (m *Machine) giveUp(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, qmp.ErrLost):
		// It is about to end by itself: let it say why.
		await(m.process.Done(), m.config.Limits.Terminate)
	case errors.Is(err, errLaunchLimit):
		m.missed(fmt.Sprintf("greet on QMP within %v", m.config.Limits.Launch))
	case ctx.Err() != nil:
		m.missed(fmt.Sprintf("greet on QMP before the context ended (%v)", context.Cause(ctx)))
	}
	go m.finish()
	closeErr := m.Close()
	exit, _ := m.Exit()
	return &LaunchError{Argv: m.argv, Output: m.Output(), How: exit, Err: errors.Join(err, closeErr)}
}

// closeFiles lets go of the logs and of the path of the second monitor.
func (m *Machine) closeFiles() {
	if m.output != nil {
		_ = m.output.Close()
	}
	if m.traffic != nil {
		_ = m.traffic.Close()
	}
	for _, channel := range m.channels {
		_ = channel.Close()
	}
	if m.gdb != nil {
		_ = m.gdb.Close()
	}
	if m.backdoor != nil {
		m.backdoor()
	}
}

// Name returns Config.Name, "default" if it was empty.
func (m *Machine) Name() string { return m.config.Name }

// Argv returns the command line, with the wrapper if there is one.
func (m *Machine) Argv() []string { return slices.Clone(m.argv) }

// PID returns the process id of QEMU, or of its wrapper, and the number of the
// process group that both are in.
func (m *Machine) PID() int { return m.process.PID() }

// QMP returns the client of the monitor, nil with Config.NoMonitor.
func (m *Machine) QMP() *qmp.Client { return m.monitor.Load() }

// GDB returns the connection to QEMU's gdbstub, for a client of GDB's remote
// protocol, nil without Config.GDB. It is closed when the machine ends.
func (m *Machine) GDB() net.Conn { return m.gdb }

// Channel returns the connection of Config.Channels[i]. It is closed when the
// machine ends.
func (m *Machine) Channel(i int) net.Conn { return m.channels[i] }

// Console returns the console with this Port.Index, nil if there is none.
func (m *Machine) Console(index int) *console.Console {
	for i, port := range m.config.Consoles {
		if port.Index == index {
			return m.consoles[i]
		}
	}
	return nil
}

// Consoles returns all consoles, in the order of their Port.Index.
func (m *Machine) Consoles() []*console.Console { return slices.Clone(m.consoles) }

// Output returns what QEMU itself (not its guest) wrote so far to its standard
// output and error: at most the last 64 KiB.
func (m *Machine) Output() string {
	select {
	case <-m.done:
		return m.tail
	default:
		return tail(m.output)
	}
}

// Reports returns what the rules for QEMU (package rules) find in what it wrote:
// those of sanitizers anywhere, the others in the last 64 KiB, where the offsets of
// a report are those of this part. There are none before the machine has ended.
func (m *Machine) Reports() []console.Report {
	if _, ended := m.Exit(); !ended {
		return nil
	}
	return slices.Clone(m.reports)
}

// Expect adds to Config.Expected. How a machine ends is judged at its end: call
// it before QEMU can get there.
func (m *Machine) Expect(kinds ...console.Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expected = append(m.expected, kinds...)
}

// Logs returns the paths of the log files. In Config.LogDir, for the machine
// named "default", they are
//
//	console.log        what the guest sent, each byte; console<N>.log for
//	                   consoles after the first one
//	console-timed.log  the same in lines, with times
//	default.log        what QEMU itself wrote
//	qmp.log            the traffic of the monitor
//	cpu-reset.log      the state of the CPU at each reset, where a triple fault
//	                   may be the end: x86 with -no-reboot
//
// The names of other machines go before those of their logs: "vm2-console.log",
// "vm2.log". A machine that is launched again in the same directory under the
// same name does not overwrite a log: its own have a number at the end.
func (m *Machine) Logs() []string { return m.logs.paths(m.config) }
