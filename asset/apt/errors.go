package apt

import (
	"fmt"
	"strings"
)

// Kind says why a package cannot be resolved.
type Kind int

const (
	// BadPackage: the fields of the [Package] cannot be right.
	BadPackage Kind = iota + 1
	// NoApt: this machine has no apt.
	NoApt
	// Offline: nothing is known of the package, and downloads are disabled.
	Offline
	// Unreachable: the archive could not be asked, and nothing is known from before.
	Unreachable
	// Unsigned: nothing is known from before, and a source is refused for want of a signature by a key of the machine.
	Unsigned
	// Unknown: the machine's sources have no such package.
	Unknown
	// Canceled: the context ended first. The error wraps the context's.
	Canceled
	// Failed: apt or the cache's file system failed in another way.
	Failed
)

// Error is why a package could not be resolved. Its first line says what happened and what to do about it.
type Error struct {
	// Package is what was asked for.
	Package Package
	// Kind is the reason in a form a program can decide on.
	Kind Kind
	// Err is the cause; nil where Kind says all.
	Err error
	// Output is what apt printed, if it was asked.
	Output string
	// Restricted are the places, as file:line, of sources that apt was told not to use for the architecture of a package
	// that is Unknown.
	Restricted []string
}

// Transient reports whether the package may be had on another host, or at another time, so that a test skips for want of
// it. What is wrong with the package's name, and with the cache, fails it.
func (e *Error) Transient() bool {
	switch e.Kind {
	case NoApt, Offline, Unreachable, Unsigned, Unknown, Canceled:
		return true
	}
	return false
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error returns the reason and, on further lines, the complaints of apt.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot find package %s: %s", e.Package, e.what())
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	for line := range strings.Lines(e.Output) {
		if strings.HasPrefix(line, "E:") || strings.HasPrefix(line, "Err:") || strings.HasPrefix(line, "W: GPG error:") {
			fmt.Fprintf(&b, "\n  %s", strings.TrimSpace(line))
		}
	}
	return b.String()
}

func (e *Error) what() string {
	switch e.Kind {
	case BadPackage:
		return "correct the apt.Package"
	case NoApt:
		return "this machine has no apt; use one with Debian or Ubuntu, or its QEMU_TEST_CACHE_DIR"
	case Offline:
		return "nothing is known of it yet and downloads are disabled; unset QEMU_TEST_NO_DOWNLOAD"
	case Unreachable:
		return "apt could not reach the archive; check network, proxy and \"apt-get update\""
	case Unsigned:
		return "apt refuses a source that is not signed by a key of this machine; install its key, or remove it, " +
			"or mark it [trusted=yes] if you vouch for it"
	case Unknown:
		if len(e.Restricted) > 0 {
			return fmt.Sprintf("the apt sources of this machine do not have it, but %s may not be used for %s; "+
				"add %[2]s to the architectures there if that archive has them, or else a source that has",
				strings.Join(e.Restricted, ", "), e.Package.Arch)
		}
		return "the apt sources of this machine do not have it; add one that has, if there is"
	case Canceled:
		return "there was no time to finish; fetch it beforehand with QEMU_TEST_PRECACHE=1"
	default:
		return "apt or the cache failed; see the cause"
	}
}
