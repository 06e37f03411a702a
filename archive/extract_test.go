package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// rootfsListing is what is left of rootfs on the disk.
func rootfsListing() []string {
	busybox := fmt.Sprintf(" 12000 %.20q 2020-09-13 12:26:40", noise(5000))
	return []string{
		"drwxr-xr-x bin 2020-09-13 12:26:40",
		"urwxr-xr-x bin/busybox" + busybox,
		"urwxr-xr-x bin/ls" + busybox,
		"Lrwxrwxrwx bin/sh -> busybox",
		"drwx------ dev 2020-09-13 12:26:40",
		"drwxr-xr-x etc", // no member of its own: the time is now
		`-r--r--r-- etc/empty 0 "" 2020-09-13 12:26:40`,
		"Lrwxrwxrwx etc/mtab -> /proc/mounts",
		`-rw------- etc/shadow 15 "root:*:1::::::\n" 2020-09-13 12:26:40`,
		"dtrwxrwxrwx tmp 2020-09-13 12:26:40",
	}
}

func assertRootfs(t *testing.T, root string) {
	t.Helper()
	lines := listing(t, root)
	require.Len(t, lines, len(rootfsListing()))
	for i, line := range rootfsListing() {
		assert.Contains(t, lines[i], line)
	}
	busybox, err := os.Stat(filepath.Join(root, "bin/busybox"))
	require.NoError(t, err)
	ls, err := os.Stat(filepath.Join(root, "bin/ls"))
	require.NoError(t, err)
	assert.True(t, os.SameFile(busybox, ls), "bin/ls is not a hard link to bin/busybox")
}

func TestExtractEveryFormat(t *testing.T) {
	t.Parallel()
	tarball := buildTar(t, rootfs()...)
	control := string(compress(t, archive.Gzip, buildTar(t, file("./control", "Package: x\n"))))
	archives := map[string][]byte{
		"rootfs.tar":         tarball,
		"rootfs.cpio":        buildCpio(newc, rootfs()...),
		"rootfs-crc.cpio":    buildCpio(crc, rootfs()...),
		"rootfs-odc.cpio":    buildCpio(odc, rootfs()...),
		"rootfs_1.0_all.deb": buildDeb("debian-binary", "2.0\n", "control.tar.gz", control, "data.tar", string(tarball)),
		// Any order of the members, and what GNU ar does to names.
		"reverse.udeb": buildDeb("data.tar.zst/", string(compress(t, archive.Zstd, tarball)), "_gpgorigin", "x", "debian-binary/", "2.0\n"),
	}
	for _, c := range writable {
		if c == lz4Legacy {
			continue
		}
		archives["rootfs.tar."+suffix[c]] = compress(t, c, tarball)
		archives["rootfs.cpio."+suffix[c]] = compress(t, c, buildCpio(newc, rootfs()...))
		archives[suffix[c]+".deb"] = buildDeb("debian-binary", "2.0\n", "control.tar.gz", control,
			"data.tar."+suffix[c], string(compress(t, c, tarball)))
	}
	for name, data := range archives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notes []string
			opts := archive.Options{Note: func(text string) { notes = append(notes, text) }}
			t.Run("file", func(t *testing.T) {
				assertRootfs(t, extract(t, archive.Source{Path: save(t, data), Name: name}, opts))
			})
			t.Run("stream", func(t *testing.T) {
				assertRootfs(t, extract(t, stream(data, "https://example.org/pool/"+name+"?download=1"), opts))
			})
			assert.Equal(t, []string{
				"dev/console: character device 5,1 skipped", "dev/initctl: named pipe skipped",
				"dev/console: character device 5,1 skipped", "dev/initctl: named pipe skipped",
			}, notes)
			t.Run("unnamed", func(t *testing.T) {
				assertRootfs(t, extract(t, archive.File(save(t, data)), archive.Options{}))
			})
		})
	}
}

var suffix = map[archive.Compression]string{
	archive.Gzip: "gz", archive.XZ: "xz", archive.LZMA: "lzma", archive.Zstd: "zst", archive.LZ4: "lz4",
}

func TestExtractBzip2(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rootfs.tar.bz2", "rootfs.cpio.bz2"} {
		assertRootfs(t, extract(t, archive.File(filepath.Join("testdata", name)), archive.Options{}))
	}
}

