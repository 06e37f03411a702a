package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// specials are members that are neither file nor directory nor link.
func specials() []member {
	return []member{
		{name: "console", mode: typeChar | 0o600, devices: [2]int64{5, 1}},
		{name: "sda", mode: typeBlock | 0o660, devices: [2]int64{8, 0}},
		{name: "initctl", mode: typePipe | 0o600},
		{name: "log", mode: typeSocket | 0o666},
		{name: "door", mode: 0o150000 | 0o644}, // of Solaris
	}
}

// What is neither file nor directory nor link is left out, and noted; who asks for it by name gets an error.
func TestSpecialMembers(t *testing.T) {
	t.Parallel()
	const char, block, pipe = "character device 5,1", "block device 8,0", "named pipe"
	all := specials()
	inCpio := []string{char, block, pipe, "socket", "member of type 0150000"}
	inZip := []string{"member of type Dc---------", "member of type D---------", "member of type p---------", "member of type S---------"}
	for name, tc := range map[string]struct {
		data []byte
		want []string // of the first members of all
	}{
		"x.tar":     {buildTar(t, append(all[:3:3], file("last", "x"))...), []string{char, block, pipe}},
		"newc.cpio": {buildCpio(newc, append(all, file("last", "x"))...), inCpio},
		"crc.cpio":  {buildCpio(crc, append(all, file("last", "x"))...), inCpio},
		"odc.cpio":  {buildCpio(odc, append(all, file("last", "x"))...), inCpio},
		"x.zip":     {buildZip(t, append(all[:4:4], file("last", "x"))...), inZip},
	} {
		var notes, want []string
		for i, special := range tc.want {
			want = append(want, all[i].name+": "+strings.TrimSuffix(special, "---------")+" skipped")
			_, err := archive.ReadMember(context.Background(), stream(tc.data, name), all[i].name, archive.Options{})
			require.ErrorIs(t, err, errors.ErrUnsupported, name)
			require.ErrorContains(t, err, "it is a "+special[:5], name)
			require.ErrorContains(t, err, "which is not extracted", name)
		}
		dst := extract(t, stream(tc.data, name), archive.Options{Note: func(text string) {
			notes = append(notes, strings.Replace(text, "---------", "", 1))
		}})
		assert.Equal(t, want, notes, name)
		assert.Equal(t, []string{"last"}, names(t, dst), name)
	}
}

// Runs of zeros become holes in every format, whether the archive knows of them or not.
func TestHolesInEveryFormat(t *testing.T) {
	t.Parallel()
	disk := "boot sector" + strings.Repeat("\x00", 8<<20) + "end"
	tarball := buildTar(t, file("disk.img", disk))
	for name, data := range map[string][]byte{
		"x.tar":     tarball,
		"x.tar.zst": compress(t, archive.Zstd, tarball),
		"x.zip":     buildZip(t, file("disk.img", disk)),
		"newc.cpio": buildCpio(newc, file("disk.img", disk)),
		"odc.cpio":  buildCpio(odc, file("disk.img", disk)),
		"x.deb":     buildDeb("data.tar", string(tarball)),
	} {
		path := filepath.Join(extract(t, stream(data, name), archive.Options{}), "disk.img")
		assert.True(t, disk == read(t, path), name)
		assert.Less(t, onDisk(t, path), int64(1<<20), name)
	}
	path := filepath.Join(extract(t, archive.File("testdata/sparse.tar.xz"), archive.Options{}), "sp.img")
	assert.Less(t, onDisk(t, path), int64(1<<20), "which has a map of the holes")
}

// onDisk returns how many bytes of disk a file takes.
func onDisk(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	const sectorSize = 512
	return info.Sys().(*syscall.Stat_t).Blocks * sectorSize
}

