//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"testing"

	"github.com/qemutest/functional/tests/internal/migration"
)

func TestAarch64Migration(t *testing.T) {
	migration.Test(t, "aarch64", migration.Machine{Type: "quanta-gsj"})
}
