package machine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How a guest ended is mostly told by QMP. This file has what it does not tell.

// hasExitDoor reports whether a command line gives the guest a way to end QEMU
// with an exit status and without an event: semihosting, and up to QEMU 8.1
// isa-debug-exit and the sifive_test of riscv's machine virt.
func hasExitDoor(argv []string) bool {
	return slices.ContainsFunc(argv, func(word string) bool {
		return strings.HasPrefix(strings.TrimLeft(word, "-"), "semihosting") && strings.HasPrefix(word, "-") ||
			strings.Contains(word, "isa-debug-exit") ||
			strings.HasPrefix(filepath.Base(word), "qemu-system-riscv")
	})
}

// resetLog returns where QEMU shall log resets of the CPU ("-d cpu_reset"), ""
// for nowhere. A triple fault is a reset like others but for a line in this
// log. That matters only where the reset is the end, and takes a target that
// knows triple faults, and a log that is not in use for something else.
func (c Config) resetLog(path string) string {
	target, _ := strings.CutPrefix(filepath.Base(c.Binary), "qemu-system-")
	if path == "" || target != "x86_64" && target != "i386" {
		return ""
	}
	ends := false
	for _, arg := range c.Args {
		switch option, _ := strings.CutPrefix(arg, "-"); strings.TrimPrefix(option, "-") {
		case "no-reboot":
			ends = true
		case "d", "D":
			return ""
		}
	}
	path, err := filepath.Abs(path) // QEMU may have another working directory
	if err != nil || !ends || strings.Contains(path, "%") {
		return "" // -D takes % for the beginning of a placeholder
	}
	return path
}

// loggedTripleFault reports whether the log of resets has a triple fault at its
// end. TCG writes it (target/i386/tcg/excp_helper.c), KVM does not.
func loggedTripleFault(path string) bool {
	if path == "" {
		return false
	}
	log, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = log.Close() }()
	return slices.Contains(strings.Split(tail(log), "\n"), "Triple fault")
}
