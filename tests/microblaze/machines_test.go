//go:build !qemu_select || qemu_microblaze

package microblaze

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/machines"
)

func TestMicroBlazeMachines(t *testing.T) {
	machines.StartAll(t, "microblaze", nil)
}
