//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestS390XFirmware(t *testing.T) {
	firmware.Run(t, "s390x",
		firmware.Boot{
			Machine: "s390-ccw-virtio",
			Args:    []string{"-no-shutdown"},
			Lines:   []string{"LOADPARM=[", "Could not find a suitable boot device"},
			// With nothing to boot, older firmware stops the CPU for good.
			Ends: []machine.Kind{machine.GuestPanic},
		},
	)
}
