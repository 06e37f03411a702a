//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/reversedebug"
)

func TestS390XReverseDebug(t *testing.T) {
	reversedebug.Run(t, "s390x", reversedebug.Guest{
		Machine: "s390-ccw-virtio",
		Shift:   6,
		Requirements: []qemutest.Requirement{
			qemutest.Version(">= 8.0", "it never answers the first reverse step"),
		},
	})
}
