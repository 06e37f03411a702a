//go:build !qemu_select || qemu_sh4eb

package sh4eb

import (
	"path/filepath"
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var mkroot = asset.New(
	"https://landley.net/bin/mkroot/0.8.11/sh4eb.tgz",
	"be8c6cb5aef8406899dc5aa5e22b6aa45840eb886cdd3ced51555c10577ada2c")

func TestSH4EBR2DLinux(t *testing.T) {
	q := qemutest.New(t, "sh4eb",
		qemutest.Machine("r2d"),
		qemutest.Assets(mkroot))

	dir := filepath.Join(q.Extract(mkroot), "sh4eb")
	vm := linux.Boot{
		Kernel:  filepath.Join(dir, "linux-kernel"),
		Initrd:  filepath.Join(dir, "initramfs.cpio.gz"),
		Append:  "console=ttySC1 noiotrap",
		Console: 1,
	}.Launch(q)
	vm.WaitFor("Type exit when done")
	vm.Exec("exit", "Restarting system")
}
