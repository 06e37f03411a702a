//go:build !qemu_select || qemu_microblaze

package microblaze

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	ballerina = asset.New(
		"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day17.tar.xz",
		"3ba7439dfbea7af4876662c97f8e1f0cdad9231fc166e4861d17042489270057")
	xmaton = asset.New(
		"http://www.qemu-advent-calendar.org/2023/download/day13.tar.gz",
		"b9b3d43c5dd79db88ada495cc6e0d1f591153fe41355e925d791fbf44de50c22")
)

// This kernel gets stuck now and then after the message that is waited for.
func TestMicroBlazeS3ADSP1800BigEndian(t *testing.T) {
	q := qemutest.New(t, "microblaze",
		qemutest.Machine("petalogix-s3adsp1800"),
		qemutest.Assets(ballerina))

	vm := linux.Boot{Kernel: q.ExtractMember(ballerina, "day17/ballerina.bin")}.Launch(q)
	vm.WaitFor("This architecture does not have kernel memory protection")
}

func TestMicroBlazeS3ADSP1800LittleEndian(t *testing.T) {
	bootLittleEndian(t, "microblaze", "petalogix-s3adsp1800,endianness=little",
		qemutest.Version(">= 10.1", "the machine has no option endianness"))
}

// Before the machine could have either endianness, there was an emulator for
// each.
func TestMicroBlazeELS3ADSP1800(t *testing.T) {
	bootLittleEndian(t, "microblazeel", "petalogix-s3adsp1800")
}

// bootLittleEndian boots Linux, which downloads a file over TFTP.
func bootLittleEndian(t *testing.T, target, machine string, requirements ...qemutest.Requirement) {
	q := qemutest.New(t, target, append(requirements,
		qemutest.Machine(machine),
		qemutest.Netdev("user"),
		qemutest.Timeout(4*time.Minute),
		qemutest.Assets(xmaton))...)

	dir := filepath.Join(q.Extract(xmaton), "day13")
	vm := linux.Boot{
		Kernel: filepath.Join(dir, "xmaton.bin"),
		Args:   []string{"-nic", "user,tftp=" + dir},
	}.Launch(q)
	vm.WaitFor("QEMU Advent Calendar 2023")
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	vm.Exec("tftp -g -r xmaton.png 10.0.2.2 ; md5sum xmaton.png", "821cd3cab8efd16ad6ee5acc3642a8ea")
}
