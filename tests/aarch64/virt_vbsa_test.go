//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/tests/internal/disk"
)

// Arm's compliance suite for the Base System Architecture of virtual machines
// (VBSA).
var (
	vbsaEFI = asset.New(
		"https://github.com/ARM-software/sysarch-acs/raw/refs/heads/main/prebuilt_images/VBSA/v25.12_VBSA_0.7.0/Vbsa.efi",
		"80f37d2fb86d152d95dec4d05ff099c9e47ee8a89314268e08056b0e1359e1fa")
	vbsaShell = asset.New(
		"https://github.com/ARM-software/sysarch-acs/raw/refs/heads/main/prebuilt_images/VBSA/v25.12_VBSA_0.7.0/Shell.efi",
		"e526604f0d329b481c6a1f62f7a0db8ea24ce8178b2c6abda8e247425f38775c")
	systemReady = asset.New(
		"https://github.com/ARM-software/arm-systemready/releases/download/v25.10_SR_3.1.0/systemready_acs_live_image.img.xz.zip",
		"df2c359de15784b1da6a8e6f3c98a053ee38ac0b3f241ccea62e17db092eb03a")
)

// uefiVars names the file of UEFI's variables that goes with uefi.
var uefiVars = []string{"edk2-arm-vars.fd", "AAVMF/AAVMF_VARS.fd", "edk2/aarch64/vars-template-pflash.raw"}

// The part of the suite that runs under UEFI passes.
func TestAarch64VBSAUEFI(t *testing.T) {
	q := newVBSA(t, "virt,gic-version=max,virtualization=on", qemutest.Assets(vbsaShell, vbsaEFI))

	var esp image.FAT
	esp.AddFile("EFI/BOOT/BOOTAA64.EFI", q.Fetch(vbsaShell))
	esp.AddFile("Vbsa.efi", q.Fetch(vbsaEFI))
	vm := vbsaVM(q).AddArgs(
		"-drive", "if=none,id=drive0,format=raw,file="+q.Medium("esp.img", &esp),
		"-device", "virtio-blk-pci,drive=drive0")
	vm.Launch()
	const failed = "FAILED"
	vm.WaitFor("Shell>", failed)
	vm.Exec("FS0:Vbsa.efi", "VBSA Architecture Compliance Suite", failed)
	vm.WaitForRegexp(`Total Rules Run\s+: [1-9]`, failed)
	vm.WaitForRegexp(`Failed\s+: 0\s`, failed)
	vm.WaitFor("VBSA tests complete. Reset the system.", failed)
}

// The part of the suite that runs under Linux, on Arm's live image, passes.
func TestAarch64VBSALinux(t *testing.T) {
	q := newVBSA(t, "virt,gic-version=max",
		qemutest.Command("mcopy"),
		qemutest.Cores(4),
		// Unpacking the image counts.
		qemutest.Timeout(12*time.Minute),
		qemutest.Assets(systemReady))

	const compressed = "systemready_acs_live_image.img.xz"
	live := q.Decompress(qemutest.File(q.ExtractMember(systemReady, compressed)))
	// The first partition holds the configuration of GRUB, and gets the results.
	partition := fmt.Sprintf("%s@@%d", live, disk.FirstPartition(q, live))
	setGRUBDefault(q, partition, "Linux Execution Enviroment") // as the image spells it

	vm := vbsaVM(q).AddArgs(
		"-smp", "4",
		"-device", "nvme,drive=hd,serial=QEMU_ROOT_SSD",
		"-blockdev", "driver=raw,node-name=hd,file.driver=file,file.filename="+live)
	vm.Launch()
	const prompt = "/ # "
	vm.WaitFor(prompt, "FAILED")
	vm.Exec("/usr/bin/bsa.sh --skip B_REP_1,B_IEP_1,B_PCIe_11,B_MEM_06", prompt)
	vm.Exec("halt -f", "reboot: System halted")
	vm.Shutdown()

	for _, name := range []string{"BsaResultsApp.log", "BsaResultsKernel.log"} {
		q.HostCommand("mcopy", "-i", partition, "::acs_results/Linux/"+name, q.Log(name))
	}
	requireBSAPassed(t, q.Log("BsaResultsKernel.log"))
}

// newVBSA starts a test of the suite.
func newVBSA(t *testing.T, machine string, requirements ...qemutest.Requirement) *qemutest.Test {
	return qemutest.New(t, "aarch64", append(requirements,
		qemutest.Machine(machine),
		qemutest.CPU("max"),
		qemutest.Memory(1536<<20),
		qemutest.Firmware(uefi...),
		qemutest.Firmware(uefiVars...))...)
}

// vbsaVM describes a machine with UEFI in its flash chips, and variables that
// it may change.
func vbsaVM(q *qemutest.Test) *qemutest.VM {
	return q.VM("-m", "1024",
		"-drive", "if=pflash,format=raw,readonly=on,file="+q.Firmware(uefi...),
		"-drive", "if=pflash,format=raw,file="+disk.Copy(q, q.Firmware(uefiVars...), "vars.fd", 0))
}

// setGRUBDefault chooses the entry that GRUB boots, in its configuration on a
// partition.
func setGRUBDefault(q *qemutest.Test, partition, entry string) {
	const config = "::/EFI/BOOT/grub.cfg"
	path := q.Scratch("grub.cfg")
	q.HostCommand("mcopy", "-i", partition, config, path)
	text, err := os.ReadFile(path)
	q.Check(err)
	text = fmt.Appendf(text, "\nset default='%s'\n", entry)
	q.Check(os.WriteFile(path, text, 0o600))
	// -D o: overwrite without asking.
	q.HostCommand("mcopy", "-D", "o", "-i", partition, path, config)
}

var (
	bsaResult  = regexp.MustCompile(`\[.*\]\s+(.+): Result:\s+(\w+)`)
	bsaSummary = regexp.MustCompile(`Total Tests Run =\s*(\d+), Tests Passed =\s*(\d+), Tests Failed =\s*(\d+)`)
)

// requireBSAPassed checks the log of the suite's kernel module.
func requireBSAPassed(t *testing.T, log string) {
	t.Helper()
	data, err := os.ReadFile(log)
	require.NoError(t, err)
	text := string(data)
	for _, result := range bsaResult.FindAllStringSubmatch(text, -1) {
		t.Logf("%s: %s", strings.TrimSpace(result[1]), result[2])
	}
	summary := bsaSummary.FindStringSubmatch(text)
	require.NotNil(t, summary, "%s has no summary of the tests", filepath.Base(log))
	require.NotEqual(t, "0", summary[1], "tests were run")
	require.Equal(t, "0", summary[3], "tests failed: %s", summary[0])
}
