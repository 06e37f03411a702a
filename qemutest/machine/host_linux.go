package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// SocketPair returns both ends of a UNIX stream socket without a name in the
// file system. No child inherits them but one that is given one, for example
// with ExtraFiles of a [Config].
func SocketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket of QEMU"), nil
}

// setBuffer sets the size of a buffer of a socket, SO_SNDBUF or SO_RCVBUF, in
// bytes. The kernel cuts it down to net.core.wmem_max or rmem_max, unless this
// process has CAP_NET_ADMIN.
func setBuffer(socket *os.File, option, size int) {
	forced := unix.SO_SNDBUFFORCE
	if option == unix.SO_RCVBUF {
		forced = unix.SO_RCVBUFFORCE
	}
	fd := int(socket.Fd())
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, forced, size) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, size)
	}
}

// oomKills returns how many processes the kernel has killed for want of memory
// since it runs, on the host or within the limits of a cgroup.
func oomKills() int {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "\noom_kill ")
	line, _, _ := strings.Cut(after, "\n")
	kills, _ := strconv.Atoi(line) // kernels before 4.13 do not count
	return kills
}

// createKVM creates a virtual machine and throws it away.
func createKVM() error {
	const path = "/dev/kvm"
	kvm, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no %s: load the module kvm, and enable virtualization in the firmware or for this virtual machine", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission for %s: add the user to its group (kvm)", path)
	case err != nil:
		return fmt.Errorf("expected to open KVM: %w", err)
	}
	defer func() { _ = kvm.Close() }()
	const createVM = 0xAE01 // KVM_CREATE_VM of linux/kvm.h
	vm, err := unix.IoctlRetInt(int(kvm.Fd()), createVM)
	if err != nil {
		return fmt.Errorf("expected KVM to create a virtual machine: %w", err)
	}
	_ = unix.Close(vm)
	return nil
}
