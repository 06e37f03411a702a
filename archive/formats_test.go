package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// smallArchives are archives of every format of which every cut can be tried.
func smallArchives(t testing.TB) map[string][]byte {
	members := []member{dir("d/"), file("d/a", "some content"), symlink("d/l", "a"), file("b", noise(40))}
	linked := append(members, member{name: "h", link: "b"})
	tarball := buildTar(t, linked...)
	return map[string][]byte{
		"x.tar":     tarball,
		"x.tar.gz":  compress(t, archive.Gzip, tarball),
		"x.tar.xz":  compress(t, archive.XZ, tarball),
		"x.tar.zst": compress(t, archive.Zstd, tarball),
		"x.zip":     buildZip(t, members...),
		"newc.cpio": buildCpio(newc, linked...),
		"crc.cpio":  buildCpio(crc, linked...),
		"odc.cpio":  buildCpio(odc, linked...),
		"xz.cpio":   compress(t, archive.XZ, buildCpio(newc, linked...)),
		"x.deb":     buildDeb("debian-binary", "2.0\n", "control.tar", "x", "data.tar.xz", string(compress(t, archive.XZ, tarball))),
	}
}

// offsets picks where to cut or damage n bytes: evenly, and everywhere near the end. Every one would be better, and takes
// a minute of making and removing directories.
func offsets(n int) []int {
	most := 400
	if testing.Short() {
		most = 60
	}
	step := n/most + 1
	if step > 1 {
		step |= 1 // so that all bytes of aligned fields get their turn
	}
	var list []int
	for i := 0; i < n; i += step {
		list = append(list, i)
	}
	for i := max(0, n-20); i < n; i++ {
		list = append(list, i)
	}
	return list
}

// Every cut of every archive is an error and leaves nothing, but for the padding after the end, which may be missing.
func TestTruncatedArchives(t *testing.T) {
	t.Parallel()
	for name, data := range smallArchives(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := names(t, extract(t, stream(data, name), archive.Options{}))
			root := t.TempDir()
			for _, n := range offsets(len(data)) {
				dst := filepath.Join(root, "dst")
				src := stream(data[:n], name)
				err := archive.Extract(context.Background(), dst, src, archive.Options{})
				if err == nil {
					// The end of newc is that of the trailer's name, of ar a padding byte.
					assert.GreaterOrEqual(t, n, len(data)-4, "cut at %d of %d is accepted", n, len(data))
					assert.Equal(t, want, names(t, dst), "cut at %d", n)
					require.NoError(t, os.RemoveAll(dst))
					continue
				}
				assert.True(t, isOneOf(err, archive.ErrTruncated, archive.ErrCorrupt, archive.ErrFormat), "cut at %d: %v", n, err)
				assert.Empty(t, names(t, root), "cut at %d left something", n)
			}
		})
	}
}

// No damage makes it panic, leaves something behind an error, or gets by a checksum.
func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	for name, data := range smallArchives(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for _, i := range offsets(len(data)) {
				damaged := bytes.Clone(data)
				damaged[i] ^= 1 << (i % 7)
				dst := filepath.Join(root, "dst")
				if err := archive.Extract(context.Background(), dst, stream(damaged, name), archive.Options{}); err != nil {
					require.Empty(t, names(t, root), "damage at byte %d: %v", i, err)
				}
				require.NoError(t, os.RemoveAll(dst))
			}
		})
	}
}

func TestTarAfterTheEnd(t *testing.T) {
	t.Parallel()
	data := append(buildTar(t, file("a", "x")), "garbage"...)
	var notes []string
	opts := archive.Options{Note: func(text string) { notes = append(notes, text) }}
	assert.Equal(t, []string{"a"}, names(t, extract(t, stream(data, "x.tar"), opts)))
	assert.Equal(t, []string{"7 bytes after the end of the tar archive, from byte 2048 on, ignored"}, notes)

	// What a compressed archive has after its end is read for its checksum.
	gz := compress(t, archive.Gzip, append(buildTar(t, file("a", "x")), make([]byte, 8192)...))
	gz[len(gz)-6]++
	err := archive.Extract(context.Background(), t.TempDir(), stream(gz, "x.tar.gz"), archive.Options{})
	require.ErrorIs(t, err, archive.ErrCorrupt)
}

// GNU tar stores files with holes in a way of its own; the sample is made by "tar --sparse --format=posix".
func TestTarSparse(t *testing.T) {
	t.Parallel()
	dst := extract(t, archive.File("testdata/sparse.tar.xz"), archive.Options{})
	want := make([]byte, 10<<20)
	copy(want, "boot sector")
	copy(want[len(want)-3:], "end")
	assert.True(t, string(want) == read(t, filepath.Join(dst, "sp.img")))
}

// "git archive" begins with a header that is about the whole archive and no member.
func TestTarGlobalHeader(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "1e1ae58"}}))
	require.NoError(t, w.Flush())
	data := append(b.Bytes(), buildTar(t, file("a", "x"))...)
	assert.Equal(t, []string{"a"}, names(t, extract(t, stream(data, "x.tar"), archive.Options{})))
}

