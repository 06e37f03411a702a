//go:build !qemu_select || qemu_ppc

package ppc

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/firmware"
)

func TestPPCFirmware(t *testing.T) {
	uBootE500 := qemutest.Firmware("u-boot.e500")
	firmware.Run(t, "ppc",
		firmware.OpenBIOS("g3beige", ">> OpenBIOS 1.1"),
		firmware.OpenBIOS("mac99", ">> OpenBIOS 1.1"),
		firmware.OpenBIOS("40p", ">> OpenBIOS 1.1"),
		firmware.UBoot("ppce500").Requiring(uBootE500),
		firmware.Boot{Machine: "mpc8544ds", Lines: []string{"U-Boot 20"}}.Requiring(uBootE500),
		firmware.Boot{Machine: "sam460ex", Lines: []string{"U-Boot 2010", "Board: Sam460ex"}}.
			Requiring(qemutest.Firmware("u-boot-sam460-20100605.bin")),
	)
}
