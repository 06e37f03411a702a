//go:build !qemu_select || qemu_mipsel

package mipsel

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
)

// The kernels and device trees are those of Debian; see package board.
func TestMIPSELLinuxBoards(t *testing.T) {
	board.Run(t, "mipsel",
		board.Board{
			Machine: "malta", Kernel: board.Malta4KC, Console: "ttyS0", Memory: 256,
			Modules: []string{"ata_piix", "i2c-piix4", "pcnet32", "sd_mod"},
			Model:   "MIPS Malta", CPU: "MIPS 24Kc",
			Drivers: []string{"pci/ata_piix", "pci/pcnet32", "platform/rtc_cmos", "scsi/sd"},
			RTC:     true, Disk: board.IDEDisk, NIC: board.NIC{Interface: "eth0"},
		},
	)
}
