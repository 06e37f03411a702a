//go:build !qemu_select || qemu_mipsel

package mipsel

import (
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
	"github.com/qemutest/functional/tests/internal/malta"
)

var (
	nanoMIPS4K = asset.New(
		"http://mipsdistros.mips.com/LinuxDistro/nanomips/kernels/v4.15.18-432-gb2eb9a8b07a1-20180627102142/generic_nano32r6el_page4k.xz",
		"019e034094ac6cf3aa77df5e130fb023ce4dbc804b04bfcc560c6403e1ae6bdb")
	nanoMIPS16K = asset.New(
		"http://mipsdistros.mips.com/LinuxDistro/nanomips/kernels/v4.15.18-432-gb2eb9a8b07a1-20180627102142/generic_nano32r6el_page16k_up.xz",
		"3a54a10b3108c16a448dca9ea3db378733a27423befc2a45a5bdf990bd85e12c")
	nanoMIPS64K = asset.New(
		"http://mipsdistros.mips.com/LinuxDistro/nanomips/kernels/v4.15.18-432-gb2eb9a8b07a1-20180627102142/generic_nano32r6el_page64k_dbg.xz",
		"ce21ff4b07a981ecb8a39db2876616f5a2473eb2ab459c6f67465b9914b0c6b6")
	wheezyKernel = asset.New(
		"https://people.debian.org/~aurel32/qemu/mipsel/vmlinux-3.2.0-4-4kc-malta",
		"dc8a3648305b0201ca7a5cd135fe2890067a65d93c38728022bb0e656ad2bf9a")
	wheezyDisk = asset.New(
		"https://people.debian.org/~aurel32/qemu/mipsel/debian_wheezy_mipsel_standard.qcow2",
		"454f09ae39f7e6461c84727b927100d2c7813841f2a0a5dce328114887ecf914")
)

func TestMIPSELMaltaNanoMIPS(t *testing.T) {
	for _, test := range []struct {
		pages  string
		kernel *asset.Asset
	}{
		{"4K", nanoMIPS4K},
		{"16K", nanoMIPS16K},
		{"64K", nanoMIPS64K},
	} {
		t.Run(test.pages, func(t *testing.T) {
			q := qemutest.New(t, "mipsel",
				qemutest.Machine("malta"),
				qemutest.CPU("I7200"),
				qemutest.Assets(test.kernel),
				qemutest.Timeout(3*time.Minute))

			linux.Boot{
				Kernel: q.Decompress(test.kernel),
				Append: "mem=256m@@0x0 console=ttyS0",
				Args:   []string{"-no-reboot"},
			}.CheckCommandLine(q)
		})
	}
}

func TestMIPSELMaltaYAMON(t *testing.T) { malta.YAMON(t, "mipsel") }

func TestMIPSELMaltaWheezy(t *testing.T) {
	malta.Wheezy{
		Kernel:       wheezyKernel,
		Disk:         wheezyDisk,
		NIC:          "pcnet",
		CPU:          "MIPS 24Kc",
		Initrd:       "/boot/initrd.img-3.2.0-4-4kc-malta",
		InitrdSHA256: "9fc9f250ed56a74e35e704ddfd5a1c5a5625adefc5c9da91f649288d3ca000f0",
	}.Test(t, "mipsel")
}
