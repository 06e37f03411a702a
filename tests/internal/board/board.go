package board

import (
	"cmp"
	"context"
	"errors"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// Board is a machine type with a kernel that boots on it, and what the guest
// must find there.
type Board struct {
	// Name is the name of the subtest; Machine if empty.
	Name string
	// Machine is the machine type, with options after a comma.
	Machine string
	// CPUModel is the value of -cpu, "" for the board's own.
	CPUModel string
	// Kernel is the kernel and the instruction set of its guests.
	Kernel Kernel
	// DTB is the device tree in the kernel's package; "" for the one that QEMU
	// makes, or none.
	DTB string
	// Console is the terminal of the kernel, such as "ttyS0", and Port the
	// serial port behind it, counted from 0.
	Console string
	Port    int
	// Append goes before the console on the kernel's command line.
	Append string
	// Modules are the modules that the devices need. Those that are built in
	// are left out.
	Modules []string
	// Memory is the size of the RAM in MiB, and FixedMemory that the board has
	// always so much.
	Memory      int64
	FixedMemory bool
	// CPUs is how many CPUs the board has; 1 if 0. FixedCPUs says that it has
	// them without -smp.
	CPUs      int
	FixedCPUs bool
	// LateCPUs has the guest start all CPUs but the first when it has done all
	// else, and QEMU emulate them in one thread. After each module Linux
	// for 32-bit Arm flushes the TLB page by page, up to 200,000 times, and all
	// CPUs take part in that: if each has its thread, minutes go by on a busy
	// host. In one thread, in turn, it is the boot with several CPUs that takes
	// so long, because they wait for each other in loops. It takes a platform
	// whose CPUs Linux can also stop.
	LateCPUs bool
	// Args are further arguments for QEMU.
	Args []string

	// Model is what the machine calls itself in its device tree, its DMI, or
	// /proc/cpuinfo.
	Model string
	// CPU is a text of /proc/cpuinfo that tells the model of the CPU.
	CPU string
	// Drivers are those that must have a device, as "bus/driver".
	Drivers []string
	// RTC says that rtc0 shows the time of -rtc.
	RTC bool
	// Disk is the disk that is read and written; none if its Device is empty.
	Disk Disk
	// NIC is the network interface that is used; none if its Interface is empty.
	NIC NIC
	// I2C is the bus that gets an EEPROM; none if its Adapter is empty.
	I2C I2C
	// GPIO is the line that is switched; none if its Chip is empty.
	GPIO GPIO
	// Watchdog is the identity of watchdog0, which ends the machine if End says
	// so.
	Watchdog string
	// End is how the guest ends: by powering off, if empty.
	End report.Ending
	// Halts says that the machine cannot be powered off: the kernel halts, or
	// tells a power controller that does nothing, and the test ends QEMU.
	Halts bool

	// Before are changes of the row for older versions of QEMU.
	Before []Before
	// Requirements are what else the test needs, such as a version of QEMU.
	Requirements []qemutest.Requirement
	// Timeout is the limit of the test; four minutes if 0.
	Timeout time.Duration
}

// Kernel is a kernel of the distribution, and how its programs are built.
type Kernel struct {
	kernel.Package
	Program image.GoProgram // without Package
}

// The kernels of Debian 12, and those that only later releases have. Those that later releases dropped are taken from
// Debian 12 there.
var (
	AMD64      = Kernel{kernel.Package{Arch: "amd64", Flavour: "amd64"}, image.GoProgram{GOARCH: "amd64"}}
	CloudAMD64 = Kernel{kernel.Package{Arch: "amd64", Flavour: "cloud-amd64"}, image.GoProgram{GOARCH: "amd64"}}
	I686       = Kernel{kernel.Package{Arch: "i386", Flavour: "686", Suite: "bookworm"}, image.GoProgram{GOARCH: "386"}}
	I686PAE    = Kernel{kernel.Package{Arch: "i386", Flavour: "686-pae", Suite: "bookworm"}, image.GoProgram{GOARCH: "386"}}
	ARM64      = Kernel{kernel.Package{Arch: "arm64", Flavour: "arm64"}, image.GoProgram{GOARCH: "arm64"}}
	CloudARM64 = Kernel{kernel.Package{Arch: "arm64", Flavour: "cloud-arm64"}, image.GoProgram{GOARCH: "arm64"}}
	ARMMP      = Kernel{kernel.Package{Arch: "armhf", Flavour: "armmp"}, image.GoProgram{GOARCH: "arm", GOARM: "7"}}
	RPi        = Kernel{kernel.Package{Arch: "armel", Flavour: "rpi", Suite: "bookworm"}, image.GoProgram{GOARCH: "arm", GOARM: "6"}}
	ARMMPLPAE  = Kernel{kernel.Package{Arch: "armhf", Flavour: "armmp-lpae"}, image.GoProgram{GOARCH: "arm", GOARM: "7"}}
	Malta4KC   = Kernel{kernel.Package{Arch: "mipsel", Flavour: "4kc-malta", Suite: "bookworm"}, image.GoProgram{GOARCH: "mipsle", GOMIPS: "softfloat"}}
	Malta5KC   = Kernel{kernel.Package{Arch: "mips64el", Flavour: "5kc-malta", Suite: "bookworm"}, image.GoProgram{GOARCH: "mips64le", GOMIPS64: "softfloat"}}
	Loongson3  = Kernel{kernel.Package{Arch: "mips64el", Flavour: "loongson-3", Suite: "bookworm"}, image.GoProgram{GOARCH: "mips64le", GOMIPS64: "softfloat"}}
	PowerPC64  = Kernel{kernel.Package{Arch: "ppc64el", Flavour: "powerpc64le"}, image.GoProgram{GOARCH: "ppc64le"}}
	RISCV64    = Kernel{kernel.Package{Arch: "riscv64", Flavour: "riscv64", Suite: "trixie"}, image.GoProgram{GOARCH: "riscv64"}}
	S390X      = Kernel{kernel.Package{Arch: "s390x", Flavour: "s390x"}, image.GoProgram{GOARCH: "s390x"}}
)

// Disk is a disk that the test makes.
type Disk struct {
	// Device is its name in the guest's /dev, such as "vda", or a pattern such
	// as "mmcblk?" where Linux numbers controllers as they come.
	Device string
	// Drive is the value of -drive without format and file: "if=sd".
	Drive string
	// Args are further arguments, for example the -device that takes the drive.
	Args []string
}

// VirtioDisk returns a virtio disk: model is virtio-blk-pci or one of its
// siblings on other buses.
func VirtioDisk(model string) Disk {
	return Disk{Device: "vda", Drive: "if=none,id=disk0", Args: []string{"-device", model + ",drive=disk0"}}
}

// SDCard returns a card in the board's slot.
func SDCard(device string) Disk { return Disk{Device: device, Drive: "if=sd"} }

// IDEDisk is a disk at the machine's own IDE or AHCI controller.
var IDEDisk = Disk{Device: "sda", Drive: "if=ide"}

// NIC is a network interface behind QEMU's user network.
type NIC struct {
	// Interface is its name in the guest, such as "eth0".
	Interface string
	// Model is the device model that is plugged; "" for what is on the board.
	Model string
}

// Run tests the boards of a target, each in a subtest.
func Run(t *testing.T, target string, boards ...Board) {
	for _, b := range boards {
		t.Run(cmp.Or(b.Name, b.Machine), func(t *testing.T) { b.run(b.new(t, target)) })
	}
}

// new checks what the board needs.
func (b Board) new(t *testing.T, target string) *qemutest.Test {
	requirements := []qemutest.Requirement{
		qemutest.Machine(b.Machine),
		qemutest.Assets(b.Kernel.Package),
		b.Kernel.ready(),
		qemutest.Timeout(cmp.Or(b.Timeout, 4*time.Minute)),
		qemutest.Memory(b.Memory<<20 + 256<<20),
		qemutest.Cores(1),
	}
	if b.CPUModel != "" {
		requirements = append(requirements, qemutest.CPU(b.CPUModel))
	}
	if b.NIC.Interface != "" {
		requirements = append(requirements, qemutest.Netdev("user"))
	}
	return qemutest.New(t, target, slices.Concat(requirements, b.Requirements)...)
}

// ready is the requirement that the kernel is unpacked and the guest's program
// compiled, which takes a while the first time: the clock of the test starts
// after that.
func (k Kernel) ready() qemutest.Requirement {
	return qemutest.Require("a program for "+k.Arch, qemutest.StageAssets, func(ctx context.Context, _ *qemutest.Test) error {
		if _, err := k.Fetch(ctx); err != nil {
			return nil // Assets tells
		}
		if _, err := k.Open(ctx); err != nil {
			return err
		}
		_, err := k.program().Build(ctx)
		if errors.Is(err, exec.ErrNotFound) {
			return qemutest.Skipf(qemutest.KindCommand, "%v", err)
		}
		return err
	})
}

// program is the program of the guests.
func (k Kernel) program() image.GoProgram {
	p := k.Program
	p.Package = "github.com/qemutest/functional/tests/internal/board/init"
	return p
}

// run boots the board and goes through all that the guest reports.
func (b Board) run(q *qemutest.Test) {
	k := q.Kernel(b.Kernel.Package)
	b = b.adapt(q)
	s := &session{Board: b, q: q}
	job := b.job()
	if b.NIC.Interface != "" {
		job.URL, job.Port = s.serve(), guestPort
	}
	if b.Disk.Device != "" {
		s.disk = q.Scratch("disk.raw")
		q.Check(writeDisk(s.disk))
	}
	if b.I2C.Adapter != "" {
		s.eeprom = q.Scratch("eeprom.raw")
		q.Check(writeEEPROM(s.eeprom))
	}
	s.vm = s.boot(k, job).VM(q).AddArgs("-no-reboot")
	s.vm.Launch()
	defer keepAwake(q.Context(), s.vm.Machine().QMP())()
	s.vm.WaitForRegexp(k.Banner())
	s.vm.WaitForRegexp(`Run /init as init process|` + report.Mark)
	s.checkFacts()
	s.checkDisk()
	s.checkEEPROM()
	s.checkGPIO()
	s.checkNetwork()
	s.checkSMP()
	s.checkEnd()
}

// lateCPUs is the number of CPUs that the guest has to start.
func (b Board) lateCPUs() int {
	if !b.LateCPUs {
		return 0
	}
	return b.CPUs - 1
}

func (b Board) job() report.Job {
	return report.Job{
		Drivers:   b.Drivers,
		Interface: b.NIC.Interface,
		Disk:      b.Disk.Device,
		Adapter:   b.I2C.Adapter,
		Address:   b.I2C.address(),
		LateCPUs:  b.lateCPUs(),
		Chip:      b.GPIO.Chip,
		Line:      b.GPIO.Line,
		End:       cmp.Or(b.End, report.PowerOff),
	}
}
