//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qemutest/functional/asset/apt"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// debian returns packages of amd64. They are named with the libraries that they
// need, by the names of Debian 12; where one is not to be had, tests skip.
func debian(names ...string) []qemutest.Source {
	sources := make([]qemutest.Source, len(names))
	for i, name := range names {
		sources[i] = qemutest.Package(apt.Package{Name: name, Arch: "amd64"})
	}
	return sources
}

var (
	common   = debian("libc6", "libtinfo6")
	bash     = debian("bash")
	agetty   = debian("util-linux")
	pamLogin = debian("login", "libpam0g", "libpam-modules", "libaudit1", "libcap-ng0", "libcrypt1", "libselinux1", "libpcre2-8-0")
	openSSH  = debian("openssh-server", "libaudit1", "libcap-ng0", "libcap2", "libcom-err2", "libcrypt1", "libgcrypt20",
		"libgpg-error0", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1", "libkrb5-3", "libkrb5support0", "liblz4-1",
		"liblzma5", "libnsl2", "libpam0g", "libpcre2-8-0", "libselinux1", "libssl3", "libsystemd0", "libtirpc3", "libwrap0",
		"libzstd1", "zlib1g")
)

// respawn returns an /init that asks for a user on the console without end, and
// for root's password "secret", whose shell is given.
func respawn(getty, shell string) string {
	return fmt.Sprintf(`
echo 'root:x:0:0:root:/root:%s' >/etc/passwd
echo 'root:x:0:' >/etc/group
echo "root:$(mkpasswd -m md5 secret):19000:0:99999:7:::" >/etc/shadow
mkdir -p /etc/pam.d
for kind in auth account session; do echo "$kind required pam_unix.so"; done >/etc/pam.d/login
while :; do setsid %s; done
`, shell, getty)
}

// Logins of all kinds are answered, while the kernel prints, too, and after a
// reboot the guest is the one that has started anew.
func TestX86Q35GuestOverLogin(t *testing.T) {
	const (
		gettyOfBusybox = "getty -L 115200 ttyS0 vt100"
		gettyOfLinux   = "/sbin/agetty --noclear 115200 ttyS0 vt100"
	)
	spam := "(while :; do echo '<3>spam, spam, spam' >/dev/kmsg; usleep 100000; done) &\n"
	for name, f := range map[string]foreignGuest{
		"busybox":             {init: respawn(gettyOfBusybox, "/bin/sh")},
		"agetty and bash":     {init: respawn(gettyOfLinux, "/bin/bash"), packages: slices.Concat(common, bash, agetty, pamLogin)},
		"agetty and dash":     {init: respawn(gettyOfLinux, "/bin/dash"), packages: slices.Concat(common, debian("dash"), agetty, pamLogin)},
		"among kernel's text": {init: spam + respawn(gettyOfBusybox, "/bin/sh"), parameters: "printk.devkmsg=on"},
	} {
		t.Run(name, func(t *testing.T) {
			f.shown = "login: "
			vm := f.launch(t)
			g := vm.UseShell(guest.Login{User: "root", Password: "secret"})
			assert.Equal(t, "root", g.Output("whoami"))
			checkStarts(t, g)
			g.PowerOff()
			assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
		})
	}
}

// checkStarts checks that a guest that was to reboot has done so when it
// answers.
func checkStarts(t *testing.T, g *qemutest.Guest) {
	t.Helper()
	const bootID = "/proc/sys/kernel/random/boot_id"
	first := string(g.ReadFile(bootID))
	g.Reboot()
	g.Wait()
	assert.NotEqual(t, first, string(g.ReadFile(bootID)))
}

// sshdInit is the /init of a guest with an SSH server.
const sshdInit = `
ifconfig lo up
ifconfig eth0 10.0.2.15 up
mkdir -p /run/sshd
echo 'root:x:0:0:root:/root:/bin/bash' >/etc/passwd
echo 'sshd:x:74:74:sshd:/run/sshd:/bin/false' >>/etc/passwd
/usr/sbin/sshd -E /dev/console -f /sshd_config
` + shellInit

const sshdConfig = `
HostKey /host_key
AuthorizedKeysFile /authorized_keys
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
`

// OpenSSH's server does all that the agent does.
func TestX86Q35GuestOverOpenSSH(t *testing.T) {
	host, hostKey := newKey(t)
	user, _ := newKey(t)
	vm := foreignGuest{
		packages: slices.Concat(common, bash, openSSH),
		modules:  []string{"virtio_pci", "virtio_net"},
		files: map[string]string{
			"host_key":        hostKey,
			"authorized_keys": string(ssh.MarshalAuthorizedKey(user.PublicKey())),
			"sshd_config":     sshdConfig,
		},
		init:  sshdInit,
		args:  []string{"-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:0-:22", "-device", "virtio-net-pci,netdev=net"},
		shown: "# ",
	}.launch(t)
	g := vm.UseSSH(22, &ssh.ClientConfig{
		User:            "root",
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(user)},
		HostKeyCallback: ssh.FixedHostKey(host.PublicKey()),
	})
	info := g.Wait()
	assert.Equal(t, "x86_64", info.Machine)
	assert.Contains(t, string(g.ReadFile("/proc/version")), info.Kernel)
	checkFile(t, g, "/tmp/file", 20<<20)
	for _, status := range []int{3, 113, 255} {
		assert.Equal(t, guest.Result{Status: status}, g.Command(guest.Command{Args: []string{"sh", "-c", fmt.Sprint("exit ", status)}}))
	}
	result := g.Command(guest.Command{Args: []string{"sh", "-c", "kill -SEGV $$"}})
	assert.Equal(t, "SIGSEGV", result.Signal)

	var commands sync.WaitGroup
	for worker := range 8 {
		commands.Go(func() {
			for i := range 12 {
				text := fmt.Sprintf("%d of %d\x00", i, worker)
				var stdout strings.Builder
				command := guest.Command{Args: []string{"cat"}, Stdin: strings.NewReader(text), Stdout: &stdout}
				_, err := g.Remote().Run(t.Context(), command)
				assert.NoError(t, err)
				assert.Equal(t, text, stdout.String())
			}
		})
	}
	commands.Wait()

	// A command that floods, with a child that stays, ends at its limit.
	result = g.Command(guest.Command{
		Args:    []string{"sh", "-c", "sleep 1000 & yes"},
		Stdout:  io.Discard,
		Timeout: 2 * time.Second,
	})
	assert.True(t, result.TimedOut)

	checkStarts(t, g)
	g.PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

// newKey returns a new key, and the text of its private half.
func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return signer, string(pem.EncodeToMemory(block))
}
