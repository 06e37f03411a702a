//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long the guest waits for a device; its clock is slow on a
// host that is busy, and so is the wait.
const patience = 60 * time.Second

// events are the kernel's messages of devices that come (uevents).
type events struct{ socket int }

func watchDevices() (*events, error) {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("socket for uevents: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		return nil, fmt.Errorf("binding the socket for uevents: %w", err)
	}
	return &events{socket}, nil
}

// wait waits until ready returns true, which it asks after each event, and
// reports whether that came in time.
func (e *events) wait(ready func() bool) (bool, error) {
	deadline := time.Now().Add(patience)
	buffer := make([]byte, 8<<10)
	for !ready() {
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		fds := []unix.PollFd{{Fd: int32(e.socket), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, int(left.Milliseconds())+1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return false, err
		}
		// ENOBUFS: events were lost. All that matters is that there were some.
		if _, _, err := unix.Recvfrom(e.socket, buffer, unix.MSG_DONTWAIT); err != nil &&
			!errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EAGAIN) {
			return false, err
		}
	}
	return true, nil
}

// waitForPath waits for a file that comes with a device.
func (e *events) waitForPath(path string) error {
	found, err := e.wait(func() bool { _, err := os.Stat(path); return err == nil })
	if err == nil && !found {
		err = fmt.Errorf("expected %s, but it did not come within %v", path, patience)
	}
	return err
}

// waitForMatch waits for a file that comes with a device and returns its path,
// which fits a pattern of [filepath.Match].
func (e *events) waitForMatch(pattern string) (path string, err error) {
	found, err := e.wait(func() bool {
		matches, _ := filepath.Glob(pattern) // fails only if the pattern is malformed
		if len(matches) > 0 {
			path = matches[0]
		}
		return path != ""
	})
	if err == nil && !found {
		err = fmt.Errorf("expected %s, but it did not come within %v", pattern, patience)
	}
	return path, err
}

// waitForDrivers waits until each driver has a device. One that gets none is
// missing in the facts.
func (e *events) waitForDrivers(drivers []string) error {
	_, err := e.wait(func() bool {
		for _, driver := range drivers {
			if !bound(driver) {
				return false
			}
		}
		return true
	})
	return err
}
