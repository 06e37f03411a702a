//go:build !qemu_select || qemu_ppc64

package ppc64

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/linux"
)

var alpineISO = asset.New(
	"https://dl-cdn.alpinelinux.org/alpine/v3.21/releases/ppc64le/alpine-standard-3.21.0-ppc64le.iso",
	"7651ab4e3027604535c0b36e86c901b4695bf8fe97b908f5b48590f6baae8f30")

func TestPPC64PseriesNestedKVM(t *testing.T) {
	hypervisor{
		machine: "pseries,x-vof=on,cap-nested-hv=on",
		accel:   "tcg,thread=multi",
		args:    []string{"-device", "nvme,serial=1234,drive=drive0"},
		guests:  []string{radix},
	}.run(t, qemutest.Accel("tcg"))
}

func TestPPC64PseriesNestedKVMOnKVM(t *testing.T) {
	hypervisor{
		machine: "pseries,x-vof=on,cap-nested-hv=on,cap-ccf-assist=off",
		accel:   "kvm",
		args:    []string{"-device", "nvme,serial=1234,drive=drive0"},
		guests:  []string{radix},
	}.run(t, qemutest.Accel("kvm"))
}

func TestPPC64PowerNVKVM(t *testing.T) {
	hypervisor{
		machine: "powernv",
		accel:   "tcg,thread=multi",
		args: []string{
			"-device", "nvme,bus=pcie.2,addr=0x0,serial=1234,drive=drive0",
			"-device", "e1000e,netdev=net0,mac=C0:FF:EE:00:00:02,bus=pcie.0,addr=0x0",
			"-netdev", "user,id=net0,hostname=alpine",
		},
		guests: []string{radix, hashed},
	}.run(t, qemutest.Accel("tcg"))
}

// The kernel command lines of nested guests, by their kind of page table.
const (
	radix  = "usbcore.nousb"
	hashed = "usbcore.nousb disable_radix"
)

// A hypervisor is a machine that runs Alpine Linux, which installs QEMU over
// the network and boots itself from the same disk as a guest under KVM.
type hypervisor struct {
	machine string
	accel   string
	args    []string // the disk drive0 and the network, where it is not the default one
	guests  []string // kernel command lines of the guests, one after another
}

func (h hypervisor) run(t *testing.T, requirements ...qemutest.Requirement) {
	const hostShell = "alpine:~#"
	q := qemutest.New(t, "ppc64", append(requirements,
		qemutest.Machine(h.machine),
		qemutest.Netdev("user"),
		qemutest.Command("xorriso"),
		qemutest.BigData(),
		qemutest.Timeout(1000*time.Second),
		qemutest.Memory(3<<30),
		qemutest.Cores(2),
		qemutest.Assets(alpineISO))...)

	vm := linux.Boot{
		Kernel: bootFile(q, "vmlinuz-lts"),
		Initrd: bootFile(q, "initramfs-lts"),
		Args: append([]string{
			"-accel", h.accel, "-smp", "4", "-m", "2g",
			"-drive", "file=" + q.Fetch(alpineISO) + ",format=raw,if=none,id=drive0,read-only=true",
		}, h.args...),
	}.Launch(q)
	alpineLogin.Run(vm)
	// Certificates are not valid at the time that the machine begins with.
	vm.Exec(time.Now().UTC().Format(`date -s "2006-01-02 15:04:05"`), alpineLogin.Shell)
	for _, command := range []string{"setup-alpine -qe", "setup-apkrepos -c1"} {
		vm.Exec(command, hostShell)
	}
	for _, command := range []string{"apk update", "apk add qemu-system-ppc64", "modprobe kvm-hv"} {
		vm.Exec(command+" || echo command' 'failed", hostShell, "command failed")
	}
	for _, kernelWords := range h.guests {
		vm.SendLine(nestedQEMU(kernelWords))
		alpineLogin.Run(vm)
		vm.SendLine("poweroff")
		vm.WaitFor("reboot: Power down")
		vm.WaitFor(hostShell)
	}
	vm.SendLine("poweroff")
	vm.WaitFor("reboot: Power down")
	require.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

// alpineLogin is the login of the live system, which knows no host name yet.
var alpineLogin = linux.Login{Prompt: "localhost login:", Shell: "localhost:~#"}

// bootFile returns the path of a file in the directory /boot of the ISO image.
func bootFile(q *qemutest.Test, name string) string {
	path := q.Scratch(name)
	q.HostCommand("xorriso", "-osirrox", "on", "-indev", q.Fetch(alpineISO), "-cpx", "/boot/"+name, path)
	return path
}

// nestedQEMU returns the command that boots the nested guest. The mitigations
// that it turns off are those that QEMU's TCG does not have.
func nestedQEMU(kernelWords string) string {
	return "qemu-system-ppc64 -nographic -smp 2 -m 1g" +
		" -machine pseries,x-vof=on,accel=kvm" +
		" -machine cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off" +
		" -drive file=/dev/nvme0n1,format=raw,readonly=on" +
		" -initrd /media/nvme0n1/boot/initramfs-lts -kernel /media/nvme0n1/boot/vmlinuz-lts" +
		" -append '" + kernelWords + "'"
}
