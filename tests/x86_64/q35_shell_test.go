//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qemutest/functional/asset/apt"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var busybox = qemutest.Package(apt.Package{Name: "busybox-static", Arch: "amd64"})

// busyboxInit begins the /init of a guest that is not ours.
const busyboxInit = `#!/bin/sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /etc /root /run /var/log
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
/bin/busybox --install -s /bin
`

// shellInit goes on with a shell on the console.
const shellInit = "exec setsid cttyhack sh\n"

// foreignGuest is a guest that is not ours: the distribution's kernel, busybox,
// and what else it is given.
type foreignGuest struct {
	packages   []qemutest.Source
	modules    []string
	files      map[string]string // contents by name
	init       string            // after busyboxInit
	parameters string            // of the kernel
	args       []string
	shown      string // on the console when it has booted
}

// launch boots the guest.
func (f foreignGuest) launch(t *testing.T) *qemutest.VM {
	t.Helper()
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Memory(1<<30),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(append([]qemutest.Source{cloudKernel, busybox}, f.packages...)...))
	k := q.Kernel(cloudKernel)
	var root image.Initramfs
	for _, p := range f.packages {
		dir := q.Extract(p)
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "usr", "share")))
		root.AddTree(".", dir)
	}
	modules, err := k.Modules(f.modules...)
	require.NoError(t, err)
	init := busyboxInit
	for _, m := range modules {
		root.AddBytes(m.Name+".ko", 0o600, m.Content)
		init += "insmod /" + m.Name + ".ko\n"
	}
	for name, content := range f.files {
		root.AddBytes(name, 0o600, []byte(content))
	}
	root.AddFile("bin/busybox", 0o755, q.ExtractMember(busybox, "bin/busybox"))
	root.AddSymlink("bin/sh", "busybox")
	root.AddBytes("init", 0o755, []byte(init+f.init))
	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	vm := q.VM("-m", "512", "-nic", "none", "-kernel", k.Image, "-initrd", q.Initramfs(&root),
		"-append", strings.TrimSpace("console=ttyS0 no_timer_check panic=-1 "+f.parameters))
	vm.AddArgs(f.args...)
	vm.Launch()
	vm.WaitFor(f.shown)
	return vm
}

// A shell does all that the agent does, on the console that the kernel writes
// to.
func TestX86Q35GuestOverShell(t *testing.T) {
	vm := foreignGuest{init: shellInit, shown: "# "}.launch(t)
	g := vm.UseShell(guest.Login{})
	info := g.Wait()
	assert.Equal(t, "x86_64", info.Machine)
	assert.Contains(t, string(g.ReadFile("/proc/version")), info.Kernel)
	assert.Equal(t, "a  b", g.Output("echo", "a  b"))
	for i := range 20 {
		assert.Equal(t, fmt.Sprint(i), g.Output("echo", fmt.Sprint(i)))
	}
	var stdout, stderr bytes.Buffer
	result := g.Command(guest.Command{
		Args:   []string{"sh", "-c", "cat; echo $WORD >&2; exit 3"},
		Env:    []string{"WORD=word"},
		Stdin:  strings.NewReader("\x00\xff\r\n"),
		Stdout: &stdout,
		Stderr: &stderr,
	})
	assert.Equal(t, guest.Result{Status: 3}, result)
	assert.Equal(t, "\x00\xff\r\n", stdout.String())
	assert.Equal(t, "word\n", stderr.String())
	result = g.Command(guest.Command{Args: []string{"sh", "-c", "sleep 1000; true"}, Timeout: time.Second})
	assert.True(t, result.TimedOut)
	checkFile(t, g, "/tmp/file", 200<<10)
	assert.Equal(t, fs.FileMode(0o640), g.Stat("/tmp/file").Mode())
	g.Mount(guest.Mount{Source: "none", Target: "/mnt", Type: "tmpfs", Options: "ro"})
	assert.Contains(t, string(g.ReadFile("/proc/mounts")), "none /mnt tmpfs ro")

	// The shell is there again for the test.
	g.Close()
	vm.Exec("echo $((6*7))", "42")
	vm.UseShell(guest.Login{}).PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

// What the kernel prints in the midst of it all harms nothing.
func TestX86Q35GuestOverShellAmongKernelMessages(t *testing.T) {
	for name, parameters := range map[string]string{"times": "", "no times": "printk.time=0"} {
		t.Run(name, func(t *testing.T) {
			vm := foreignGuest{init: shellInit, shown: "# ", parameters: "printk.devkmsg=on " + parameters}.launch(t)
			g := vm.UseShell(guest.Login{})
			g.Run("sh", "-c", "(while :; do echo '<3>spam, spam, spam @Zo 1.0.0' >/dev/kmsg; usleep 50000; done) >/dev/null 2>&1 &")
			checkFile(t, g, "/tmp/file", 40<<10)
			for i := range 10 {
				assert.Equal(t, fmt.Sprint(i), g.Output("echo", fmt.Sprint(i)))
			}
			vm.WaitFor("spam, spam, spam")
		})
	}
}

// checkFile sends a file of random content and gets it back.
func checkFile(t *testing.T, g *qemutest.Guest, path string, size int64) {
	t.Helper()
	sent := sha256.New()
	g.Send(path, io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sent), 0o640)
	info := g.Stat(path)
	assert.Equal(t, size, info.Size())
	assert.Equal(t, filepath.Base(path), info.Name())
	received := sha256.New()
	g.Receive(path, received)
	assert.Equal(t, fmt.Sprintf("%x", sent.Sum(nil)), fmt.Sprintf("%x", received.Sum(nil)))
}
