package migration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/qemutest"
)

// Transport is a way for the state to get from one QEMU to the other.
type Transport struct {
	Name string

	// listen makes the destination wait for the state, and returns the URI
	// to which the source sends it.
	listen func(q *qemutest.Test, source, destination *qemutest.VM) (uri string, err error)
}

// Transports are all that this package knows.
var Transports = []Transport{TCP, Unix, Exec, FD}

// The transports.
var (
	// TCP is a connection on the loopback interface, to a port that the
	// destination chooses and tells.
	TCP = Transport{"tcp", listenTCP}
	// Unix is a UNIX socket in the file system.
	Unix = Transport{"unix", listenUnix}
	// Exec is a shell command at either end, with a named pipe between them.
	// Opening a named pipe waits for the other end, so neither has to be
	// first, and no tool but cat is needed.
	Exec = Transport{"exec", listenExec}
	// FD is a pipe whose ends are passed to the QEMUs.
	FD = Transport{"fd", listenFD}
)

func listenTCP(_ *qemutest.Test, _, destination *qemutest.VM) (string, error) {
	destination.QMP("migrate-incoming", qemutest.Args{"uri": "tcp:127.0.0.1:0"})
	type address struct {
		Type string `json:"type"`
		Host string `json:"host"`
		Port string `json:"port"`
	}
	info := qemutest.Query[struct {
		Addresses []address `json:"socket-address"`
	}](destination, "query-migrate")
	if len(info.Addresses) != 1 || info.Addresses[0].Type != "inet" {
		return "", fmt.Errorf("expected the destination to tell the one TCP address that it listens on, got %+v", info.Addresses)
	}
	return "tcp:" + net.JoinHostPort(info.Addresses[0].Host, info.Addresses[0].Port), nil
}

func listenUnix(q *qemutest.Test, _, destination *qemutest.VM) (string, error) {
	uri := "unix:" + filepath.Join(q.SocketDir(), "migration")
	destination.QMP("migrate-incoming", qemutest.Args{"uri": uri})
	return uri, nil
}

func listenExec(q *qemutest.Test, _, destination *qemutest.VM) (string, error) {
	// The directory for sockets, because its path has no character that the
	// shell would treat specially.
	pipe := filepath.Join(q.SocketDir(), "migration")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		return "", fmt.Errorf("making the named pipe: %w", err)
	}
	destination.QMP("migrate-incoming", qemutest.Args{"uri": "exec:cat <" + pipe})
	return "exec:cat >" + pipe, nil
}

func listenFD(q *qemutest.Test, source, destination *qemutest.VM) (string, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return "", fmt.Errorf("making a pipe: %w", err)
	}
	// QEMU has a descriptor of its own when getfd has returned.
	defer reader.Close()
	defer writer.Close()
	if err := passFile(q, source, writer); err != nil {
		return "", err
	}
	if err := passFile(q, destination, reader); err != nil {
		return "", err
	}
	destination.QMP("migrate-incoming", qemutest.Args{"uri": "fd:migration"})
	return "fd:migration", nil
}

// passFile gives a file to a QEMU, which knows it as "migration" from then on.
func passFile(q *qemutest.Test, vm *qemutest.VM, file *os.File) error {
	_, err := vm.Machine().QMP().ExecuteWithFiles(q.Context(), "getfd", qemutest.Args{"fdname": "migration"}, file)
	if err != nil {
		return fmt.Errorf("passing a pipe to the %s: %w", vm.Name(), err)
	}
	return nil
}
