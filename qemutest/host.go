package qemutest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Command requires commands of the host, found in PATH.
func Command(names ...string) Requirement {
	return &requirement{
		name:  "command " + strings.Join(names, " "),
		stage: StageHost,
		check: func(context.Context, *Test) error {
			var missing []string
			for _, name := range names {
				if _, err := exec.LookPath(name); err != nil {
					missing = append(missing, name)
				}
			}
			if len(missing) > 0 {
				return Skipf(KindCommand, "not in PATH: %s: install the package that brings it", strings.Join(missing, ", "))
			}
			return nil
		},
	}
}

// HostOS requires the host to run one of the named operating systems, in Go's
// words (GOOS): linux, darwin, freebsd.
func HostOS(names ...string) Requirement {
	return &requirement{
		name:  "host OS " + strings.Join(names, " or "),
		stage: StageHost,
		check: func(context.Context, *Test) error {
			if !slices.Contains(names, runtime.GOOS) {
				return Skipf(KindHost, "needs a host with %s, this is %s", strings.Join(names, " or "), runtime.GOOS)
			}
			return nil
		},
	}
}

// HostArch requires the host to have one of the named architectures, in QEMU's
// words: x86_64, aarch64, ppc64, s390x.
func HostArch(names ...string) Requirement {
	return &requirement{
		name:  "host architecture " + strings.Join(names, " or "),
		stage: StageHost,
		check: func(context.Context, *Test) error {
			if !slices.Contains(names, hostArch()) {
				return Skipf(KindHost, "needs a host with %s, this is %s", strings.Join(names, " or "), hostArch())
			}
			return nil
		},
	}
}

// hostArch returns the architecture of the host in QEMU's words.
func hostArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "i386"
	case "arm64":
		return "aarch64"
	case "loong64":
		return "loongarch64"
	case "ppc64le":
		return "ppc64"
	case "mipsle":
		return "mipsel"
	case "mips64le":
		return "mips64el"
	default:
		return runtime.GOARCH
	}
}

// LockedMemory requires that this process may lock so many bytes of memory
// (RLIMIT_MEMLOCK, hard limit).
func LockedMemory(bytes uint64) Requirement {
	return &requirement{
		name:  fmt.Sprintf("locked memory %d MiB", bytes>>20),
		stage: StageHost,
		check: func(context.Context, *Test) error {
			var limit unix.Rlimit
			if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
				return fmt.Errorf("reading the limit of locked memory: %w", err)
			}
			if limit.Max < bytes {
				return Skipf(KindHost, "may lock %d MiB of memory, needs %d MiB: raise ulimit -l", limit.Max>>20, bytes>>20)
			}
			return nil
		},
	}
}

// Vsock requires that this host can have vsocks to guests, for [VsockChannel]:
// that /dev/vhost-vsock can be opened.
func Vsock() Requirement {
	const path = "/dev/vhost-vsock"
	return Require("vsock", StageHost, func(context.Context, *Test) error {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		switch {
		case err == nil:
			return file.Close()
		case errors.Is(err, fs.ErrPermission):
			return Skipf(KindHost, "%v: see that the user is in the group of the device", err)
		}
		return Skipf(KindHost, "%v: load the module vhost_vsock of Linux", err)
	})
}