func TestExtractZip(t *testing.T) {
	t.Parallel()
	data := buildZip(t,
		dir("demo/"),
		file("demo/zephyr.elf", noise(3000)),
		member{name: "demo/run", mode: 0o4755, content: "#!/bin/sh\n"},
		symlink("demo/latest", "zephyr.elf"))
	want := []string{
		"drwxr-xr-x demo 2020-09-13 12:26:40",
		"Lrwxrwxrwx demo/latest -> zephyr.elf",
		`urwxr-xr-x demo/run 10 "#!/bin/sh\n" 2020-09-13 12:26:40`,
		fmt.Sprintf("-rw-r--r-- demo/zephyr.elf 3000 %.20q 2020-09-13 12:26:40", noise(3000)),
	}
	for _, src := range []archive.Source{
		{Path: save(t, data), Name: "demo.zip"},
		{Path: save(t, data)},
		stream(data, "demo.zip"),
		{Path: save(t, compress(t, archive.XZ, data)), Name: "demo.zip.xz"},
	} {
		assert.Equal(t, want, listing(t, extract(t, src, archive.Options{})))
	}
}

func TestExtractZipWithoutModes(t *testing.T) {
	t.Parallel()
	// What a DOS program writes: see zip.FileHeader.CreatorVersion.
	data := buildZip(t, file("a", "x"))
	central := bytes.Index(data, []byte("PK\x01\x02"))
	copy(data[central+4:], []byte{20, 0})         // version made by: MS-DOS
	copy(data[central+38:], []byte{0, 0, 0, 0x0}) // external attributes
	lines := listing(t, extract(t, stream(data, ""), archive.Options{}))
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], "-rw-rw-rw- a 1")
}

func TestExtractMembers(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"a.tar":  buildTar(t, dir("./"), dir("./boot/"), file("./boot/vmlinuz", "kernel"), file("./boot/config", "x"), file("./README", "y")),
		"a.zip":  buildZip(t, dir("boot/"), file("boot/vmlinuz", "kernel"), file("boot/config", "x"), file("README", "y")),
		"a.cpio": buildCpio(newc, dir("."), dir("boot"), file("boot/vmlinuz", "kernel"), file("boot/config", "x"), file("README", "y")),
	} {
		for _, tc := range []struct {
			members []string
			want    []string
		}{
			{[]string{"boot/vmlinuz"}, []string{"boot", "boot/vmlinuz"}},
			{[]string{"./boot/vmlinuz"}, []string{"boot", "boot/vmlinuz"}},
			{[]string{"README", "./boot/config"}, []string{"README", "boot", "boot/config"}},
			{[]string{"boot"}, []string{"boot", "boot/config", "boot/vmlinuz"}},
			{[]string{"boot/"}, []string{"boot", "boot/config", "boot/vmlinuz"}},
			{[]string{"."}, []string{"README", "boot", "boot/config", "boot/vmlinuz"}},
		} {
			dst := extract(t, stream(data, name), archive.Options{Members: tc.members})
			assert.Equal(t, tc.want, names(t, dst), "%s %q", name, tc.members)
		}
	}
}

// names lists what is in a tree.
func names(t testing.TB, root string) []string {
	t.Helper()
	list := []string{}
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if path != "." {
			list = append(list, path)
		}
		return err
	}))
	return list
}

func TestMissingMember(t *testing.T) {
	t.Parallel()
	data := buildTar(t,
		file("./boot/vmlinuz-6.6.20-current-sunxi", "kernel"),
		file("./usr/lib/linux-image-6.6.16/sun8i-h3-orangepi-pc.dtb", "dtb"),
		file("./usr/share/doc/copyright", "gpl"))
	dst := filepath.Join(t.TempDir(), "out")
	err := archive.Extract(context.Background(), dst, stream(data, "kernel.tar"), archive.Options{
		Members: []string{"boot/vmlinuz-6.6.16-current-sunxi", "sun8i-h3-orangepi-pc.dtb", "./usr/share/doc/copyright"}})
	var missing *archive.MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, []string{"boot/vmlinuz-6.6.16-current-sunxi", "sun8i-h3-orangepi-pc.dtb"}, missing.Members)
	assert.Equal(t, []string{"boot/vmlinuz-6.6.20-current-sunxi"}, missing.Near)
	assert.EqualError(t, err, `cannot unpack "kernel.tar": the archive has no member "boot/vmlinuz-6.6.16-current-sunxi", `+
		`"sun8i-h3-orangepi-pc.dtb"; it has "boot/vmlinuz-6.6.20-current-sunxi"`)
	assert.NoDirExists(t, dst)

	_, err = archive.ReadMember(context.Background(), stream(data, "kernel.tar"), "sun8i-h3-orangepi-pc.dtb", archive.Options{})
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, []string{"usr/lib/linux-image-6.6.16/sun8i-h3-orangepi-pc.dtb"}, missing.Near, "same name elsewhere")
}

