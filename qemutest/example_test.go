package qemutest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

var barebox = asset.New(
	"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day18.tar.xz",
	"28e71874ce985be66b7fd1345ed88cb2523b982f899c8d2900d6353054a1be49")

// A boot that needs a file from the network.
func ExampleNew() {
	TestArmCanonA1100 := func(t *testing.T) {
		q := qemutest.New(t, "arm",
			qemutest.Machine("canon-a1100"),
			qemutest.Assets(barebox))

		vm := q.VM("-bios", q.ExtractMember(barebox, "day18/barebox.canon-a1100.bin"))
		vm.Launch()
		vm.WaitFor("running /env/bin/init")
	}
	_ = TestArmCanonA1100
}

// A conversation with the monitor, typed and untyped.
func ExampleQuery() {
	TestStop := func(t *testing.T) {
		q := qemutest.New(t, "x86_64", qemutest.Machine("pc"))
		vm := q.VM()
		vm.Launch()

		vm.QMP("stop")
		vm.WaitForEvent("STOP")
		type status struct {
			Running bool `json:"running"`
		}
		if qemutest.Query[status](vm, "query-status").Running {
			t.Error("the machine runs")
		}
	}
	_ = TestStop
}

// A conversation with a boot loader.
func ExampleConsole_InterruptUntil() {
	TestUBoot := func(t *testing.T) {
		q := qemutest.New(t, "arm",
			qemutest.Machine("virt"),
			qemutest.Firmware("u-boot/qemu_arm/u-boot.bin"))

		vm := q.VM("-bios", q.Firmware("u-boot/qemu_arm/u-boot.bin"))
		vm.Launch()
		vm.InterruptUntil("\r", 200*time.Millisecond, "=> ")
		vm.Exec("version", "U-Boot 20")
		vm.Exec("printenv baudrate", "baudrate=115200")
	}
	_ = TestUBoot
}

// A wait with everything: the first of several patterns, a failure, a limit for
// this wait alone, and one for silence.
func ExampleConsole_Wait() {
	TestLogin := func(t *testing.T) {
		q := qemutest.New(t, "riscv64", qemutest.Machine("virt"))
		vm := q.VM()
		vm.Launch()

		match := vm.Wait(console.Wait{
			Success: []console.Pattern{console.Text("login:"), console.Regexp(`root@\w+:~# `)},
			Failure: []console.Pattern{console.Text("emergency mode")},
			Timeout: 2 * time.Minute,
			Idle:    30 * time.Second,
		})
		if match.Index == 0 {
			vm.SendLine("root")
		}
	}
	_ = TestLogin
}

// Several machines, and an end of one that the test expects.
func ExampleTest_NamedVM() {
	TestTwo := func(t *testing.T) {
		q := qemutest.New(t, "x86_64", qemutest.Machine("pc"), qemutest.Memory(1<<30))
		first, second := q.NamedVM("first", "-no-reboot"), q.NamedVM("second", "-S")
		first.Launch()
		second.Launch()

		first.QMP("system_reset")
		if exit := first.WaitForExit(); exit.Kind != machine.HostShutdown {
			t.Errorf("first ended otherwise: %v", exit)
		}
	}
	_ = TestTwo
}

// A requirement of one's own.
func ExampleRequire() {
	hugePages := qemutest.Require("huge pages", qemutest.StageHost,
		func(context.Context, *qemutest.Test) error {
			if _, err := os.Stat("/dev/hugepages"); err != nil {
				return qemutest.Skipf(qemutest.KindHost, "no huge pages: mount hugetlbfs on /dev/hugepages")
			}
			return nil
		})
	TestHugePages := func(t *testing.T) {
		qemutest.New(t, "x86_64", hugePages)
	}
	_ = TestHugePages
}

// A test of the page size of a guest: the function runs there, and its result
// comes back.
func ExampleCallInGuest() {
	_ = func(t *testing.T) { // TestPageSize
		size := qemutest.CallInGuest(t, "aarch64", func(t *testing.T) int {
			t.Log("printed in the guest")
			return os.Getpagesize()
		})
		if size != 4096 {
			t.Errorf("expected pages of 4096 bytes, got %d", size)
		}
	}
}

// The same without a result: what fails there fails here.
func ExampleRunInGuest() {
	_ = func(t *testing.T) { // TestPageSize
		qemutest.RunInGuest(t, "aarch64", func(t *testing.T) {
			if size := os.Getpagesize(); size != 4096 {
				t.Errorf("expected pages of 4096 bytes, got %d", size)
			}
		})
	}
}