// What is wrong with the data of a member is told with its name and where its header is.
func TestErrorsInDataNameMemberAndOffset(t *testing.T) {
	t.Parallel()
	const size = 1001 // of the first member: no multiple of anything
	members := []member{file("first", noise(size)), file("second", strings.Repeat("second ", 500))}
	tarball := buildTar(t, members...)
	newcOffset := align(align(110+6, 4)+size, 4) // a header, "first" and its NUL, the data
	for name, tc := range map[string]struct {
		data   []byte
		offset int
	}{
		"x.tar":     {tarball, 512 + 1024},
		"x.deb":     {buildDeb("data.tar", string(tarball)), 512 + 1024},
		"newc.cpio": {buildCpio(newc, members...), newcOffset},
		"crc.cpio":  {buildCpio(crc, members...), newcOffset},
		"odc.cpio":  {buildCpio(odc, members...), 76 + 6 + size},
	} {
		refuses := func(data []byte, want error) {
			var where *archive.Error
			require.ErrorAs(t, newPrison(t).refuses(t, data, name, want), &where, name)
			assert.Equal(t, "second", where.Member, name)
			assert.EqualValues(t, tc.offset, where.Offset, name)
		}
		middle := bytes.LastIndex(tc.data, []byte("second second"))
		refuses(tc.data[:middle], archive.ErrTruncated)
		if name == "crc.cpio" { // the others have no checksum of data
			damaged := bytes.Clone(tc.data)
			damaged[middle] ^= 1
			refuses(damaged, archive.ErrCorrupt)
		}
	}
	// In zip the directory has the place of the data; a cut takes the directory away.
	data := buildZip(t, members...)
	directory, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	start, err := directory.File[1].DataOffset()
	require.NoError(t, err)
	data[start+4] ^= 1
	var where *archive.Error
	require.ErrorAs(t, newPrison(t).refuses(t, data, "x.zip", archive.ErrCorrupt), &where)
	assert.Equal(t, "second", where.Member)
	assert.EqualValues(t, start, where.Offset)
}

func align(n, to int) int { return (n + to - 1) / to * to }

// brokenLZMA is lzma data that ends where it should not, which the library tells only once or not at all.
func brokenLZMA(t testing.TB) map[string]broken {
	marked := compress(t, archive.LZMA, []byte(sample))
	return map[string]broken{
		"unknown size, no end mark":   {marked[:len(marked)-6], archive.ErrTruncated, "lzma data ends early"},
		"unknown size, only a header": {marked[:13], archive.ErrTruncated, "lzma data ends early"},
		"more data than declared":     {lzmaOfSize(t, sample, len(sample)-1), archive.ErrCorrupt, "wrong uncompressed data size"},
		"less data than declared":     {lzmaOfSize(t, sample, len(sample)+1), archive.ErrTruncated, "lzma data ends early"},
	}
}

func TestBrokenLZMA(t *testing.T) {
	t.Parallel()
	for name, tc := range brokenLZMA(t) {
		_, err := decode(bytes.NewReader(tc.data), archive.LZMA)
		require.ErrorIs(t, err, tc.want, name)
		require.ErrorContains(t, err, tc.text, name)
	}
}

// lzmaOfSize is lzma data whose header declares a size.
func lzmaOfSize(t testing.TB, data string, size int) []byte {
	lzma := lzmaKnownSize(t, data)
	binary.LittleEndian.PutUint64(lzma[5:], uint64(size))
	return lzma
}

// A broken input is one that no tool makes, or only a tool that is broken.
type broken struct {
	data []byte
	want error
	text string // part of the error
}

// brokenCpios have headers that no tool writes, or the format that the kernel does not take.
func brokenCpios() map[string]broken {
	const (
		modeField    = 6 + 1*8
		sizeField    = 6 + 6*8
		odcModeField = 6 + 2*6
		odcSizeField = 76 - 11
	)
	newcLink, odcLink := buildCpio(newc, symlink("a", "target")), buildCpio(odc, symlink("a", "target"))
	padded := buildCpio(newc, file("a", "x"), file("b", "y"))
	return map[string]broken{
		"newc link to nothing":      {patched(newcLink, sizeField, "00000000"), archive.ErrCorrupt, "symbolic link to a name of 0 bytes"},
		"newc link to a huge name":  {patched(newcLink, sizeField, "7fffffff"), archive.ErrCorrupt, "symbolic link to a name of 2147483647 bytes"},
		"newc link with setuid":     {patched(newcLink, modeField, "0000a9ff"), archive.ErrCorrupt, "symbolic link with mode 124777"},
		"odc link to nothing":       {patched(odcLink, odcSizeField, "00000000000"), archive.ErrCorrupt, "symbolic link to a name of 0 bytes"},
		"odc link to a huge name":   {patched(odcLink, odcSizeField, "77777777777"), archive.ErrCorrupt, "symbolic link to a name of 8589934591 bytes"},
		"odc mode of other digits":  {patched(odcLink, odcModeField, "77777x"), archive.ErrCorrupt, "which is no octal number"},
		"newc padding that is data": {patched(padded, bytes.IndexByte(padded, 'x')+1, "\x00!\x00"), archive.ErrCorrupt, "the padding of the data is not zero"},
		"old binary, little-endian": {[]byte("\xc7\x71 and so on"), errors.ErrUnsupported, `make it with "cpio -H newc"`},
		"old binary, big-endian":    {[]byte("\x71\xc7 and so on"), errors.ErrUnsupported, `make it with "cpio -H newc"`},
	}
}

