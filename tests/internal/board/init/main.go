//go:build linux

// Command init is the only program in the guests of package board. It does what
// a [report.Job] says, reports on the console, and ends the machine.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/tests/internal/board/report"
)

func main() {
	if err := run(); err != nil {
		say(report.KindFailed, err.Error())
	}
	hang() // PID 1 must not end: the kernel would panic
}

func run() error {
	if err := mountAll(); err != nil {
		return err
	}
	text, err := os.ReadFile(report.JobFile)
	if err != nil {
		return err
	}
	var job report.Job
	if err := json.Unmarshal(text, &job); err != nil {
		return err
	}
	return do(job)
}

func do(job report.Job) error {
	events, err := watchDevices()
	if err != nil {
		return err
	}
	if err := insert(job.Modules); err != nil {
		return err
	}
	say(report.KindStep, "drivers")
	if err := events.waitForDrivers(job.Drivers); err != nil {
		return err
	}
	// From here on the kernel is silent, so that its messages do not cut lines
	// of this program; only emergencies get through, the power-off among them.
	if _, err := unix.Klogctl(consoleLevel, make([]byte, 1)); err != nil {
		return fmt.Errorf("silencing the kernel: %w", err)
	}
	facts, err := look()
	if err != nil {
		return err
	}
	say(report.KindFacts, facts)
	if job.Disk != "" {
		say(report.KindStep, "disk")
		if err := events.useDisk("/dev/" + job.Disk); err != nil {
			return err
		}
	}
	if job.Adapter != "" {
		say(report.KindStep, "eeprom")
		if err := events.useEEPROM(job.Adapter, job.Address); err != nil {
			return err
		}
	}
	if job.Chip != "" {
		say(report.KindStep, "gpio")
		if err := useGPIO(job.Chip, job.Line); err != nil {
			return err
		}
	}
	if job.Interface != "" {
		say(report.KindStep, "network")
		if err := events.useNetwork(job); err != nil {
			return err
		}
	}
	if err := startCPUs(job.LateCPUs); err != nil {
		return err
	}
	if err := runOnEachCPU(); err != nil {
		return err
	}
	say(report.KindDone, job.End)
	return end(job.End)
}

// consoleLevel is SYSLOG_ACTION_CONSOLE_LEVEL of syslog(2), whose argument is
// the length of the buffer.
const consoleLevel = 8

// say prints a line. It begins a new one, because the kernel may have left one
// unfinished.
func say(kind string, value any) {
	line, err := report.Line(kind, value)
	if err != nil {
		line = report.Mark + " " + report.KindFailed + " " + err.Error()
	}
	fmt.Printf("\n%s\n", line)
}

func mountAll() error {
	for _, m := range []struct{ kind, dir string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"},
	} {
		err := unix.Mount(m.kind, m.dir, m.kind, 0, "")
		if err != nil && !errors.Is(err, unix.EBUSY) { // the kernel mounts devtmpfs itself
			return fmt.Errorf("mounting %s: %w", m.dir, err)
		}
	}
	return nil
}

func insert(modules []string) error {
	for _, name := range modules {
		file, err := os.Open("/modules/" + name)
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(file.Fd()), "", 0)
		file.Close()
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("inserting the module %s: %w", name, err)
		}
	}
	return nil
}

func end(how report.Ending) error {
	unix.Sync()
	switch how {
	case report.PowerOff:
		return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	case report.Restart:
		return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	case report.Watchdog:
		return bite()
	}
	return fmt.Errorf("expected an ending that this program knows, not %q", how)
}

// bite starts the watchdog and never resets its timer.
func bite() error {
	dog, err := os.OpenFile("/dev/watchdog0", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for _, seconds := range []int{2, 4, 15} { // the least that the drivers of i6300ESB, ICH9 and s390 take
		if err = unix.IoctlSetPointerInt(int(dog.Fd()), unix.WDIOC_SETTIMEOUT, seconds); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("setting the timeout of the watchdog: %w", err)
	}
	hang()
	runtime.KeepAlive(dog) // to close it would stop the watchdog
	return nil
}

// hang waits forever. A select without cases would do so only until the Go
// runtime finds the program deadlocked.
func hang() {
	for {
		_, _ = unix.Poll(nil, -1)
	}
}
