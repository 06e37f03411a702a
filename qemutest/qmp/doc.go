// Package qmp is a client of the QEMU Machine Protocol.
package qmp
