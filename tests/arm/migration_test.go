//go:build !qemu_select || qemu_arm

package arm

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestArmMigration(t *testing.T) {
	migration.Test(t, "arm", migration.Machine{Type: "npcm750-evb"})
}
