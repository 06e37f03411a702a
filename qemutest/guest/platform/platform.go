package platform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qemutest/functional/qemutest/guest/agent"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/qemutest/machine"
)

// A Platform is a machine on which a distribution's kernel runs the programs of
// one GOARCH.
type Platform struct {
	GOARCH string

	Target  string // of the emulator: qemu-system-<Target>
	Machine string // value of -machine
	CPU     string // value of -cpu, "" for the default of the machine
	Memory  int    // in MiB
	CPUs    int    // value of -smp

	// Kernel is the distribution's kernel.
	Kernel kernel.Package

	// Terminal is the kernel's name of the first serial port.
	Terminal string

	// Append is what else the kernel is told on its command line.
	Append string

	// Port is the virtio-serial device for the machine's bus, Modules what
	// its driver is made of.
	Port    string
	Modules []string
}

// timer keeps an x86 kernel from looking, for a hundredth of a second of its own
// reckoning, whether the timer's interrupts arrive. Where QEMU lacks a processor
// they do not, and the kernel panics ("IO-APIC + timer doesn't work!").
const timer = "no_timer_check"

var (
	pci  = []string{"virtio_pci", "virtio_console"}
	mmio = []string{"virtio_mmio", "virtio_console"}
	ccw  = []string{"virtio_console"}
)

// platforms is one machine for each GOARCH: the one that runs it fastest and has
// virtio. The first one of a target is its default. Kernels that later releases
// of Debian dropped are taken from Debian 12 there.
var platforms = []Platform{
	{"amd64", "x86_64", "q35", "", 1024, 1, kernel.Package{Flavour: "cloud-amd64", Arch: "amd64"}, "ttyS0", timer, "virtio-serial-pci", pci},
	{"386", "i386", "pc", "", 1024, 1, kernel.Package{Flavour: "686", Arch: "i386", Suite: "bookworm"}, "ttyS0", timer, "virtio-serial-pci", pci},
	{"arm64", "aarch64", "virt", "cortex-a57", 1024, 2, kernel.Package{Flavour: "cloud-arm64", Arch: "arm64"}, "ttyAMA0", "", "virtio-serial-pci", pci},
	{"arm", "arm", "virt,highmem=off", "", 1024, 2, kernel.Package{Flavour: "armmp-lpae", Arch: "armhf"}, "ttyAMA0", "", "virtio-serial-device", mmio},
	{"mips64le", "mips64el", "loongson3-virt", "", 1024, 1, kernel.Package{Flavour: "loongson-3", Arch: "mips64el", Suite: "bookworm"}, "ttyS0", "", "virtio-serial-pci", pci},
	{"mipsle", "mipsel", "malta", "24Kf", 512, 1, kernel.Package{Flavour: "4kc-malta", Arch: "mipsel", Suite: "bookworm"}, "ttyS0", "", "virtio-serial-pci", pci},
	{"ppc64le", "ppc64", "pseries", "power9", 1024, 1, kernel.Package{Flavour: "powerpc64le", Arch: "ppc64el"}, "hvc0", "", "virtio-serial-pci", pci},
	{"riscv64", "riscv64", "virt", "", 1024, 1, kernel.Package{Flavour: "riscv64", Arch: "riscv64", Suite: "trixie"}, "ttyS0", "", "virtio-serial-pci", pci},
	{"s390x", "s390x", "s390-ccw-virtio", "", 1024, 1, kernel.Package{Flavour: "s390x", Arch: "s390x"}, "ttysclp0", "", "virtio-serial-ccw", ccw},
}

// ForGOARCH returns the platform for programs of an architecture.
func ForGOARCH(goarch string) (Platform, error) {
	for _, p := range platforms {
		if p.GOARCH == goarch {
			return p, nil
		}
	}
	var known []string
	for _, p := range platforms {
		known = append(known, p.GOARCH)
	}
	slices.Sort(known)
	return Platform{}, fmt.Errorf("expected a GOARCH that the distribution has a kernel for (%s), got %q", strings.Join(known, ", "), goarch)
}

// On returns the platform with another machine, CPU or amount of memory (in
// MiB) where these are not empty. The machine has to have the same bus and the
// same first serial port.
func (p Platform) On(machine, cpu string, memory int) Platform {
	if machine != "" {
		p.Machine = machine
	}
	if cpu != "" {
		p.CPU = cpu
	}
	if memory != 0 {
		p.Memory = memory
	}
	return p
}

// Config returns the machine that boots a kernel with an initial RAM file
// system, with the agent's port as Channel 0. The name of the emulator is
// completed from PATH unless the caller sets Binary.
func (p Platform) Config(image, initrd string) machine.Config {
	return machine.Config{
		Binary:  "qemu-system-" + p.Target,
		Machine: p.Machine,
		CPU:     p.CPU,
		// The kernel's watchdogs take a QEMU that lacks a processor for a kernel
		// that is stuck.
		Args: []string{
			"-m", strconv.Itoa(p.Memory),
			"-smp", strconv.Itoa(p.CPUs),
			"-nic", "none",
			"-no-reboot",
			"-kernel", image,
			"-initrd", initrd,
			"-append", strings.TrimSpace(fmt.Sprintf("printk.time=0 quiet nowatchdog panic=-1 console=%s %s=%d %s",
				p.Terminal, agent.ClockParameter, time.Now().Unix(), p.Append)),
			"-device", p.Port,
		},
		Channels: []machine.Channel{{Device: "virtserialport,name=" + agent.PortName}},
	}
}

// ForTarget returns the platform for a target of QEMU, such as "aarch64".
func ForTarget(target string) (Platform, error) {
	var known []string
	for _, p := range platforms {
		if p.Target == target {
			return p, nil
		}
		known = append(known, p.Target)
	}
	slices.Sort(known)
	return Platform{}, fmt.Errorf("expected a target that the distribution has a kernel for (%s), got %q", strings.Join(known, ", "), target)
}
