//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"crypto/sha256"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/tests/internal/board/report"
)

func look() (report.Facts, error) {
	memory, err := memTotal()
	if err != nil {
		return report.Facts{}, err
	}
	online, err := onlineCPUs()
	if err != nil {
		return report.Facts{}, err
	}
	rtc, _ := strconv.ParseInt(read("/sys/class/rtc/rtc0/since_epoch"), 10, 64) // 0 if there is none
	return report.Facts{
		Models:    models(),
		CPUInfo:   read("/proc/cpuinfo"),
		Online:    online,
		MemTotal:  memory,
		Drivers:   boundDrivers(),
		RTC:       rtc,
		Watchdog:  read("/sys/class/watchdog/watchdog0/identity"),
		Cmdline:   read("/proc/cmdline"),
		Interface: list("/sys/class/net"),
		Blocks:    list("/sys/class/block"),
	}, nil
}

// models returns what the machine calls itself, as far as this architecture
// has a place for it.
func models() []string {
	var names []string
	for _, file := range []string{
		"/proc/device-tree/model",
		"/sys/class/dmi/id/product_name",
		"/sys/class/dmi/id/product_version",
	} {
		if name := read(file); name != "" {
			names = append(names, name)
		}
	}
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "system type", "machine", "Hardware":
			names = append(names, strings.TrimSpace(value))
		}
	}
	return names
}

func memTotal() (int64, error) {
	text := read("/proc/meminfo")
	var kilobytes int64
	if _, err := fmt.Sscanf(text, "MemTotal: %d kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("expected /proc/meminfo to begin with MemTotal: %w", err)
	}
	return kilobytes << 10, nil
}

// boundDrivers returns the drivers that have a device, as "bus/driver".
func boundDrivers() []string {
	var names []string
	for _, bus := range list("/sys/bus") {
		for _, driver := range list("/sys/bus/" + bus + "/drivers") {
			if name := bus + "/" + driver; bound(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// bound reports whether a driver has a device: a link beside the link to the
// driver's module. The link is there while the driver looks at the device, too,
// which it may then not take, or not yet.
func bound(name string) bool {
	bus, driver, _ := strings.Cut(name, "/")
	dir := filepath.Join("/sys/bus", bus, "drivers", driver)
	entries, _ := os.ReadDir(dir) // none if there is no such driver
	for _, entry := range entries {
		if entry.Type()&os.ModeSymlink == 0 || entry.Name() == "module" {
			continue
		}
		device := filepath.Join(dir, entry.Name())
		awaitProbe(device)
		if _, err := os.Lstat(device); err == nil {
			return true
		}
	}
	return false
}

// awaitProbe waits until no driver looks at a device: the kernel holds the lock
// of the device meanwhile, and takes it for what these files tell. Devices that
// have neither are taken as they look.
func awaitProbe(device string) {
	for _, name := range []string{"driver_override", "waiting_for_supplier"} {
		_, _ = os.ReadFile(filepath.Join(device, name)) // for the lock alone
	}
}

// startCPUs starts the CPUs after the first, which "maxcpus=1" has kept the
// kernel from starting.
func startCPUs(number int) error {
	for cpu := 1; cpu <= number; cpu++ {
		if err := write(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/online", cpu), "1"); err != nil {
			return fmt.Errorf("starting CPU %d: %w", cpu, err)
		}
	}
	return nil
}

// onlineCPUs returns how many CPUs there are now; runtime.NumCPU would tell how
// many there were when this program began.
func onlineCPUs() (int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, err
	}
	return set.Count(), nil
}

// runOnEachCPU has a thread on each CPU compute the same, and compares.
func runOnEachCPU() error {
	cpus, err := onlineCPUs()
	if err != nil {
		return err
	}
	data := report.Pattern(report.ForGuest)
	want := sha256.Sum256(data)
	errs := make(chan error, cpus)
	for cpu := range cpus {
		go func() {
			runtime.LockOSThread() // without unlocking: the thread ends with the goroutine
			var set unix.CPUSet
			set.Set(cpu)
			if err := unix.SchedSetaffinity(0, &set); err != nil {
				errs <- fmt.Errorf("moving a thread to CPU %d: %w", cpu, err)
				return
			}
			if got := sha256.Sum256(data); got != want {
				errs <- fmt.Errorf("expected CPU %d to compute the SHA-256 %x, but it is %x", cpu, want, got)
				return
			}
			errs <- nil
		}()
	}
	for range cpus {
		if err := <-errs; err != nil {
			return err
		}
	}
	say(report.KindSMP, cpus)
	return nil
}

// read returns the text of a file without the line ending or NUL that closes
// it, "" if it cannot be read.
func read(path string) string {
	text, _ := os.ReadFile(path)
	return strings.TrimRight(string(text), "\x00\n")
}

func list(dir string) []string {
	entries, _ := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}
