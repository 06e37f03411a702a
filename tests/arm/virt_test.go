//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var virtFedora = asset.New(
	"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/29/Everything/armhfp/os/images/pxeboot/vmlinuz",
	"18dd5f1a9a28bd539f9d047f7c0677211bae528e8712b40ca5a229a4ad8e2591")

func TestArmVirt(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("virt"),
		qemutest.Assets(virtFedora))

	linux.Boot{Kernel: q.Fetch(virtFedora), Append: "console=ttyAMA0"}.CheckCommandLine(q)
}
