//go:build !qemu_select || qemu_mips64

package mips64

import (
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/tests/internal/malta"
)

var (
	wheezyKernel = asset.New(
		"https://people.debian.org/~aurel32/qemu/mips/vmlinux-3.2.0-4-5kc-malta",
		"3e4ec154db080b3f1839f04dde83120654a33e5e1716863de576c47cb94f68f6")
	wheezyDisk = asset.New(
		"https://people.debian.org/~aurel32/qemu/mips/debian_wheezy_mips_standard.qcow2",
		"de03599285b8382ad309309a6c4869f6c6c42a5cfc983342bab9ec0dfa7849a2")
)

func TestMIPS64MaltaWheezy(t *testing.T) {
	malta.Wheezy{
		Kernel:       wheezyKernel,
		Disk:         wheezyDisk,
		NIC:          "pcnet",
		CPU:          "MIPS 20Kc",
		Initrd:       "/boot/initrd.img-3.2.0-4-5kc-malta",
		InitrdSHA256: "d98b953bb4a41c0fc0fd8d19bbc691c08989ac52568c1d3054d92dfd890d3f06",
	}.Test(t, "mips64")
}
