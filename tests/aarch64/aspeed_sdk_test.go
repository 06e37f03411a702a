//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
	"github.com/qemutest/functional/tests/internal/uboot"
)

const (
	ast2700UBoot  = "U-Boot 2023.10"
	ast2700Prompt = "=>"

	// ast2700ROM comes with QEMU since the AST2700 has one.
	ast2700ROM = "ast27x0_bootrom.bin"

	// ast2700NoPCIe is what a QEMU says whose AST2700 has no PCIe yet.
	ast2700NoPCIe = "Bus 'pcie.2' not found"
)

// ast2700Card is a card on the third PCIe root port, with a network of its own.
var ast2700Card = []string{"-device", "e1000e,netdev=net1,bus=pcie.2", "-netdev", "user,id=net1"}

// ast2700SDK is an archive of ASPEED's SDK for the AST2700.
type ast2700SDK struct {
	name    string
	archive *asset.Asset
}

func newAST2700(t *testing.T, machine string, image ast2700SDK, requirements ...qemutest.Requirement) *qemutest.Test {
	return qemutest.New(t, "aarch64", append(requirements,
		qemutest.Machine(machine),
		qemutest.Netdev("user"),
		qemutest.Device("tmp105"),
		qemutest.Assets(image.archive),
		qemutest.Memory(2<<30),
		qemutest.Cores(1),
		qemutest.Timeout(10*time.Minute))...)
}

// extract unpacks all of the archive, because some of its files may be links to
// others.
func (s ast2700SDK) extract(q *qemutest.Test) ast2700Files {
	return ast2700Files(filepath.Join(q.Extract(s.archive), s.name+"-image"))
}

// ast2700Files is the directory with the files of an SDK.
type ast2700Files string

func (f ast2700Files) path(elem ...string) string {
	return filepath.Join(append([]string{string(f)}, elem...)...)
}

// flash returns the arguments for the image in flash, and for the network of
// the board.
func (f ast2700Files) flash() []string {
	return append(aspeed.Flash(f.path("image-bmc")), aspeed.UserNetwork()...)
}

// loaders returns the arguments that put the firmware where the boot ROM would,
// and start all four CPUs with it.
func (f ast2700Files) loaders() []string {
	const start = "0x430000000" // of Trusted Firmware-A, BL31
	var args []string
	for _, file := range []struct{ address, path string }{
		{"0x400000000", f.path("u-boot.bin")},
		{start, f.path("bl31.bin")},
		{"0x430080000", f.path("optee", "tee-raw.bin")},
	} {
		args = append(args, "-device", "loader,force-raw=on,addr="+file.address+",file="+file.path)
	}
	for cpu := range 4 {
		args = append(args, "-device", fmt.Sprintf("loader,addr=%s,cpu-num=%d", start, cpu))
	}
	return args
}

// stopAST2700 stops U-Boot, and leaves out the tests of the kernel's
// cryptography, which take long.
func stopAST2700(vm *qemutest.VM) {
	uboot.StopAutoboot(vm, ast2700Prompt)
	uboot.Run(vm, ast2700Prompt, `setenv bootargs "${bootargs} cryptomgr.notests=1"`)
}

// startKernelWithPCIe starts the kernel from U-Boot step by step, so that PCIe,
// which the device tree leaves out, can be added to it.
func startKernelWithPCIe(vm *qemutest.VM) {
	stopAST2700(vm)
	uboot.Run(vm, ast2700Prompt,
		"cp 100420000 403000000 900000", // the FIT image, from flash into RAM
		"bootm start 403000000",
		"bootm loados",
		"bootm ramdisk",
		"bootm prep",
		`fdt set /soc@14000000/pcie@140d0000 status "okay"`)
	vm.SendLine("bootm go")
}

// checkAST2700Card looks for the card at the guest's shell.
func checkAST2700Card(vm *qemutest.VM) {
	vm.Exec("lspci -s 0002:00:00.0", "0002:00:00.0 PCI bridge: ASPEED Technology, Inc. AST1150 PCI-to-PCI Bridge")
	vm.Exec("lspci -s 0002:01:00.0", "0002:01:00.0 Ethernet controller: Intel Corporation 82574L Gigabit Network Connection")
	aspeed.WaitForLease(vm, "eth2")
}
