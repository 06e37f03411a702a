//go:build !qemu_select || qemu_arm

package arm

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var smdkc210Debian = asset.New(
	"https://snapshot.debian.org/archive/debian/20190928T224601Z/pool/main/l/linux/linux-image-4.19.0-6-armmp_4.19.67-2+deb10u1_armhf.deb",
	"421804e7579ef40d554c962850dbdf1bfc79f7fa7faec9d391397170dc806c3e")

func TestArmSMDKC210Initrd(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("smdkc210"),
		qemutest.Timeout(3*time.Minute),
		qemutest.Assets(smdkc210Debian, initrdArmv5))

	const (
		kernel = "boot/vmlinuz-4.19.0-6-armmp"
		dtb    = "usr/lib/linux-image-4.19.0-6-armmp/exynos4210-smdkv310.dtb"
	)
	dir := q.Extract(smdkc210Debian, kernel, dtb)
	vm := linux.Boot{
		Kernel: filepath.Join(dir, kernel),
		DTB:    filepath.Join(dir, dtb),
		Initrd: q.Decompress(initrdArmv5),
		Append: "earlycon=exynos4210,0x13800000 earlyprintk console=ttySAC0,115200n8 " +
			"random.trust_cpu=off cryptomgr.notests cpuidle.off=1 panic=-1 noreboot",
		Args: []string{"-no-reboot"},
	}.Launch(q)
	vm.WaitFor("Boot successful.")
}
