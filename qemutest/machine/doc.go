// Package machine runs one QEMU: from a description to a command line, to a
// process with a monitor and consoles, to a verdict on how it ended.
package machine
