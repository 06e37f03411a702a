package machine

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Why a QEMU did not start: the value that errors.Is finds, and the sentence.
func TestCausesOfFailedLaunches(t *testing.T) {
	t.Parallel()
	binary := requireEmulator(t, "x86_64")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	address := taken.Addr().String()
	const (
		exited = "expected QEMU to start, it exited with status 1: qemu-system-x86_64: "
		option = " (this QEMU has no such option or value: correct it, or require a QEMU that has it)"
		bus    = " (the machine lacks the bus of the device: choose its sibling for a bus that the machine has, or another machine)"
		file   = " (QEMU cannot use a file: check that it is there and may be read)"
		port   = " (the port is in use: let QEMU choose one with port 0, and ask which)"
		memory = " (the host has too little memory: make the machine smaller, or run fewer of them)"
	)
	for _, test := range []struct {
		name string
		args []string
		kind Kind
		want error
		text string
	}{
		{"option", []string{"-foo"}, Exited, ErrOption, exited + "-foo: invalid option" + option},
		{
			"device", []string{"-device", "foo"}, Exited, ErrOption,
			exited + "-device foo: 'foo' is not a valid device model name" + option,
		},
		{
			"property", []string{"-device", "e1000,foo=1"}, Exited, ErrOption,
			exited + "-device e1000,foo=1: Property 'e1000.foo' not found" + option,
		},
		{"CPU", []string{"-cpu", "foo"}, Exited, ErrOption, exited + "unable to find CPU model 'foo'" + option},
		{"machine", []string{"-machine", "foo"}, Exited, ErrOption, exited + `unsupported machine type: "foo"` + option},
		{
			"value with a hint", []string{"-m", "12x"}, Exited, ErrOption,
			exited + "-m 12x: Parameter 'size' expects a non-negative number below 2^64" + option,
		},
		{
			"bus", []string{"-machine", "microvm", "-device", "virtio-serial-pci"}, Exited, ErrBus,
			exited + "-device virtio-serial-pci: No 'PCI' bus found for device 'virtio-serial-pci'" + bus,
		},
		{
			"missing file", []string{"-drive", "file=/no/such/disk"}, Exited, ErrFile,
			exited + "-drive file=/no/such/disk: Could not open '/no/such/disk': No such file or directory" + file,
		},
		{
			"missing kernel", []string{"-kernel", "/no/such/kernel"}, Exited, ErrFile,
			"expected QEMU to start, it exited with status 1: qemu: could not open kernel file '/no/such/kernel': No such file or directory" + file,
		},
		{
			"busy port", []string{"-vnc", "none", "-incoming", "tcp:" + address}, Exited, ErrPortInUse,
			exited + "-incoming tcp:" + address + ": Failed to find an available port: Address already in use" + port,
		},
		{
			"busy forwarded port", []string{"-nic", "user,hostfwd=tcp:" + address + "-:22"}, Exited, ErrPortInUse,
			exited + "-nic user,hostfwd=tcp:" + address + "-:22: Could not set up host forwarding rule 'tcp:" + address + "-:22'" + port,
		},
		{
			"no memory", []string{"-m", "64T"}, OutOfMemory, ErrMemory,
			"expected QEMU to start, but QEMU got no memory from the host, exit status 1: " +
				"qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory" + memory,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			failure := launchError(t, within(t, soon), Config{Binary: binary, Args: test.args, LogDir: t.TempDir()})
			assert.Equal(t, test.kind, failure.How.Kind)
			assert.Equal(t, 1, failure.How.Status)
			assertCause(t, test.want, failure)
			assert.Equal(t, test.text, firstLine(failure))
		})
	}
}

// A user without permission for KVM, as QEMU 7.2 and 10.0 say it.
func TestLaunchWithoutPermissionForKVM(t *testing.T) {
	t.Parallel()
	const advice = " (KVM cannot be used: see that /dev/kvm is there and that the user is in its group, or use -accel tcg)"
	for _, scene := range []string{"no KVM in 7.2", "no KVM in 10.0"} {
		failure := launchError(t, within(t, soon), fakeConfig(t, scene))
		assertCause(t, ErrKVM, failure)
		assert.Equal(t, "expected QEMU to start, it exited with status 1: "+
			"qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied"+advice, firstLine(failure))
	}

	if _, err := os.Stat("/dev/kvm"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs /dev/kvm and root, to give the permission up")
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("needs setpriv: install util-linux")
	}
	failure := launchError(t, within(t, soon), Config{
		Binary: requireEmulator(t, "x86_64"), Args: []string{"-accel", "kvm"},
		Wrapper: []string{setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"},
	})
	assertCause(t, ErrKVM, failure)
}

// assertCause checks that errors.Is finds one cause and no other.
func assertCause(t *testing.T, want error, failure error) {
	t.Helper()
	for _, cause := range []error{ErrOption, ErrBus, ErrFile, ErrPortInUse, ErrKVM, ErrMemory} {
		assert.Equal(t, cause == want, errors.Is(failure, cause), "%v\n%v", cause, failure)
	}
}

func firstLine(failure *LaunchError) string {
	first, _, _ := strings.Cut(failure.Error(), "\n")
	return first
}

// A guest may be done before anybody can ask QEMU what happened.
func TestAGuestThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	failure := launchError(t, within(t, soon), fakeConfig(t, "ends-at-once"))
	assert.Equal(t, "expected QEMU to start, but QEMU exited by itself with status 0, no SHUTDOWN event seen: "+
		"a guest that ends before the monitor is ready needs -S, and cont over QMP", firstLine(failure))
}

// The kernel kills a QEMU that takes more memory than its cgroup may.
func TestKilledForWantOfMemory(t *testing.T) {
	t.Parallel()
	procs := memoryGroup(t, "64M")
	m := launchReal(t, Config{
		Binary: requireEmulator(t, "x86_64"), Machine: "none",
		Wrapper: []string{"/bin/sh", "-c", `echo $$ >"$0" && exec "$@"`, procs},
	})
	_, _ = m.QMP().Execute(within(t, soon), "object-add", map[string]any{
		"qom-type": "memory-backend-ram", "id": "ram", "size": 512 << 20, "prealloc": true,
	})
	exit, err := m.Wait(within(t, soon))
	require.NoError(t, err)
	assert.Equal(t, OutOfMemory, exit.Kind)
	assert.Equal(t, "the host ran out of memory and its kernel killed QEMU", exit.String())
	assert.True(t, exit.Died())
}

// memoryGroup makes a cgroup that may take so much memory, and returns the file
// that takes processes into it.
func memoryGroup(t *testing.T, limit string) (procs string) {
	t.Helper()
	for _, version := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, // 1
		{"/sys/fs/cgroup", "memory.max"},                   // 2
	} {
		group, err := os.MkdirTemp(version.root, "machine-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(group) })
		if os.WriteFile(filepath.Join(group, version.limit), []byte(limit), 0o644) == nil {
			return filepath.Join(group, "cgroup.procs")
		}
	}
	t.Skip("needs the right to make a cgroup with a limit of memory")
	return ""
}
