package archive_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

func TestDetectName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		format      archive.Format
		compression archive.Compression
	}{
		"day18.tar.xz":                           {archive.FormatTar, archive.XZ},
		"day.tar":                                {archive.FormatTar, archive.None},
		"u-boot.TGZ":                             {archive.FormatTar, archive.Gzip},
		"a.tzst":                                 {archive.FormatTar, archive.Zstd},
		"a.tar.bz2":                              {archive.FormatTar, archive.Bzip2},
		"yamon-bin-02.22.zip":                    {archive.FormatZip, archive.None},
		"image.img.xz.zip":                       {archive.FormatZip, archive.None},
		"rootfs.cpio":                            {archive.FormatCpio, archive.None},
		"rootfs.cpio.gz":                         {archive.FormatCpio, archive.Gzip},
		"linux_5.1%2Bb1.deb":                     {archive.FormatDeb, archive.None},
		"kernel-m68k-di.udeb":                    {archive.FormatDeb, archive.None},
		"zImage.gz":                              {"", archive.Gzip},
		"vmlinux.lzma":                           {"", archive.LZMA},
		"rootfs.ext4.zst":                        {"", archive.Zstd},
		"image.lz4":                              {"", archive.LZ4},
		"zImage":                                 {"", archive.None},
		"":                                       {"", archive.None},
		"dir.tar.gz/file":                        {"", archive.None},
		"a.tar.xz.sha256":                        {"", archive.None},
		"https://example.org/x.tar.gz?raw=1#top": {archive.FormatTar, archive.Gzip},
		"https://example.org/downloadFile?id=1&n=x.tar":   {"", archive.None},
		"http://snapshot.debian.org/linux_5.17%2Bb1.udeb": {archive.FormatDeb, archive.None},
	} {
		format, compression := archive.DetectName(name)
		assert.Equal(t, want.format, format, name)
		assert.Equal(t, want.compression, compression, name)
	}
}

func TestDetectContent(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		format, compression := archive.DetectContent(data)
		assert.Equal(t, archive.Format(""), format, name)
		assert.Equal(t, compressionOf(name), compression, name)
	}
	for want, data := range map[archive.Format][]byte{
		archive.FormatTar:  buildTar(t, file("a", "x")),
		archive.FormatZip:  buildZip(t),
		archive.FormatCpio: buildCpio(odc),
		archive.FormatDeb:  buildDeb(),
		"":                 []byte("\x7fELF"),
	} {
		format, compression := archive.DetectContent(data)
		assert.Equal(t, want, format)
		assert.Equal(t, archive.None, compression)
		for n := range min(len(data), 600) {
			archive.DetectContent(data[:n]) // no panic
		}
	}
	// The v7 format has no magic.
	v7 := buildTar(t, file("a", "x"))
	clear(v7[257:265])
	copy(v7[148:], "        ")
	sum := 0
	for _, c := range v7[:512] {
		sum += int(c)
	}
	copy(v7[148:], []byte{byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0})
	format, _ := archive.DetectContent(v7)
	assert.Equal(t, archive.FormatTar, format)
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	tarball := buildTar(t, file("a", "x"))
	gz := compress(t, archive.Gzip, tarball)
	for _, tc := range []struct {
		name string
		data []byte
		want string // empty: accepted
	}{
		{"x.tar.gz", gz, ""},
		{"x.gz", gz, ""},
		{"x", gz, ""},
		{"x.tar", gz, `the name "x.tar" stands for tar, but the content starts like gzip`},
		{"x.tar.xz", gz, `the name "x.tar.xz" stands for tar with xz, but the content starts like gzip`},
		{"x.tar.gz", tarball, `the name "x.tar.gz" stands for tar with gzip, but the content starts like tar`},
		// The segments of an initramfs may be compressed, whatever its name; but this one is no cpio archive inside.
		{"x.cpio.gz", gz, "neither a cpio archive nor a known compression at byte 0"},
		{"x.cpio", gz, "neither a cpio archive nor a known compression at byte 0"},
		{"x.deb", tarball, `the name "x.deb" stands for deb, but the content starts like tar`},
		{"x.zip", []byte("<html>not found"), "no valid zip directory"},
		{"x.tar", []byte("<html>not found"), "input"},
		{"x.tar.gz", []byte("<html>not found"), `content starts like nothing known (3c 68 74 6d 6c 3e 6e 6f)`},
		{"x", []byte("<html>not found"), "neither the name nor the first bytes (3c 68 74 6d 6c 3e 6e 6f) are those of an archive"},
		{"x.gz", compress(t, archive.Gzip, []byte("<html>")), "neither the name nor the first bytes"},
	} {
		err := archive.Extract(ctx, t.TempDir(), stream(tc.data, tc.name), archive.Options{})
		if tc.want == "" {
			require.NoError(t, err, tc.name)
			continue
		}
		require.ErrorContains(t, err, tc.want, tc.name)
	}
	for _, opts := range []archive.Options{
		{Format: archive.FormatTar},
		{Format: archive.FormatTar, Compression: archive.Gzip},
		{Compression: archive.Gzip},
	} {
		require.NoError(t, archive.Extract(ctx, t.TempDir(), stream(gz, "x.tar"), opts), "explicit wins")
	}
	err := archive.Extract(ctx, t.TempDir(), stream(gz, "x.tar"), archive.Options{Format: "rar"})
	require.ErrorContains(t, err, `there is no format "rar"`)
}