// An empty archive has its end, an empty file has not.
func TestEmptyArchives(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"x.tar": buildTar(t), "x.zip": buildZip(t), "x.cpio": buildCpio(newc), "x.deb": buildDeb("data.tar", string(buildTar(t))),
	} {
		assert.Empty(t, names(t, extract(t, stream(data, name), archive.Options{})))
		err := archive.Extract(context.Background(), t.TempDir(), stream(nil, name), archive.Options{})
		assert.True(t, isOneOf(err, archive.ErrTruncated, archive.ErrCorrupt, archive.ErrFormat), "%s: %v", name, err)
	}
}

// An initramfs is any number of archives, padded, each compressed in its own way: the microcode, the drivers, the rest.
func TestInitramfsSegments(t *testing.T) {
	t.Parallel()
	first := buildCpio(newc, dir("kernel"), file("kernel/ucode", "microcode"))
	zeros := func(n int) []byte { return make([]byte, n) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range append(writable, archive.None) {
		segment := func(name string) []byte {
			data := join(buildCpio(newc, file(name, name)), zeros(100), buildCpio(crc, file(name+"2", "x")))
			if c == archive.None {
				return data
			}
			return compress(t, c, data)
		}
		data := join(first, zeros(512-len(first)%512), segment("main"), zeros(8), segment("extra"), first, segment("last"), zeros(3))
		want := []string{"extra", "extra2", "kernel", "kernel/ucode", "last", "last2", "main", "main2"}
		for _, src := range []archive.Source{stream(data, "initrd.cpio"), {Path: save(t, data), Name: "initrd.img"}} {
			assert.Equal(t, want, names(t, extract(t, src, archive.Options{})), c)
		}
	}
	// Segments may be empty, and be many.
	many := append(bytes.Repeat(compress(t, archive.Gzip, nil), 10_000), first...)
	assert.Len(t, names(t, extract(t, stream(many, "x.cpio.gz"), archive.Options{})), 2)

	bz2, err := os.ReadFile("testdata/rootfs.cpio.bz2")
	require.NoError(t, err)
	assert.Len(t, names(t, extract(t, stream(join(bz2, zeros(4), first), "x.cpio.bz2"), archive.Options{})), len(rootfsListing())+2)

	for name, data := range map[string][]byte{
		"garbage between":    join(first, []byte("junk"), first),
		"garbage compressed": compress(t, archive.Gzip, join(first, []byte("junk"))),
		"twice compressed":   compress(t, archive.XZ, compress(t, archive.Gzip, first)),
		"old binary format":  {0xc7, 0x71, 0, 0},
	} {
		err := archive.Extract(context.Background(), t.TempDir(), stream(data, ""), archive.Options{Format: archive.FormatCpio})
		assert.True(t, isOneOf(err, archive.ErrCorrupt, errors.ErrUnsupported), "%s: %v", name, err)
	}
}

// The names of hard links come first and the data last; asked for one name, that one has the data.
func TestCpioHardLinks(t *testing.T) {
	t.Parallel()
	for _, format := range []string{newc, crc, odc} {
		data := buildCpio(format, member{name: "a", mode: 0o400, content: "content"}, member{name: "b", mode: 0o400, link: "a"},
			member{name: "c", mode: 0o400, link: "a"})
		dst := extract(t, stream(data, "x.cpio"), archive.Options{})
		a, err := os.Stat(filepath.Join(dst, "a"))
		require.NoError(t, err)
		for _, name := range []string{"a", "b", "c"} {
			info, err := os.Stat(filepath.Join(dst, name))
			require.NoError(t, err)
			assert.True(t, os.SameFile(a, info), "%s is not a", name)
			content, err := os.ReadFile(filepath.Join(dst, name))
			require.NoError(t, err)
			assert.Equal(t, "content", string(content))
			assert.Equal(t, testTime.Unix(), info.ModTime().Unix())

			content, err = archive.ReadMember(context.Background(), stream(data, "x.cpio"), name, archive.Options{})
			if format != odc && name == "b" {
				// Neither the first name, which stands for the others, nor the last, which has the data.
				require.ErrorContains(t, err, `hard link to "a", which was not extracted`)
				continue
			}
			require.NoError(t, err, name)
			assert.Equal(t, "content", string(content), "%s of %s", name, format)
		}
		// In another segment the same inode is another file.
		two := append(data, buildCpio(format, file("x", "other"), member{name: "y", mode: 0o644, link: "x"})...)
		dst = extract(t, stream(two, "x.cpio"), archive.Options{})
		content, err := os.ReadFile(filepath.Join(dst, "x"))
		require.NoError(t, err)
		assert.Equal(t, "other", string(content))
	}
}

func TestCpioHeaders(t *testing.T) {
	t.Parallel()
	const (
		sizeField     = 6 + 6*8
		nameSizeField = 6 + 11*8
		sumField      = 6 + 12*8
	)
	for name, tc := range map[string]struct {
		format string
		offset int
		field  string
		want   string
	}{
		"negative size":     {newc, sizeField, "-0000008", `field 7 of the header is "-0000008"`},
		"no number":         {newc, sizeField, "garbage!", `field 7 of the header is "garbage!"`},
		"no name":           {newc, nameSizeField, "00000000", "name of 0 bytes"},
		"huge name":         {newc, nameSizeField, "ffffffff", "name of 4294967295 bytes"},
		"name without NUL":  {newc, nameSizeField, "00000001", "the name has no NUL"},
		"checksum":          {newc, sumField, "00000001", "checksum in an archive of the format without"},
		"wrong checksum":    {crc, sumField, "00000001", "and should be 00000001"},
		"magic":             {newc, 0, "0707zz", "magic"},
		"octal":             {odc, 18, "00000x", "which is no octal number"},
		"octal name":        {odc, 59, "000000", "name of 0 bytes"},
		"octal without NUL": {odc, 59, "000001", "the name has no NUL"},
	} {
		data := buildCpio(tc.format, file("a", "content"))
		second := append(buildCpio(newc, file("first", "x")), data...)
		copy(second[len(second)-len(data)+tc.offset:], tc.field)
		err := newPrison(t).refuses(t, second, "x.cpio", archive.ErrCorrupt)
		if name != "magic" { // which is found out before it is known to be a header
			require.ErrorContains(t, err, tc.want, name)
		}
	}
}

// gen_init_cpio, which makes the initramfs that is built into kernels, ends the targets of links with a NUL and can pad
// names with more of them.
func TestCpioOfKernelBuild(t *testing.T) {
	t.Parallel()
	data := buildCpio(newc, symlink("init", "bin/busybox\x00"), file("bin/busybox\x00\x00\x00\x00\x00", "elf"), file("TRAILER!!!\x00\x00", ""))
	dst := extract(t, stream(data, "x.cpio"), archive.Options{})
	assert.Equal(t, []string{"bin", "bin/busybox", "init"}, names(t, dst))
	target, err := os.Readlink(filepath.Join(dst, "init"))
	require.NoError(t, err)
	assert.Equal(t, "bin/busybox", target)
}

// brokenDebs are packages that no tool makes.
func brokenDebs(t testing.TB) map[string]broken {
	tarball := string(buildTar(t, file("a", "x")))
	whole := buildDeb("debian-binary", "2.0\n", "data.tar", tarball)
	withSize := func(size string) []byte {
		data := bytes.Clone(whole)
		copy(data[8+60+4+48:], fmt.Sprintf("%-10s", size))
		return data
	}
	return map[string]broken{
		"no data":       {buildDeb("debian-binary", "2.0\n", "control.tar", tarball), archive.ErrCorrupt, `no data.tar, only "debian-binary", "control.tar"`},
		"negative size": {withSize("-1"), archive.ErrCorrupt, `size "-1"`},
		"huge size":     {withSize("9999999999"), archive.ErrTruncated, "member data.tar of the package"},
		"no magic":      {[]byte("!<arck>\n"), archive.ErrCorrupt, "it is no Debian package"},
		"bad header":    {bytes.Replace(whole, []byte("`\n"), []byte("xx"), 1), archive.ErrCorrupt, "no header where one is due"},
		"wrong suffix":  {buildDeb("data.tar.xz", tarball), archive.ErrFormat, `the name "data.tar.xz" stands for tar with xz, but the content starts like tar`},
		"after data":    {append(bytes.Clone(whole), "junk"...), archive.ErrTruncated, "ar data ends early"},
	}
}

func TestDebErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range brokenDebs(t) {
		for _, src := range []archive.Source{stream(tc.data, "x.deb"), {Path: save(t, tc.data), Name: "x.deb"}} {
			err := archive.Extract(context.Background(), t.TempDir(), src, archive.Options{Format: archive.FormatDeb})
			require.ErrorIs(t, err, tc.want, name)
			require.ErrorContains(t, err, tc.text, name)
		}
	}
}

