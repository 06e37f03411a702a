package machine

import (
	"errors"
	"os"
	"syscall"
)

// SocketPair returns both ends of a UNIX stream socket without a name in the
// file system. No child inherits them but one that is given one, for example
// with ExtraFiles of a [Config].
func SocketPair() (ours, theirs *os.File, err error) {
	// macOS cannot make them close-on-exec at once.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket of QEMU"), nil
}

// setBuffer sets the size of a buffer of a socket, SO_SNDBUF or SO_RCVBUF, in
// bytes. macOS refuses what is above kern.ipc.maxsockbuf instead of cutting it
// down, so it is asked for less and less.
func setBuffer(socket *os.File, option, size int) {
	for ; size > 64<<10; size /= 2 {
		if syscall.SetsockoptInt(int(socket.Fd()), syscall.SOL_SOCKET, option, size) == nil {
			return
		}
	}
}

// oomKills returns 0: macOS does not count them.
func oomKills() int { return 0 }

func createKVM() error { return errors.New("KVM is a part of Linux; macOS has the accelerator hvf") }
