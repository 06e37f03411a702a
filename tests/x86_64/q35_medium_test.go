//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/machine"
)

// mediumFiles are what the media here hold.
var mediumFiles = map[string]string{
	"EFI/BOOT/STARTUP.TXT":        "short names\r\n",
	"a long name with spaces.txt": "long name\r\n",
	"sub/größe.txt":               strings.Repeat("more than a cluster\r\n", 5000),
	"empty":                       "",
}

func mediumFAT(bits int) *image.FAT {
	fat := &image.FAT{Bits: bits, Label: fmt.Sprintf("FAT%d", bits)}
	for name, content := range mediumFiles {
		fat.AddBytes(name, []byte(content))
	}
	for n := range 100 {
		fat.AddBytes(fmt.Sprintf("many/number %d.dat", n), bytes.Repeat([]byte{byte(n)}, 100*n))
	}
	return fat
}

// Linux mounts each kind of FAT that package image writes, behind either kind of
// partition table, and finds in it what was put there.
func TestX86Q35MediumLinux(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Memory(2<<30),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(cloudKernel))
	k := q.Kernel(cloudKernel)
	root := q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"}, "virtio_blk", "vfat", "nls_cp437", "nls_ascii")
	vm := q.VM("-m", "1G", "-no-reboot", "-nic", "none",
		"-kernel", k.Image,
		"-initrd", q.Initramfs(root),
		"-append", "console=ttyS0 no_timer_check panic=-1")
	for _, mbr := range []bool{false, true} {
		path := q.Medium(fmt.Sprintf("mbr-%v.img", mbr), &image.Disk{MBR: mbr, Partitions: []image.Partition{
			{Name: "twelve", Type: image.EFISystem, Content: mediumFAT(12)},
			{Name: "sixteen", Type: image.BasicData, Content: mediumFAT(16)},
			{Name: "thirty-two", Content: mediumFAT(32), Size: 64 << 20},
		}})
		vm.AddArgs("-drive", "if=virtio,format=raw,file="+path)
	}
	vm.EnableGuest(qemutest.VirtioChannel(""))
	vm.Launch()
	for _, device := range []string{"vda1", "vda2", "vda3", "vdb1", "vdb2", "vdb3"} {
		checkMedium(t, vm.Guest(), device)
	}
	uevent := string(vm.Guest().ReadFile("/sys/class/block/vda3/uevent"))
	assert.Contains(t, uevent, "PARTNAME=thirty-two")
	vm.Guest().PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
	messages, err := io.ReadAll(io.NewSectionReader(vm.Machine().Console(0), 0, vm.Machine().Console(0).Size()))
	q.Check(err)
	assert.Contains(t, string(messages), "vdb: vdb1 vdb2 vdb3")
	for _, complaint := range []string{"FAT-fs", "GPT:", "GPT header"} {
		assert.NotContains(t, string(messages), complaint, "the kernel complains")
	}
}

func checkMedium(t *testing.T, g *qemutest.Guest, device string) {
	t.Helper()
	dir := "/mnt/" + device
	g.Mount(guest.Mount{Source: "/dev/" + device, Target: dir, Type: "vfat", Options: "utf8"})
	names := []string{}
	for _, file := range g.ReadDir(dir) {
		names = append(names, file.Name())
	}
	assert.Equal(t, []string{"EFI", "a long name with spaces.txt", "empty", "many", "sub"}, names, device)
	for _, name := range slices.Sorted(maps.Keys(mediumFiles)) {
		assert.Equal(t, mediumFiles[name], string(g.ReadFile(dir+"/"+name)), "%s on %s", name, device)
	}
	many := g.ReadDir(dir + "/many")
	if assert.Len(t, many, 100, device) {
		content := g.ReadFile(dir + "/many/number 99.dat")
		assert.Equal(t, bytes.Repeat([]byte{99}, 9900), content, device)
	}
	g.WriteFile(dir+"/new", []byte("by the guest"), 0o600)
	assert.Equal(t, "by the guest", string(g.ReadFile(dir+"/new")), device)
}

var ovmf = []string{"OVMF/OVMF_CODE_4M.fd", "OVMF/OVMF_CODE.fd", "edk2/ovmf/OVMF_CODE.fd"}

// UEFI starts the script on the FAT that package image writes, which finds its
// files by short and by long names.
func TestX86Q35MediumUEFI(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Firmware(ovmf...),
		qemutest.Thorough(),
		qemutest.Timeout(3*time.Minute))
	esp := mediumFAT(32)
	esp.AddBytes("startup.nsh", []byte("type fs0:\\EFI\\BOOT\\STARTUP.TXT\r\n"+
		"type \"fs0:\\a long name with spaces.txt\"\r\nls fs0:\\many\r\nreset -s\r\n"))
	disk := q.Medium("disk.img", &image.Disk{Partitions: []image.Partition{{Name: "ESP", Type: image.EFISystem, Content: esp}}})
	vm := q.VM("-nic", "none",
		"-drive", "if=pflash,format=raw,readonly=on,file="+q.Firmware(ovmf...),
		"-drive", "if=virtio,format=raw,file="+disk)
	vm.Launch()
	const failed = "cannot find"
	vm.WaitFor("short names", failed)
	vm.WaitFor("long name", failed)
	vm.WaitFor("100 File(s)", failed)
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}