// brokenZips are archives that contradict themselves, or that are made in a way that is not supported.
func brokenZips(t testing.TB) map[string]broken {
	whole := buildZip(t, file("a", strings.Repeat("content", 10)))
	central := bytes.Index(whole, []byte("PK\x01\x02"))
	change := func(offset int, value uint16) []byte {
		data := bytes.Clone(whole)
		binary.LittleEndian.PutUint16(data[offset:], value)
		return data
	}
	return map[string]broken{
		"encrypted":     {change(central+8, 1), errors.ErrUnsupported, "it is encrypted"},
		"method":        {change(central+10, 99), errors.ErrUnsupported, "another way than deflate"},
		"checksum":      {change(central+16, 0xabcd), archive.ErrCorrupt, "checksum"},
		"zero checksum": {zipWithoutChecksum(t), archive.ErrCorrupt, "should be 0"},
		"short":         {change(central+24, 10), archive.ErrCorrupt, ""},
		"long":          {change(central+24, 1000), archive.ErrTruncated, "zip data ends early"},
		"cut":           {whole[:len(whole)-30], archive.ErrCorrupt, "no valid zip directory"},
	}
}

func TestZipErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range brokenZips(t) {
		err := newPrison(t).refuses(t, tc.data, "x.zip", tc.want)
		require.ErrorContains(t, err, tc.text, name)
	}
}
