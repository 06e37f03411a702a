//go:build linux

package agent

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mounts are what every process may expect, in order.
var mounts = []struct {
	source, target, kind string
	flags                uintptr
	options              string
}{
	{"proc", "/proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
	{"sysfs", "/sys", "sysfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
	{"devtmpfs", "/dev", "devtmpfs", unix.MS_NOSUID, "mode=0755"},
	{"devpts", "/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=0620,ptmxmode=0666"},
	{"tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	{"tmpfs", "/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755"},
	{"tmpfs", "/tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
}

// links are names in /dev that programs expect and devtmpfs does not have.
var links = map[string]string{
	"/dev/fd":     "/proc/self/fd",
	"/dev/stdin":  "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1",
	"/dev/stderr": "/proc/self/fd/2",
}

func hasEntries(dir string) bool {
	entries, _ := os.ReadDir(dir)
	return len(entries) > 0
}

// setClock sets the clock of a system that does not know the time.
func setClock() error {
	commandLine, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	text := parameter(string(commandLine), ClockParameter)
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("expected seconds since 1970 in %s: %w", ClockParameter, err)
	}
	if seconds <= time.Now().Unix() {
		return nil
	}
	now := unix.NsecToTimeval(seconds * int64(time.Second))
	return unix.Settimeofday(&now)
}

// prepare makes of a kernel with an initramfs what programs expect. It does all
// that it can, whatever fails.
func prepare() error {
	var errs []error
	for _, m := range mounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			errs = append(errs, err)
			continue
		}
		if m.kind == "tmpfs" && hasEntries(m.target) {
			continue // the initial file system has brought files for there
		}
		err := unix.Mount(m.source, m.target, m.kind, m.flags, m.options)
		// EBUSY: it is mounted already. ENODEV: this kernel has no such file
		// system; what needs it will say so.
		if err != nil && err != unix.EBUSY && err != unix.ENODEV {
			errs = append(errs, fmt.Errorf("mounting %s: %w", m.target, err))
		}
	}
	if err := setClock(); err != nil {
		errs = append(errs, fmt.Errorf("setting the clock: %w", err))
	}
	for name, target := range links {
		_ = os.Symlink(target, name) // exists, after a second start
	}
	if os.Getenv("PATH") == "" {
		_ = os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	if os.Getenv("HOME") == "" || os.Getenv("HOME") == "/" {
		_ = os.MkdirAll("/root", 0o700)
		_ = os.Setenv("HOME", "/root")
	}
	if err := setHostname(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, loadModules(ModulesFile), startNetwork())...)
}

// setHostname names the system as /etc/hostname says, or "guest".
func setHostname() error {
	text, _ := os.ReadFile("/etc/hostname")
	name := cmp.Or(strings.TrimSpace(string(text)), "guest")
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("setting the host name %q: %w", name, err)
	}
	return nil
}
