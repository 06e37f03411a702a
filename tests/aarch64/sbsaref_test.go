//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"os"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var (
	sbsaFlash0 = asset.New(
		"https://share.linaro.org/downloadFile?id=kyoMLGC9zXa4oA7",
		"76eb89d42eebe324e4395329f47447cda9ac920aabcf99aca85424609c3384a5")
	sbsaFlash1 = asset.New(
		"https://share.linaro.org/downloadFile?id=Dj1HRXnDnKtU6Nj",
		"f850f243bd8dbd49c51e061e0f79f1697546938f454aeb59ab7d93e5f0d412fc")
	freeBSDISO = asset.New(
		"http://ftp-archive.freebsd.org/pub/FreeBSD-Archive/old-releases/arm64/aarch64/ISO-IMAGES/14.1/FreeBSD-14.1-RELEASE-arm64-aarch64-bootonly.iso.xz",
		"7313a4495ffd71ab77b49b1e83f571521c32756e1d75bf48bd890e0ab0f75827")
)

// Trusted Firmware starts UEFI, stage by stage.
func TestAarch64SBSARefFirmware(t *testing.T) {
	q := newSBSARef(t, "cortex-a57", qemutest.Timeout(3*time.Minute))

	vm := sbsaRefVM(q)
	vm.Launch()
	vm.WaitFor("Booting Trusted Firmware")
	vm.WaitFor("BL1: v2.12.0(release):")
	vm.WaitFor("BL1: Booting BL2")
	vm.WaitFor("BL2: v2.12.0(release)")
	vm.WaitFor("Booting BL31")
	vm.WaitFor("BL31: v2.12.0(release)")
	vm.WaitFor("UEFI firmware (version 1.0")
	vm.InterruptUntil("\r", 200*time.Millisecond, "QEMU SBSA-REF Machine")
}

func TestAarch64SBSARefAlpine(t *testing.T) {
	const limit = 1200 * time.Second
	for _, test := range []struct {
		name, cpu    string
		requirements []qemutest.Requirement
	}{
		{name: "default"},
		{name: "max", cpu: "max", requirements: []qemutest.Requirement{qemutest.Slow()}},
		{name: "max,pauth-impdef", cpu: "max,pauth-impdef=on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := newSBSARef(t, test.cpu,
				append(test.requirements, qemutest.Timeout(limit), qemutest.Assets(alpineISO))...)

			vm := sbsaRefVM(q).AddArgs("-drive", "media=cdrom,format=raw,file="+q.Fetch(alpineISO))
			vm.Launch()
			vm.WaitFor("Welcome to Alpine Linux 3.17")
		})
	}
}

func TestAarch64SBSARefFreeBSD(t *testing.T) {
	const limit = 720 * time.Second
	for _, test := range []struct {
		name, cpu    string
		requirements []qemutest.Requirement
	}{
		{name: "default"},
		{name: "cortex-a57", cpu: "cortex-a57"},
		{name: "max", cpu: "max", requirements: []qemutest.Requirement{qemutest.Slow()}},
		{name: "max,pauth-impdef", cpu: "max,pauth-impdef=on", requirements: []qemutest.Requirement{qemutest.Slow()}},
		{name: "max,pauth=off", cpu: "max,pauth=off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := newSBSARef(t, test.cpu,
				append(test.requirements, qemutest.Timeout(limit), qemutest.Assets(freeBSDISO))...)

			vm := sbsaRefVM(q).AddArgs("-drive", "format=raw,snapshot=on,file="+q.Decompress(freeBSDISO))
			vm.Launch()
			vm.WaitFor("Welcome to FreeBSD!")
		})
	}
}

// newSBSARef starts a test of sbsa-ref with a CPU model, "" for the default, and
// with further requirements.
func newSBSARef(t *testing.T, cpu string, requirements ...qemutest.Requirement) *qemutest.Test {
	requirements = append(requirements,
		qemutest.Machine("sbsa-ref"),
		// QEMU gives this machine 1 GiB, and maps 512 MiB of flash.
		qemutest.Memory(2<<30),
		qemutest.Assets(sbsaFlash0, sbsaFlash1))
	if cpu != "" {
		requirements = append(requirements, qemutest.CPU(cpu))
	}
	return qemutest.New(t, "aarch64", requirements...)
}

// sbsaRefVM describes a machine with firmware in both of its flash chips, which
// have 256 MiB each.
func sbsaRefVM(q *qemutest.Test) *qemutest.VM {
	vm := q.VM()
	for _, flash := range []*asset.Asset{sbsaFlash0, sbsaFlash1} {
		path := q.Decompress(flash)
		q.Check(os.Truncate(path, 256<<20))
		vm.AddArgs("-drive", "if=pflash,format=raw,file="+path)
	}
	return vm
}
