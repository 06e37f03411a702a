//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bootDir names a directory with the kernel and the initial RAM file system of
// TestX86Q35GuestOverVsock, where these cannot be made.
const bootDir = "QEMUTEST_VSOCK_BOOT"

func TestX86Q35GuestOverVsock(t *testing.T) {
	requirements := []qemutest.Requirement{
		qemutest.Machine("q35"),
		qemutest.Device("vhost-vsock-pci"),
		qemutest.Vsock(),
		qemutest.Memory(1 << 30),
		qemutest.Timeout(5 * time.Minute),
	}
	dir := os.Getenv(bootDir)
	if dir == "" {
		requirements = append(requirements, qemutest.Assets(cloudKernel))
	}
	q := qemutest.New(t, "x86_64", requirements...)
	kernel, initrd := filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd")
	if dir == "" {
		kernel, initrd = vsockGuest(q)
	}
	vm := q.VM("-m", "512M", "-nic", "none", "-kernel", kernel, "-initrd", initrd,
		"-append", "quiet nowatchdog console=ttyS0 no_timer_check panic=-1")
	vm.EnableGuest(qemutest.VsockChannel(""))
	vm.Launch()
	g := vm.Guest()
	assert.Equal(t, "vsock:29037", g.Wait().Channel)
	assert.Equal(t, "guest", g.Output("hostname"))
	content := bytes.Repeat([]byte("\x00\xffsome text\r\n"), 1<<20/13)
	g.WriteFile("/tmp/file", content, 0o600)
	assert.True(t, bytes.Equal(content, g.ReadFile("/tmp/file")), "the file comes back as it was sent")
	g.Reboot()
	assert.Empty(t, g.ReadDir("/tmp"))
	g.PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

// vsockGuest returns a kernel and an initial RAM file system with the agent and
// the driver of a vsock.
func vsockGuest(q *qemutest.Test) (kernel, initrd string) {
	k := q.Kernel(cloudKernel)
	root := q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"}, "vmw_vsock_virtio_transport")
	root.AddSymlink("usr/bin/hostname", "/init")
	return k.Image, q.Initramfs(root)
}

// Few hosts have vsocks. A guest can: it is the host of
// TestX86Q35GuestOverVsock here, with the QEMU of this host.
func TestX86Q35GuestOverVsockOfAGuest(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Device("vhost-vsock-pci"),
		qemutest.HostOS("linux"),
		qemutest.HostArch("x86_64"),
		qemutest.Command("ldd", "sh"),
		qemutest.Memory(3<<30),
		qemutest.Timeout(15*time.Minute),
		qemutest.Assets(cloudKernel))
	self, err := os.Executable()
	require.NoError(t, err)
	kernel, initrd := vsockGuest(q)

	root := q.AgentInitramfs(q.Kernel(cloudKernel), image.GoProgram{GOARCH: "amd64"}, "vhost_vsock")
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	addProgram(q, root, "bin/sh", shell)
	addProgram(q, root, "usr/bin/qemu-system-x86_64", q.Emulator())
	for _, dir := range []string{"/usr/lib/*/qemu", "/usr/lib/qemu", "/usr/lib64/qemu"} {
		modules, err := filepath.Glob(filepath.Join(dir, "accel-tcg-*.so")) // where QEMU has it apart
		require.NoError(t, err)
		for _, module := range modules {
			addProgram(q, root, module[1:], module)
		}
	}
	addProgram(q, root, "usr/bin/x86_64.test", self)
	for _, name := range []string{"bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin"} {
		root.AddFile("usr/share/qemu/"+name, 0o644, q.Firmware(name))
	}
	root.AddFile("boot/vmlinuz", 0o644, kernel)
	root.AddFile("boot/initrd", 0o644, initrd)

	vm := q.VM("-m", "2G", "-nic", "none", "-no-reboot",
		"-kernel", kernel,
		"-initrd", q.Initramfs(root),
		"-append", "quiet nowatchdog console=ttyS0 no_timer_check panic=-1")
	vm.EnableGuest(qemutest.VirtioChannel(""))
	vm.Launch()
	result := vm.Guest().Command(guest.Command{
		Args:   []string{"x86_64.test", "-test.v", "-test.run=^TestX86Q35GuestOverVsock$", "-test.timeout=0"},
		Dir:    "/tmp",
		Env:    []string{bootDir + "=/boot", "QEMU_TEST_TIMEOUT_SCALE=10"},
		Stdout: t.Output(),
		Stderr: t.Output(),
	})
	require.NoError(t, result.Err())
}

// addProgram adds a program of this host to a file system, with the libraries
// that it is linked with.
func addProgram(q *qemutest.Test, root *image.Initramfs, name, program string) {
	root.AddFile(name, 0o755, program)
	for line := range strings.Lines(q.HostCommand("ldd", program)) {
		_, library, found := strings.Cut(line, "/") // "	libc.so.6 => /lib/libc.so.6 (0x7f…)", or without the first part
		if found {
			library, _, _ = strings.Cut(library, " ")
			root.AddFile(library, 0o755, "/"+library)
		}
	}
}
