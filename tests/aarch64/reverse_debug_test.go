//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/reversedebug"
)

var fedora29Kernel = asset.New(
	"https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/29/Everything/aarch64/os/images/pxeboot/vmlinuz",
	"7e1430b81c26bdd0da025eeb8fbd77b5dc961da4364af26e771bd39f379cbbf7")

func TestAarch64VirtReverseDebug(t *testing.T) {
	reversedebug.Run(t, "aarch64", reversedebug.Guest{
		Machine: "virt",
		Shift:   7,
		Args:    func(q *qemutest.Test) []string { return []string{"-kernel", q.Fetch(fedora29Kernel)} },
		Requirements: []qemutest.Requirement{
			qemutest.CPU("cortex-a53"),
			qemutest.Timeout(3 * time.Minute),
			qemutest.Assets(fedora29Kernel),
		},
	})
}
