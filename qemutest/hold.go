package qemutest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest/internal/guard"
)

// defaultHold is how long QEMU_TEST_HOLD=1 keeps the machines of a failed test.
const defaultHold = 30 * time.Minute

// holdContext is how much of a console somebody who attaches sees at first, in
// bytes.
const holdContext = 4 << 10

// holdTime returns how long the machines of a failed test are kept, 0 for not
// at all: the duration that QEMU_TEST_HOLD says, or the default if it is 1.
func holdTime() (time.Duration, error) {
	switch text := os.Getenv("QEMU_TEST_HOLD"); text {
	case "", "0":
		return 0, nil
	case "1":
		return defaultHold, nil
	default:
		limit, err := time.ParseDuration(text)
		if err != nil || limit <= 0 {
			return 0, fmt.Errorf("QEMU_TEST_HOLD=%q: expected 1 or a duration, for example 10m", text)
		}
		return limit, nil
	}
}

// holdSocket returns the path of a socket for somebody who attaches.
func (vm *VM) holdSocket(name string) string {
	return filepath.Join(vm.test.SocketDir(), vm.logName(name))
}

// holdArgs are arguments for two more monitors, for machines that may be kept
// and monitors that QEMU can only make at its start.
func (vm *VM) holdArgs() ([]string, error) {
	limit, err := holdTime()
	if err != nil || limit == 0 || vm.config.NoMonitor {
		return nil, err
	}
	socket := func(id string) string {
		return "socket,id=" + id + ",path=" + strings.ReplaceAll(vm.holdSocket(id), ",", ",,") + ",server=on,wait=off"
	}
	return []string{
		"-chardev", socket("hold-qmp"), "-mon", "chardev=hold-qmp,mode=control",
		"-chardev", socket("hold-hmp"), "-mon", "chardev=hold-hmp,mode=readline",
	}, nil
}

// hold keeps the machines of a failed test as they are, until somebody presses
// Enter on the terminal or writes to the named pipe "hold" beside the logs, or
// the time is over. It says at once how to attach: on the terminal too, because
// go test shows a package's output only at its end.
func (q *Test) hold() {
	q.t.Helper()
	limit, err := holdTime()
	if err != nil || limit == 0 {
		return
	}
	end, why := time.Now().Add(limit), "QEMU_TEST_HOLD"
	if last := q.deadline.end.Add(q.deadline.grace / 2); !q.deadline.end.IsZero() && last.Before(end) {
		end, why = last, "go test's -timeout; -timeout 0 gives more"
	}
	q.stopWatch()
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	var attach strings.Builder
	for _, vm := range q.machines() {
		if vm.machine == nil {
			continue
		}
		if _, ended := vm.machine.Exit(); !ended {
			attach.WriteString(vm.holdOpen(ctx))
		}
	}
	if attach.Len() == 0 {
		return
	}
	pipe := q.Log("hold")
	text := fmt.Sprintf("%s failed; its machines are kept until %s (%s).\n%sEnd it: press Enter here, or: echo >%s\n",
		q.t.Name(), end.Format(time.TimeOnly), why, attach.String(), pipe)
	q.t.Log(text)
	q.logf("%s", text)
	if err := os.WriteFile(q.Log("hold.txt"), []byte(text), 0o644); err != nil {
		q.logf("hold.txt: %v", err)
	}
	go q.holdTerminal(ctx, cancel, text)
	if err := holdPipe(ctx, pipe); err != nil {
		q.t.Logf("%v; the machines are kept until the time is over", err)
		<-ctx.Done()
	}
	q.logf("the machines are not kept any longer")
}

// holdPipe waits until somebody writes to a named pipe that it makes, or ctx
// ends. Open for writing too, it has no end of file.
func holdPipe(ctx context.Context, path string) error {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("making the named pipe %s: %w", path, err)
	}
	release, err := guard.Dir(path)
	if err == nil {
		defer release()
	}
	defer func() { _ = os.Remove(path) }()
	pipe, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = pipe.Close() })()
	_, err = pipe.Read(make([]byte, 1))
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// holdTerminal shows a text on the terminal, if there is one, and calls end when
// somebody presses Enter there.
func (q *Test) holdTerminal(ctx context.Context, end func(), text string) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return // then there is the pipe
	}
	defer tty.Close()
	fmt.Fprintf(tty, "\n%s", text)
	if !inForeground(tty) {
		return // reading would stop the process
	}
	defer context.AfterFunc(ctx, func() { _ = tty.Close() })()
	if _, err := tty.Read(make([]byte, 1)); err == nil {
		end()
	}
}

// inForeground reports whether this process may read from a terminal.
func inForeground(tty *os.File) bool {
	conn, err := tty.SyscallConn() // Fd would make it blocking
	if err != nil {
		return false
	}
	front := -1
	err = conn.Control(func(fd uintptr) {
		if group, err := unix.IoctlGetInt(int(fd), unix.TIOCGPGRP); err == nil {
			front = group
		}
	})
	return err == nil && front == unix.Getpgrp()
}

// holdOpen lets people attach to a machine, and says how.
func (vm *VM) holdOpen(ctx context.Context) string {
	var b strings.Builder
	fmt.Fprintf(&b, "machine %q, process %d:\n", vm.Name(), vm.machine.PID())
	for _, port := range vm.ports {
		path := vm.holdSocket(fmt.Sprintf("console%d", port.Index))
		if err := serveConsole(ctx, vm.machine.Console(port.Index), path); err != nil {
			fmt.Fprintf(&b, "  console %d: %v\n", port.Index, err)
			continue
		}
		fmt.Fprintf(&b, "  console %d: socat -,raw,echo=0,escape=0x1d unix-connect:%s    (Ctrl-] leaves)\n", port.Index, path)
	}
	if client := vm.machine.QMP(); client != nil {
		fmt.Fprintf(&b, "  monitor:   socat - unix-connect:%s\n", vm.holdSocket("hold-hmp"))
		fmt.Fprintf(&b, "  QMP:       socat - unix-connect:%s\n", vm.holdSocket("hold-qmp"))
		path := vm.holdSocket("gdb")
		answer, cancel := context.WithTimeout(ctx, evidenceTime)
		defer cancel()
		if vm.config.GDB {
			b.WriteString("  gdb:       the test uses it\n")
		} else if _, err := client.HMP(answer, "gdbserver unix:"+path+",server=on,wait=off"); err != nil {
			fmt.Fprintf(&b, "  gdb:       %v\n", err)
		} else {
			fmt.Fprintf(&b, "  guest:     gdb -ex 'target remote %s'    (this stops the guest)\n", path)
		}
	}
	fmt.Fprintf(&b, "  QEMU:      gdb -p %d\n", vm.machine.PID())
	return b.String()
}

// serveConsole lets people use a console through a UNIX socket until ctx ends.
func serveConsole(ctx context.Context, c *console.Console, path string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go attachConsole(ctx, c, conn)
		}
	}()
	return nil
}

// attachConsole connects somebody to a console.
func attachConsole(ctx context.Context, c *console.Console, conn net.Conn) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	go func() {
		_ = c.Follow(ctx, max(0, c.Size()-holdContext), conn)
		_ = conn.Close()
	}()
	keys := make([]byte, 1<<10)
	for {
		n, err := conn.Read(keys)
		if err != nil || c.Send(ctx, string(keys[:n])) != nil {
			return
		}
	}
}
