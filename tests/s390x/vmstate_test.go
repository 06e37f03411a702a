//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/vmstate"
)

func TestS390XVmstate72(t *testing.T) {
	vmstate.CheckReference(t, "7.2", "s390x", "s390-ccw-virtio-7.2")
}
