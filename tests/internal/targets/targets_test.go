package targets

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSelected(t *testing.T) {
	assert.Equal(t, All, selected(nil))
	assert.Equal(t, All, selected([]string{"qemu_arm"}), "a target's tag does nothing without qemu_select")
	assert.Equal(t, []string{"arm", "riscv64"}, selected([]string{"qemu_riscv64", "qemu_select", "qemu_arm"}))
	assert.Empty(t, selected([]string{"qemu_select"}))
	assert.True(t, slices.IsSorted(All))
}
