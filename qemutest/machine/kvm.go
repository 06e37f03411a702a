package machine

import (
	"fmt"
	"runtime"
	"slices"
)

// kvmTargets are the targets that KVM can run, by Go's names of the host's
// architecture (accelerator_targets in QEMU's meson.build).
var kvmTargets = map[string][]string{
	"amd64":    {"i386", "x86_64"},
	"arm64":    {"aarch64"},
	"loong64":  {"loongarch64"},
	"mips64":   {"mips", "mipsel", "mips64", "mips64el"},
	"mips64le": {"mips", "mipsel", "mips64", "mips64el"},
	"ppc64":    {"ppc", "ppc64"},
	"ppc64le":  {"ppc", "ppc64"},
	"riscv64":  {"riscv64"},
	"s390x":    {"s390x"},
}

// UsableKVM returns nil if this host can run machines of a target, in QEMU's
// words ("aarch64"), with KVM: its architecture fits, /dev/kvm can be opened for
// writing, and a virtual machine can be created. Else the error says what is
// missing and, where it is known, what to do.
func UsableKVM(target string) error {
	if !slices.Contains(kvmTargets[runtime.GOARCH], target) {
		return fmt.Errorf("KVM on a %s host cannot run %s", runtime.GOARCH, target)
	}
	return createKVM()
}
