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
	"https://storage.tuxboot.com/buildroot/20241119/arm64/Image",
	"b74743c5e89e1cea0f73368d24ae0ae85c5204ff84be3b5e9610417417d2f235")

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
