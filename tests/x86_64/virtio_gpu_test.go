//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	fedora33Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/33/Everything/x86_64/os/images/pxeboot/vmlinuz",
		"2dc5fb5cfe9ac278fa45640f3602d9b7a08cc189ed63fd9b162b07073e4df397")
	fedora33Initrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/33/Everything/x86_64/os/images/pxeboot/initrd.img",
		"c49b97f893a5349e4883452178763e402bdc5caa8845b226a2d1329b5f356045")
)

// A display adapter offers its guest the host's OpenGL.
func TestX86VirtioVGAVirgl(t *testing.T) {
	q := newVirgl(t, "pc", "virtio-vga-gl")
	bootVirgl(q, "-device", "virtio-vga-gl")
}

// A display adapter that another process computes does so, too.
func TestX86VhostUserVGAVirgl(t *testing.T) {
	q := newVirgl(t, "pc,memory-backend=mem", "vhost-user-vga")
	server := q.Build("contrib", "vhost-user-gpu", "vhost-user-gpu")
	socket := filepath.Join(q.SocketDir(), "gpu")
	serveGPU(t, q, server, socket)
	bootVirgl(q,
		"-object", "memory-backend-memfd,id=mem,size=2G",
		"-chardev", "socket,id=vug,path="+socket,
		"-device", "vhost-user-vga,chardev=vug")
}

func newVirgl(t *testing.T, machineType, device string) *qemutest.Test {
	return qemutest.New(t, "x86_64",
		qemutest.Machine(machineType),
		qemutest.CPU("host"),
		qemutest.Accel("kvm"),
		qemutest.Device(device),
		qemutest.Memory(5<<29),
		qemutest.Assets(fedora33Kernel, fedora33Initrd))
}

// bootVirgl boots into a shell, loads the driver of the display, and checks
// what it finds.
func bootVirgl(q *qemutest.Test, args ...string) {
	vm := linux.Boot{
		Kernel: q.Fetch(fedora33Kernel),
		Initrd: q.Fetch(fedora33Initrd),
		Append: "console=ttyS0 rdinit=/bin/bash",
		Args:   append([]string{"-accel", "kvm", "-m", "2G", "-display", "egl-headless"}, args...),
	}.VM(q)
	vm.LaunchOrSkip(
		"egl: no drm render node available",
		"egl: render node init failed",
		"'type' does not accept value 'egl-headless'",
		"Display 'egl-headless' is not available",
		"eglInitialize failed: EGL_NOT_INITIALIZED",
		"virgl could not be initialized",
		"The display backend does not have OpenGL support enabled")
	vm.WaitFor("as init process")
	vm.Exec("/usr/sbin/modprobe virtio_gpu", "features: +virgl +edid")
	vm.Shutdown() // before the process that serves its display ends
}

// serveGPU starts vhost-user-gpu as soon as QEMU connects to the socket. It
// ends when QEMU closes the connection.
func serveGPU(t *testing.T, q *qemutest.Test, server, socket string) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	require.NoError(t, err)
	log, err := os.Create(q.Log("vhost-user-gpu.log"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(q.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.AcceptUnix()
		if err != nil {
			return // QEMU did not start
		}
		defer conn.Close()
		file, err := conn.File()
		if !assert.NoError(t, err) {
			return
		}
		cmd := exec.CommandContext(ctx, server, "--virgl", "--fd=3")
		cmd.ExtraFiles = []*os.File{file}
		cmd.Stdout, cmd.Stderr = log, log
		err = cmd.Start()
		// From here on only the server holds QEMU's connection.
		file.Close()
		conn.Close()
		if assert.NoError(t, err) {
			// How it ends does not matter: the test's end kills it.
			_ = cmd.Wait()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		cancel()
		<-done
		log.Close()
	})
}
