//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var kvmUnitTests = asset.New(
	"https://share.linaro.org/downloadFile?id=Bs8Eb2Wb7yWtkTA",
	"34de4aaea90db5da42729e7d28b77f392c37a2f4da859f889a5234aaf0970696")

func TestAarch64KVMSelftestVHE(t *testing.T) { testKVMSelftest(t, "vhe") }

func TestAarch64KVMSelftestNVHE(t *testing.T) { testKVMSelftest(t, "nvhe") }

// testKVMSelftest runs self-tests of kvm-unit-tests under KVM in the guest,
// whose virtualization is emulated. mode is how KVM runs there: in EL2 as a
// whole (vhe), or with a part of it only (nvhe).
func testKVMSelftest(t *testing.T, mode string) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt,gic-version=3,virtualization=on"),
		qemutest.CPU("cortex-a72"),
		qemutest.Assets(kvmUnitTests))

	vm := linux.Boot{
		Kernel: q.Fetch(kvmUnitTests),
		Append: "console=ttyAMA0 kvm-arm.mode=" + mode,
		Args:   []string{"-smp", "2", "-m", "320"},
	}.Launch(q)
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	for _, name := range []string{"setup", "smp", "vectors-kernel", "vectors-user"} {
		linux.Run(vm, "/usr/share/kvm-unit-tests/selftest-"+name)
	}
}
