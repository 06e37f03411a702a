//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/aspeed"
)

// The machine with all cores of the AST2700: four that run Linux, and two
// coprocessors (SSP, TSP) that run Zephyr, each with a console.
const fullCore = "ast2700fc"

func TestAarch64AspeedAST2700FC(t *testing.T) {
	q := newAST2700(t, fullCore, ast2700A2, qemutest.Device("e1000e"))
	sensor := aspeed.Sensor{ID: "tmp-test", Bus: "aspeed.i2c.bus.1", GuestBus: 1}
	files := ast2700A2.extract(q)
	args := append(append(files.loaders(), files.coprocessors()...), "-device", sensor.Device())
	args = append(append(args, ast2700Card...), files.flash()...)

	vm := q.VM(args...)
	loginFullCore(vm)
	sensor.Check(vm)
	checkAST2700Card(vm)
	vm.Shutdown()

	checkCoprocessors(q, args)
}

func TestAarch64AspeedAST2700FCBootROM(t *testing.T) {
	q := newAST2700(t, fullCore, ast2700A2, qemutest.Device("e1000e"), qemutest.Firmware(ast2700ROM))
	files := ast2700A2.extract(q)
	args := append([]string{"-bios", q.Firmware(ast2700ROM)}, files.coprocessors()...)
	args = append(append(args, ast2700Card...), files.flash()...)

	vm := q.VM(args...)
	loginFullCore(vm)
	vm.Shutdown()

	checkCoprocessors(q, args)
}

// coprocessors returns the arguments that start the firmware of the
// coprocessors.
func (f ast2700Files) coprocessors() []string {
	return []string{
		"-device", "loader,file=" + f.path("zephyr-aspeed-ssp.elf") + ",cpu-num=4",
		"-device", "loader,file=" + f.path("zephyr-aspeed-tsp.elf") + ",cpu-num=5",
	}
}

func loginFullCore(vm *qemutest.VM) {
	vm.LaunchOrSkip(ast2700NoPCIe)
	vm.WaitFor(ast2700UBoot)
	startKernelWithPCIe(vm)
	vm.WaitFor("Starting kernel ...")
	aspeed.LoginSDK(vm, ast2700A2.name)
}

// checkCoprocessors starts the machine once more and talks to the shells of
// both coprocessors, while nobody talks to U-Boot on the main cores.
func checkCoprocessors(q *qemutest.Test, args []string) {
	vm := q.NamedVM("coprocessors", args...).SetConsole(1).AddConsole(2)
	vm.Launch()
	for _, coprocessor := range []struct {
		console int
		prompt  string
	}{
		{1, "ssp_tsp:~$"},
		{2, "tsp:~$"},
	} {
		shell := vm.Serial(coprocessor.console)
		shell.InterruptUntil("\r", time.Second, coprocessor.prompt)
		shell.Exec("version", "Zephyr version 3.7.1")
		// The silicon revision of the SoC.
		shell.Exec("md 72c02000 1", "[72c02000] 06020103")
	}
}
