//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var disk4k = asset.New(
	"https://github.com/huth/qemu-paddock/raw/refs/heads/main/s390x/f32-4k-bootmenu.raw.xz",
	"f4e2c91b4ec50a4756e8816b7a7c8ca01cc0d929f7a711cfd8124640c304ea41")

// What the kernels of the disk print first.
const (
	defaultKernel = "Linux version 5.8.15-301.fc33.s390x" // entry 1
	olderKernel   = "Linux version 5.6.6-300.fc32.s390x"  // entries 2 and 3
)

// deviceLoadparm requires a parameter of devices; before, only the machine had
// it.
var deviceLoadparm = qemutest.Version(">= 9.2", "devices have no loadparm")

// The disk has sectors of 4 KiB and three kernels. What boots is chosen by the
// machine, the device, or the menu, where loadparm is the number of an entry.
// Keys don't get to the menu: its countdown chooses.
func TestS390XBoot4K(t *testing.T) {
	const machine = "s390-ccw-virtio"
	for _, test := range []struct {
		name         string
		machine      string
		args         []string
		lines        []string
		requirements []qemutest.Requirement
	}{
		{
			name:    "default",
			machine: machine,
			args:    []string{"-device", "virtio-blk-ccw,drive=d1"},
			lines:   []string{defaultKernel, "Trying to unpack rootfs image as initramfs"},
		},
		{
			name:    "loadparm of the machine",
			machine: machine + ",loadparm=2",
			args:    []string{"-device", "virtio-blk-ccw,drive=d1"},
			lines:   []string{olderKernel},
		},
		{
			name:         "loadparm of the device",
			machine:      machine,
			args:         []string{"-device", "virtio-blk-ccw,drive=d1,bootindex=1,loadparm=3"},
			lines:        []string{olderKernel},
			requirements: []qemutest.Requirement{deviceLoadparm},
		},
		{
			name:    "menu",
			machine: machine,
			args:    []string{"-device", "virtio-blk-ccw,drive=d1,bootindex=1", "-boot", "menu=on"},
			lines: []string{
				"1. Fedora (5.8.15-301.fc33.s390x) 33",
				"2. Fedora (5.6.6-300.fc32.s390x) 32",
				"3. Fedora (0-rescue-b7218f0092704c5a9",
				"Please choose:",
			},
		},
		{
			name:    "menu that times out",
			machine: machine,
			args:    []string{"-device", "virtio-blk-ccw,drive=d1,bootindex=1", "-boot", "menu=on,splash-time=1"},
			lines: []string{
				"s390-ccw zIPL Boot Menu",
				"0. default (Fedora (5.8.15-301.fc33.s390x)",
				"(default will boot in 0 seconds)",
				defaultKernel,
			},
		},
		{
			name:    "SCSI",
			machine: machine,
			args: []string{
				"-device", "virtio-scsi",
				"-device", "scsi-hd,drive=d1,physical_block_size=4096,logical_block_size=4096",
			},
			lines: []string{defaultKernel},
		},
		{
			name:    "loadparm of the SCSI disk",
			machine: machine,
			args: []string{
				"-device", "virtio-scsi",
				"-device", "scsi-hd,drive=d1,bootindex=1,loadparm=3,physical_block_size=4096,logical_block_size=4096",
			},
			lines:        []string{olderKernel},
			requirements: []qemutest.Requirement{deviceLoadparm},
		},
		{
			name:    "loadparm of the PCI device",
			machine: machine,
			args:    []string{"-device", "virtio-blk-pci,drive=d1,bootindex=1,loadparm=2"},
			lines:   []string{olderKernel},
			requirements: []qemutest.Requirement{
				qemutest.Flaky("https://gitlab.com/qemu-project/qemu/-/work_items/3350"),
				qemutest.Device("virtio-blk-pci"),
				qemutest.Version(">= 11.0", "the firmware does not boot from PCI devices"),
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := qemutest.New(t, "s390x", append(test.requirements,
				qemutest.Machine(test.machine),
				qemutest.Timeout(4*time.Minute), // the disk is large, and unpacked first
				qemutest.Assets(disk4k))...)

			vm := q.VM("-no-shutdown", "-blockdev", "driver=file,filename="+q.Decompress(disk4k)+",node-name=d1")
			vm.AddArgs(test.args...)
			vm.Launch()
			for _, line := range test.lines {
				vm.WaitFor(line, "panic")
			}
		})
	}
}
