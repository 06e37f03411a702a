//go:build !qemu_select || qemu_s390x

package s390x

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	fedora31Kernel = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/31/Server/s390x/os/images/kernel.img",
		"480859574f3f44caa6cd35c62d70e1ac0609134e22ce2a954bbed9b110c06e0b")
	fedora31Initrd = asset.New(
		"https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/31/Server/s390x/os/images/initrd.img",
		"04c46095b2c49020b1c2327158898b7db747e4892ae319726192fb949716aa9c")
)

// fedoraShell is the prompt of the rescue shell.
const fedoraShell = ":/#"

// What the command line of QEMU says, the guest sees; a crypto device comes and
// goes while it runs.
func TestS390XFedoraDevices(t *testing.T) {
	vm := bootFedora31(t)
	for _, check := range []struct{ command, answer string }{
		{"while ! (dmesg | grep enP7p0s0) ; do sleep 1 ; done", "virtio_net virtio0 enP7p0s0: renamed"},
		{"lspci", "0007:00:00.0 Class 0200: Device 1af4:1041"},
		{"cat /sys/class/net/enP7p0s0/address", "02:ca:fe:fa:ce:12"},
		{"lscss", "0.1.9876"},
		{"lscss", "0.2.5432"},
		{"cat /proc/cpuinfo", "processors    : 4"},
		{"grep MemTotal /proc/meminfo", "MemTotal:         499848 kB"},
		{"grep Name /proc/sysinfo", "Extended Name:   Some Guest Name"},
		{"grep UUID /proc/sysinfo", "30de4fd9-b4d5-409e-86a5-09b387f70bfa"},
	} {
		vm.Exec(check.command, check.answer)
		vm.WaitFor(fedoraShell)
	}

	vm.Exec("dmesg -c > /dev/null", fedoraShell)
	vm.QMP("object-add", qemutest.Args{"qom-type": "cryptodev-backend-builtin", "id": "cbe0"})
	vm.QMP("device_add", qemutest.Args{
		"driver": "virtio-crypto-ccw", "id": "crypdev0", "cryptodev": "cbe0", "devno": "fe.0.2342",
	})
	vm.Exec("while ! (dmesg -c | grep Accelerator.device) ; do sleep 1 ; done", "Accelerator device is ready")
	vm.WaitFor(fedoraShell)
	vm.Exec("lscss", "0.0.2342")
	vm.WaitFor(fedoraShell)
	vm.QMP("device_del", qemutest.Args{"id": "crypdev0"})
	vm.WaitForEvent("DEVICE_DELETED", qemutest.Args{"device": "crypdev0"})
	vm.QMP("object-del", qemutest.Args{"id": "cbe0"})
	vm.Exec("while ! (dmesg -c | grep Start.virtcrypto_remove) ; do sleep 1 ; done", "Start virtcrypto_remove.")
}

// A text that the guest writes to the frame buffer shows up in a screenshot. Of
// each four bytes of a pixel the first one does not count, so the blanks go.
func TestS390XFedoraScreendump(t *testing.T) {
	vm := bootFedora31(t, qemutest.Flaky("no bug is filed"))
	vm.Exec("while ! (dmesg | grep gpudrmfb) ; do sleep 1 ; done", "virtio_gpudrmfb frame buffer device")
	vm.WaitFor(fedoraShell)
	vm.Exec(`echo -e "\e[?25l" > /dev/tty0`, fedoraShell) // hides the cursor
	vm.Exec(`for ((i=0;i<250;i++)); do echo " The  qu ick  fo x j ump s o ver  a  laz y d og" >> fox.txt;done`, fedoraShell)
	vm.Exec("dd if=fox.txt of=/dev/fb0 bs=1000 oflag=sync,nocache ; rm fox.txt", "12+0 records out")

	path := vm.Test().Log("screen.ppm")
	vm.QMP("screendump", qemutest.Args{"filename": path})
	screen, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(screen), "P6\n1280 800\n255\nThe quick fox jumps over a lazy dog\n"),
		"the picture begins with %.60q", screen)
}

// What the guest says of itself (Control-Program Identification) can be read
// from QEMU's object model.
func TestS390XFedoraIdentification(t *testing.T) {
	vm := bootFedora31(t, qemutest.Version(">= 10.1", "there is no Control-Program Identification"))
	vm.Exec("echo TESTVM > /sys/firmware/cpi/system_name", fedoraShell)
	vm.Exec("echo LINUX > /sys/firmware/cpi/system_type", fedoraShell)
	vm.Exec("echo TESTPLEX > /sys/firmware/cpi/sysplex_name", fedoraShell)
	vm.Exec("echo 0x001a000000060b00 > /sys/firmware/cpi/system_level", fedoraShell)
	vm.Exec("echo 1 > /sys/firmware/cpi/set", fedoraShell)
	vm.WaitForEvent("SCLP_CPI_INFO_AVAILABLE")

	require.NotZero(t, identification[uint64](vm, "timestamp"))
	require.Equal(t, "TESTVM", strings.TrimSpace(identification[string](vm, "system_name")))
	require.Equal(t, "LINUX", strings.TrimSpace(identification[string](vm, "system_type")))
	require.Equal(t, "TESTPLEX", strings.TrimSpace(identification[string](vm, "sysplex_name")))
	require.Equal(t, uint64(0x001a000000060b00), identification[uint64](vm, "system_level"))
}

func identification[T any](vm *qemutest.VM, property string) T {
	return qemutest.Query[T](vm, "qom-get", qemutest.Args{
		"path":     "/machine/sclp/s390-sclp-event-facility/sclpcpi",
		"property": property,
	})
}

// bootFedora31 boots the installer of Fedora into its rescue shell.
func bootFedora31(t *testing.T, requirements ...qemutest.Requirement) *qemutest.VM {
	q := qemutest.New(t, "s390x", append(requirements,
		qemutest.Machine("s390-ccw-virtio"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Memory(1<<30),
		qemutest.Assets(fedora31Kernel, fedora31Initrd))...)

	boot := linux.Boot{
		Kernel: q.Fetch(fedora31Kernel),
		Initrd: q.DecompressWith(fedora31Initrd, archive.Options{Compression: archive.XZ}),
		Append: "audit=0 rd.plymouth=0 plymouth.enable=0 rd.rescue",
		Args: []string{
			"-smp", "4", "-m", "512",
			"-name", "Some Guest Name",
			"-uuid", "30de4fd9-b4d5-409e-86a5-09b387f70bfa",
			"-device", "zpci,uid=7,target=n",
			"-device", "virtio-net-pci,id=n,mac=02:ca:fe:fa:ce:12",
			"-device", "virtio-rng-ccw,devno=fe.1.9876",
			"-device", "virtio-gpu-ccw,devno=fe.2.5432",
		},
	}
	vm := boot.Launch(q)
	vm.WaitFor("Kernel command line: " + boot.CommandLine())
	vm.WaitFor("Entering emergency mode")
	vm.WaitFor(fedoraShell)
	return vm
}
