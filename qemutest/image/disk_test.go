package image

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// boot returns a disk with a partition of each kind.
func boot(mbr bool) *Disk {
	fat := new(FAT)
	fat.AddBytes("EFI/BOOT/BOOTX64.EFI", []byte("MZ"))
	raw := new(Raw)
	raw.AddBytes(0, []byte("raw"))
	return &Disk{MBR: mbr, Partitions: []Partition{
		{Name: "EFI", Type: EFISystem, Content: fat},
		{Name: "größe 😀", Content: raw, Size: 3 << 19},
		{Type: strings.ToLower(BasicData), Size: 512},
	}}
}

func writeDisk(t *testing.T, d *Disk) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	require.NoError(t, d.WriteFile(path))
	return path
}

func TestDiskHasItsPartitions(t *testing.T) {
	t.Parallel()
	for _, mbr := range []bool{false, true} {
		var b bytes.Buffer
		n, err := boot(mbr).WriteTo(&b)
		require.NoError(t, err)
		require.EqualValues(t, b.Len(), n)
		file, err := os.ReadFile(writeDisk(t, boot(mbr)))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(file, b.Bytes()), "stream and file, made twice, are equal")
		files := readFAT(t, bytes.NewReader(file[1<<20:2<<20]))
		assert.Equal(t, map[string]string{"EFI/BOOT/BOOTX64.EFI": "MZ"}, files)
		assert.Equal(t, "raw\x00", string(file[2<<20:2<<20+4]))
	}
}

func TestSgdiskFindsNoFaultWithGPT(t *testing.T) {
	t.Parallel()
	sgdisk := tool(t, "sgdisk", "gdisk")
	path := writeDisk(t, boot(false))
	out := sgdisk("-v", path)
	assert.Contains(t, out, "No problems found.")
	out = sgdisk("-p", path)
	assert.Regexp(t, `(?m)^ +1 +2048 +4095 .* EF00  EFI$`, out)
	assert.Regexp(t, `(?m)^ +2 +4096 +7167 .* 8300  größe`, out)
	assert.Regexp(t, `(?m)^ +3 +8192 +8192 .* 0700`, out)
}

func TestSfdiskReadsDisks(t *testing.T) {
	t.Parallel()
	sfdisk := tool(t, "sfdisk", "fdisk")
	out := sfdisk("-d", writeDisk(t, boot(false)))
	assert.Contains(t, out, "label: gpt\n")
	assert.Regexp(t, `start= +2048, size= +2048, type=`+EFISystem+`, uuid=\S+, name="EFI"`, out)
	assert.Regexp(t, `start= +4096, size= +3072, type=`+LinuxData, out)
	assert.NotContains(t, sfdisk("--verify", writeDisk(t, boot(false))), "backup")

	out = sfdisk("-d", writeDisk(t, boot(true)))
	assert.Contains(t, out, "label: dos\n")
	assert.Regexp(t, `start= +2048, size= +2048, type=ef\n`, out)
	assert.Regexp(t, `start= +4096, size= +3072, type=83\n`, out)
	assert.Regexp(t, `start= +8192, size= +1, type=c\n`, out)
}

func TestDiskErrors(t *testing.T) {
	t.Parallel()
	raw := new(Raw)
	raw.AddBytes(0, make([]byte, 1024))
	for name, c := range map[string]struct {
		disk Disk
		want string
	}{
		"size":        {Disk{Size: 1 << 20, Partitions: []Partition{{Size: 512}}}, "disk: expected at most 1048576 bytes of content, but there are 3145728"},
		"sectors":     {Disk{Partitions: []Partition{{Size: 512}, {Size: 100}}}, "disk, partition 2: expected a size of whole sectors"},
		"empty":       {Disk{Partitions: []Partition{{}}}, "disk, partition 1: expected a size"},
		"full":        {Disk{Partitions: []Partition{{Size: 512, Content: raw}}}, "disk, partition 1: raw medium: expected at most 512 bytes"},
		"fat":         {Disk{Partitions: []Partition{{Size: 1 << 20, Content: &FAT{Size: 2 << 20}}}}, "expected at most the 1048576 bytes of the partition"},
		"type":        {Disk{Partitions: []Partition{{Size: 512, Type: "EFI"}}}, `expected a GUID such as ` + LinuxData + `, but it is "EFI"`},
		"name":        {Disk{Partitions: []Partition{{Size: 512, Name: strings.Repeat("n", 37)}}}, "at most 36 UTF-16 code units"},
		"five":        {Disk{MBR: true, Partitions: make([]Partition, 5)}, "expected at most 4 partitions, but there are 5"},
		"type of MBR": {Disk{MBR: true, Partitions: []Partition{{Size: 512, Type: "21686148-6449-6E6F-744E-656564454649"}}}, "a type that an MBR has a number for"},
		"far":         {Disk{MBR: true, Partitions: []Partition{{Size: 3 << 40}}}, "the limit of an MBR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			_, err := c.disk.WriteTo(&b)
			require.ErrorContains(t, err, c.want)
			assert.Zero(t, b.Len())
		})
	}
}

func TestDiskWithoutPartitions(t *testing.T) {
	t.Parallel()
	for _, mbr := range []bool{false, true} {
		sfdisk := tool(t, "sfdisk", "fdisk")
		assert.Contains(t, sfdisk("-d", writeDisk(t, &Disk{MBR: mbr, Size: 4 << 20})), "unit: sectors")
	}
}