func TestReadMember(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	deb := buildDeb("debian-binary", "2.0\n",
		"control.tar.xz", string(compress(t, archive.XZ, buildTar(t, file("./control", "Package: linux\n")))),
		"data.tar.xz", string(compress(t, archive.XZ, buildTar(t, rootfs()...))))
	src := archive.Source{Path: save(t, deb), Name: "linux_1_all.deb"}

	got, err := archive.ReadMember(ctx, src, "./etc/shadow", archive.Options{})
	require.NoError(t, err)
	assert.Equal(t, "root:*:1::::::\n", string(got))

	got, err = archive.ReadMember(ctx, src, "control", archive.Options{Format: archive.FormatDebControl})
	require.NoError(t, err)
	assert.Equal(t, "Package: linux\n", string(got))

	for name, want := range map[string]string{
		"bin":         "it is a directory, not a file",
		"bin/sh":      `it is a symbolic link to "busybox": ask for that`,
		"bin/ls":      `it is a hard link to "bin/busybox", which was not extracted before it: if the archive has it, ask for both`,
		"dev/console": "it is a character device 5,1, which is not extracted",
		"../x":        "the name contains",
	} {
		_, err := archive.ReadMember(ctx, src, name, archive.Options{})
		require.ErrorContains(t, err, want, name)
	}
	got, err = archive.ReadMember(ctx, stream(buildTar(t, member{name: "secret", content: "x"}), "x.tar"), "secret", archive.Options{})
	require.NoError(t, err, "of a file that its mode lets nobody read")
	assert.Equal(t, "x", string(got))
	_, err = archive.ReadMember(ctx, src, "bin/busybox", archive.Options{Limits: archive.Limits{Size: 1000}})
	require.ErrorIs(t, err, archive.ErrLimit)
}

func TestExtractFromHTTP(t *testing.T) {
	t.Parallel()
	data := compress(t, archive.Gzip, buildTar(t, file("a", noise(100_000))))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut.tgz" {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data[:len(data)/2])
			return
		}
		_, _ = w.Write(data)
	}))
	defer server.Close()
	for path, want := range map[string]error{"/whole.tgz": nil, "/cut.tgz": archive.ErrTruncated} {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		dst := filepath.Join(t.TempDir(), "out")
		err = archive.Extract(context.Background(), dst, archive.Source{Reader: resp.Body, Name: server.URL + path}, archive.Options{})
		resp.Body.Close()
		require.ErrorIs(t, err, want)
		if want == nil {
			assert.Equal(t, []string{"a"}, names(t, dst))
		} else {
			assert.NoDirExists(t, dst)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	data := buildTar(t, file("a", noise(300_000)), file("b", noise(300_000)))
	parts := 0
	src := archive.Source{Name: "x.tar", Reader: readerFunc(func(p []byte) (int, error) {
		if parts++; parts == 2 {
			cancel()
		}
		n := copy(p, data)
		data = data[n:]
		return n, nil
	})}
	dst := filepath.Join(t.TempDir(), "out")
	require.ErrorIs(t, archive.Extract(ctx, dst, src, archive.Options{}), context.Canceled)
	assert.NoDirExists(t, dst)
	assert.NotEmpty(t, data, "the rest was still read")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSourceErrors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dst := filepath.Join(t.TempDir(), "out")
	require.ErrorIs(t, archive.Extract(ctx, dst, archive.File("/no/such.tar"), archive.Options{}), fs.ErrNotExist)
	require.ErrorContains(t, archive.Extract(ctx, dst, archive.File(t.TempDir()), archive.Options{}), "it is a directory")
	require.ErrorContains(t, archive.Extract(ctx, dst, archive.Source{}, archive.Options{}), "needs a Path or a Reader")
	broken := errors.New("the disk is on fire")
	src := archive.Source{Name: "x.tar.gz", Reader: readerFunc(func([]byte) (int, error) { return 0, broken })}
	err := archive.Extract(ctx, dst, src, archive.Options{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, archive.ErrCorrupt, "a failing disk is no corrupt archive")
	assert.NoDirExists(t, dst)
}