func TestBrokenCpios(t *testing.T) {
	t.Parallel()
	for name, tc := range brokenCpios() {
		err := archive.Extract(context.Background(), t.TempDir(), stream(tc.data, ""), archive.Options{Format: archive.FormatCpio})
		require.ErrorIs(t, err, tc.want, name)
		require.ErrorContains(t, err, tc.text, name)
	}
}

// tarOfUnknownType has a member of no type that is known here.
func tarOfUnknownType(t testing.TB) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "vendor", Typeflag: 'Z', Size: 4}))
	_, err := w.Write([]byte("data"))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	return append(b.Bytes(), buildTar(t, file("a", "x"))...)
}

func TestTarOfUnknownType(t *testing.T) {
	t.Parallel()
	var notes []string
	dst := extract(t, stream(tarOfUnknownType(t), "x.tar"), archive.Options{Note: func(text string) { notes = append(notes, text) }})
	assert.Equal(t, []string{"a"}, names(t, dst))
	assert.Equal(t, []string{"vendor: member of type 'Z' skipped"}, notes)
}

// One block of zeros is not the end of a tar archive: the second may have been cut off, and much more before it.
func TestTarWithHalfAnEnd(t *testing.T) {
	t.Parallel()
	whole := buildTar(t, file("a", "x"))
	for _, n := range []int{len(whole) - 512, len(whole) - 1024} {
		newPrison(t).refuses(t, whole[:n], "x.tar", archive.ErrTruncated)
	}
	// Zeros of a member are not the end either.
	zeros := buildTar(t, file("a", strings.Repeat("\x00", 4096)))
	newPrison(t).refuses(t, zeros[:len(zeros)-1024], "x.tar", archive.ErrTruncated)
}

// The control files come from wherever they are in a package, and however they are compressed.
func TestControlOfEveryKind(t *testing.T) {
	t.Parallel()
	tarball := buildTar(t, file("./control", "Package: x\n"))
	for _, c := range []archive.Compression{archive.None, archive.Gzip, archive.XZ, archive.Zstd} {
		control, name := string(tarball), "control.tar"
		if c != archive.None {
			control, name = string(compress(t, c, tarball)), "control.tar."+suffix[c]
		}
		for _, deb := range [][]byte{
			buildDeb("debian-binary", "2.0\n", name, control, "data.tar", string(buildTar(t))),
			buildDeb("data.tar", string(buildTar(t)), name, control, "debian-binary", "2.0\n"),
		} {
			got, err := archive.ReadMember(context.Background(), stream(deb, "x.udeb"), "control", archive.Options{Format: archive.FormatDebControl})
			require.NoError(t, err, name)
			assert.Equal(t, "Package: x\n", string(got), name)
		}
	}
}

// xz data may be without a checksum, and has room for checksums that no tool of today writes.
func TestXZChecks(t *testing.T) {
	t.Parallel()
	got, err := decode(strings.NewReader(read(t, "testdata/no-check.xz")), archive.XZ)
	require.NoError(t, err)
	assert.Equal(t, "some content", got)

	data := compress(t, archive.XZ, []byte(sample))
	const flags = 7 // of the header; the footer has the same
	data[flags] = 2
	fixCRC32(data[6:12]) // of the two bytes of flags
	// The footer is a checksum of the six bytes after it, and the magic.
	footer := data[len(data)-12:]
	footer[9] = 2
	binary.LittleEndian.PutUint32(footer, crc32.ChecksumIEEE(footer[4:10]))
	_, err = decode(bytes.NewReader(data), archive.XZ)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "integrity check other than")
}
