package qemutest

import (
	"os"

	"github.com/qemutest/functional/qemutest/machine"
)

// AddFile lets QEMU inherit an open file, and returns the number that its
// descriptor has there, for arguments such as "-add-fd fd=3,set=1". QEMU has it
// once the machine is launched: the test may close it then.
func (vm *VM) AddFile(file *os.File) (fd int) {
	vm.test.t.Helper()
	vm.describe()
	vm.config.ExtraFiles = append(vm.config.ExtraFiles, file)
	return 2 + len(vm.config.ExtraFiles)
}

// SocketPair returns both ends of a UNIX stream socket, for two machines of the
// test ([VM.AddFile]) or for a machine and the test itself. They are closed when
// the test ends, if it did not close them before.
func (q *Test) SocketPair() (a, b *os.File) {
	q.t.Helper()
	a, b, err := machine.SocketPair()
	if err != nil {
		q.t.Fatal(err)
	}
	q.t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
