package machine

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKVMRunsOnlyWhatFitsTheHost(t *testing.T) {
	t.Parallel()
	foreign := "s390x"
	if runtime.GOARCH == foreign {
		foreign = "avr"
	}
	assert.ErrorContains(t, UsableKVM(foreign), "cannot run "+foreign)
	assert.Error(t, UsableKVM(""))
	assert.Contains(t, kvmTargets["mips64le"], "mips64el", "of Loongson's hosts")
}

// What UsableKVM says is what QEMU finds.
func TestUsableKVMAgreesWithQEMU(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("needs a host that QEMU's x86_64 machines fit")
	}
	usable := UsableKVM("x86_64")
	if _, err := os.Stat("/dev/kvm"); err != nil {
		assert.ErrorContains(t, usable, "there is no /dev/kvm: load the module")
	}
	m, err := Launch(within(t, soon), Config{Binary: requireEmulator(t, "x86_64"), Args: []string{"-accel", "kvm", "-S"}})
	assert.Equal(t, usable == nil, err == nil, "UsableKVM: %v; QEMU: %v", usable, err)
	if err == nil {
		assert.NoError(t, m.Close())
	}
}
