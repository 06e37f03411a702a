package machine

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// socketBuffer is what is asked for as buffer of a socket, in bytes. The kernel
// grants less to most users (net.core.wmem_max on Linux).
//
// Consoles need a large one because several UART models of QEMU do not wait for
// the other end: what does not fit is lost. With the standard buffer, QEMU 7.2
// lost parts of OpenSBI's greeting on the riscv machines sifive_u and spike,
// where every character is a message with about 1 KiB of overhead.
const socketBuffer = 8 << 20

// inherited collects the descriptors that QEMU gets.
type inherited struct {
	files  []*os.File // files[i] becomes descriptor 3+i
	theirs []*os.File // QEMU's ends of our sockets, to be closed once it has them
}

// socket makes a connection and returns our end and what the other end is for
// QEMU.
func (in *inherited) socket() (conn net.Conn, end backend, err error) {
	ours, theirs, err := SocketPair()
	if err != nil {
		return nil, "", fmt.Errorf("making a socket pair for QEMU: %w", err)
	}
	defer func() { _ = ours.Close() }() // net.FileConn duplicates it
	// Linux counts what the sender may have under way, others what the
	// receiver holds. A smaller buffer than asked for is no error.
	setBuffer(theirs, syscall.SO_SNDBUF, socketBuffer)
	setBuffer(ours, syscall.SO_RCVBUF, socketBuffer)
	conn, err = net.FileConn(ours)
	if err != nil {
		_ = theirs.Close()
		return nil, "", fmt.Errorf("making a socket pair for QEMU: %w", err)
	}
	in.files = append(in.files, theirs)
	in.theirs = append(in.theirs, theirs)
	return conn, inheritedSocket(2 + len(in.files)), nil
}

// close closes our copies of QEMU's ends, so that our ends see when QEMU is
// gone.
func (in *inherited) close() {
	for _, file := range in.theirs {
		_ = file.Close()
	}
	in.theirs = nil
}
