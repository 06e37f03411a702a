//go:build !qemu_select || qemu_s390x

package s390x

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestS390XMachines(t *testing.T) {
	machines.StartAll(t, "s390x", nil)
}
