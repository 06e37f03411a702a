//go:build !qemu_select || qemu_s390x

package s390x

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// pxelinuxConfig offers three systems, of which the first can't be loaded.
const pxelinuxConfig = `# Three systems to boot over the network
default Debian

label Nonexisting
kernel kernel.notavailable
initrd initrd.notavailable

label Debian
kernel kernel.debian
initrd initrd.debian
append testoption=teststring

label Fedora
kernel kernel.fedora
`

// pxelinuxEntries requires firmware that lets loadparm or a menu choose; before,
// it took the default.
var pxelinuxEntries = qemutest.Version(">= 10.1", "the firmware boots the default entry only")

// The versions of the kernels, in what they print first.
const (
	debianVersion = "Debian 4.19.146-1 (2020-09-17)"
	fedoraVersion = "Linux version 5.3.7-301.fc31.s390x"
)

func TestS390XPXELinuxDefault(t *testing.T) {
	vm := pxelinuxBoot{config: "default"}.launch(t)
	vm.WaitFor("testoption=teststring")
	vm.WaitFor("Unpacking initramfs...")
	vm.WaitFor("Run /init as init process")
}

func TestS390XPXELinuxMAC(t *testing.T) {
	pxelinuxBoot{
		config:       "01-02-ca-fe-ba-be-42",
		nic:          ",mac=02:ca:fe:ba:be:42,loadparm=3",
		requirements: []qemutest.Requirement{pxelinuxEntries},
	}.checkFedora(t)
}

// The disk, which has nothing to boot, is tried first.
func TestS390XPXELinuxUUID(t *testing.T) {
	pxelinuxBoot{
		config: "550e8400-e29b-11d4-a716-446655441234",
		args: []string{
			"-blockdev", "null-co,size=65536,node-name=d1",
			"-device", "virtio-blk,drive=d1,bootindex=0,loadparm=1",
			"-uuid", "550e8400-e29b-11d4-a716-446655441234",
		},
		requirements: []qemutest.Requirement{deviceLoadparm},
	}.launch(t).WaitFor(debianVersion)
}

// The name of the file is the address 10.0.2.15 that the user network gives.
func TestS390XPXELinuxIP(t *testing.T) {
	pxelinuxBoot{
		config:         "0A00020F",
		machineOptions: ",loadparm=3",
		requirements:   []qemutest.Requirement{pxelinuxEntries},
	}.checkFedora(t)
}

// The name of the file is the beginning of the address.
func TestS390XPXELinuxMenu(t *testing.T) {
	vm := pxelinuxBoot{
		config:       "0A00",
		args:         []string{"-boot", "menu=on,splash-time=10"},
		requirements: []qemutest.Requirement{pxelinuxEntries},
	}.launch(t)
	vm.WaitFor("[1] Nonexisting")
	vm.WaitFor("[2] Debian")
	vm.WaitFor("[3] Fedora")
	vm.WaitFor(debianVersion)
}

// A pxelinuxBoot is a machine that boots over the network, from a TFTP server
// with pxelinuxConfig in one of the files where the firmware looks for it.
type pxelinuxBoot struct {
	config         string // name of the file in pxelinux.cfg
	machineOptions string // follow the machine type
	nic            string // options of the network card
	args           []string
	requirements   []qemutest.Requirement
}

func (b pxelinuxBoot) launch(t *testing.T) *qemutest.VM {
	vm := b.vm(t)
	vm.Launch()
	return vm
}

// checkFedora waits for the kernel of Fedora, which gets no root file system and
// panics soon after.
func (b pxelinuxBoot) checkFedora(t *testing.T) {
	vm := b.vm(t).ExpectConsole("Kernel panic - not syncing").ExpectExit(machine.GuestPanic)
	vm.Launch()
	vm.WaitFor(fedoraVersion)
}

func (b pxelinuxBoot) vm(t *testing.T) *qemutest.VM {
	q := qemutest.New(t, "s390x", append(b.requirements,
		qemutest.Machine("s390-ccw-virtio"+b.machineOptions),
		qemutest.Netdev("user"),
		qemutest.Memory(1<<30),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(busterKernel, busterInitrd, fedora31Kernel))...)

	dir := q.Scratch("tftp")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "pxelinux.cfg"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pxelinux.cfg", b.config), []byte(pxelinuxConfig), 0o644))
	for name, path := range map[string]string{
		"kernel.debian": q.Fetch(busterKernel),
		"initrd.debian": q.Fetch(busterInitrd),
		"kernel.fedora": q.Fetch(fedora31Kernel),
	} {
		require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	return q.VM(append(b.args,
		"-m", "384",
		"-netdev", "user,id=n1,tftp="+dir,
		"-device", "virtio-net-ccw,netdev=n1,bootindex=1"+b.nic)...)
}
