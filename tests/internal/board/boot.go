package board

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
	"github.com/qemutest/functional/tests/internal/board/report"
	"github.com/qemutest/functional/tests/internal/linux"
)

const (
	// guestPort is where the guest serves HTTP.
	guestPort = 8080
	// rtcBase is the time of the machine's clock at its start, in UTC.
	rtcBase = "2024-02-29T12:00:00"
)

// boot puts together what QEMU gets: kernel, device tree, initial RAM file
// system, and the arguments for what the row names.
func (s *session) boot(k *kernel.Kernel, job report.Job) linux.Boot {
	boot := linux.Boot{
		Kernel:  k.Image,
		Initrd:  s.initramfs(k, job),
		Append:  s.commandLine(),
		Console: s.Port,
		Args:    append(s.hardware(), s.Args...),
	}
	if s.disk != "" {
		boot.Args = append(boot.Args, "-drive", s.Disk.Drive+",format=raw,file="+s.disk)
		boot.Args = append(boot.Args, s.Disk.Args...)
	}
	if s.eeprom != "" {
		boot.Args = append(boot.Args, s.I2C.args(s.eeprom)...)
	}
	if s.DTB != "" {
		dtb, err := k.DTB(s.DTB)
		s.q.Check(err)
		boot.DTB = dtb
	}
	return boot
}

// patience keeps an x86 kernel from a panic ("IO-APIC + timer doesn't work!")
// where QEMU lacks a processor for the moment in which the kernel looks whether
// the timer's interrupts arrive.
func (k Kernel) patience() string {
	if k.Arch == "amd64" || k.Arch == "i386" {
		return "no_timer_check"
	}
	return ""
}

// commandLine returns the kernel's command line.
func (b Board) commandLine() string {
	words := []string{"console=" + b.Console, "panic=-1"}
	if b.Append != "" {
		words = append([]string{b.Append}, words...)
	}
	if b.LateCPUs {
		words = append(words, "maxcpus=1")
	}
	if word := b.Kernel.patience(); word != "" {
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (s *session) initramfs(k *kernel.Kernel, job report.Job) string {
	var root image.Initramfs
	root.AddFile("init", 0o755, s.q.Program(s.Kernel.program()))
	root.AddDir("proc", 0o755)
	root.AddDir("sys", 0o755)
	root.AddDir("dev", 0o755)
	modules, err := k.Modules(s.modules()...)
	s.q.Check(err)
	for _, m := range modules {
		job.Modules = append(job.Modules, m.Name)
		root.AddBytes("modules/"+m.Name, 0o644, m.Content)
	}
	text, err := json.Marshal(job)
	s.q.Check(err)
	root.AddBytes(report.JobFile, 0o644, text)
	return s.q.Initramfs(&root)
}

// modules returns those of the row and of what it puts on the board.
func (b Board) modules() []string {
	if b.I2C.Adapter == "" {
		return b.Modules
	}
	return append(slices.Clone(b.Modules), "at24")
}

// hardware returns the arguments for memory, CPUs, clock and network.
func (b Board) hardware() []string {
	args := []string{"-rtc", "base=" + rtcBase + ",clock=vm"}
	if !b.FixedMemory {
		args = append(args, "-m", strconv.FormatInt(b.Memory, 10))
	}
	if b.CPUs > 1 && !b.FixedCPUs {
		args = append(args, "-smp", strconv.Itoa(b.CPUs))
	}
	if b.LateCPUs {
		args = append(args, "-accel", "tcg,thread=single")
	}
	forward := fmt.Sprintf("user,hostfwd=tcp:127.0.0.1:0-:%d", guestPort)
	switch {
	case b.NIC.Interface == "":
		args = append(args, "-nic", "none")
	case b.NIC.Model == "":
		args = append(args, "-nic", forward)
	default:
		args = append(args, "-netdev", forward+",id=net0", "-device", b.NIC.Model+",netdev=net0")
	}
	return args
}
