//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/board"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// The kernels and device trees are those of Debian; see package board.
func TestS390XLinuxBoards(t *testing.T) {
	board.Run(t, "s390x",
		board.Board{
			Machine: "s390-ccw-virtio", Kernel: board.S390X, Console: "ttysclp0", Memory: 512, CPUs: 2,
			Modules: []string{"virtio_blk", "virtio_net"},
			CPU:     "vendor_id       : IBM/S390",
			Drivers: []string{"ccw/virtio_ccw", "virtio/virtio_blk", "virtio/virtio_net"},
			Disk:    board.VirtioDisk("virtio-blk-ccw"), NIC: board.NIC{Interface: "eth0", Model: "virtio-net-ccw"},
		},
		board.Board{
			Name: "s390-ccw-virtio-watchdog", Machine: "s390-ccw-virtio", CPUModel: "max", Kernel: board.S390X,
			Console: "ttysclp0", Memory: 1024,
			Modules:  []string{"diag288_wdt"},
			CPU:      "vendor_id       : IBM/S390",
			Args:     []string{"-device", "diag288"},
			Watchdog: "z Watchdog", End: report.Watchdog,
		},
	)
}
