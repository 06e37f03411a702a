package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// fuzzMembers are seeds that have in them what archives can do to a tree.
func fuzzMembers() [][]member {
	return [][]member{
		nil,
		rootfs(),
		{dir("d/"), file("d/a", "some content"), symlink("d/l", "a"), {name: "h", link: "d/a"}},
		{symlink("a", ".."), file("a/secret", "x")},
		{symlink("a", "/b"), dir("b/"), file("a/c", "x"), symlink("d", "a/../..")},
		{file("../x", "x"), file("/x", "x")},
		{symlink("a", "b"), symlink("b", "a"), file("a/x", "x")},
		{file("a", "x"), dir("a/"), file("a/b", "y"), symlink("a/b", "../a"), {name: "c", link: "a/b"}},
		specials()[:3], // which every format can hold
	}
}

// addBroken adds what is crafted to be refused.
func addBroken(f *testing.F, inputs map[string]broken) {
	for _, input := range inputs {
		f.Add(input.data)
	}
}

// fuzzExtract feeds archives of one format to Extract and looks at what it leaves.
func fuzzExtract(f *testing.F, format archive.Format, extension string) {
	f.Fuzz(func(t *testing.T, data []byte) {
		outside := t.TempDir()
		dst := filepath.Join(outside, "dst")
		forgetMemory()
		err := archive.Extract(context.Background(), dst, stream(data, "fuzz"), archive.Options{
			Format: format,
			Limits: archive.Limits{Size: 1 << 20, Files: 50},
		})
		checkMemory(t, "fuzz."+extension, data)
		entries, readErr := os.ReadDir(outside)
		require.NoError(t, readErr)
		if err != nil {
			require.Empty(t, entries, "left after %v", err)
			return
		}
		require.Len(t, entries, 1, "nothing but the destination")
		checkTree(t, dst)
	})
}

// checkTree asks os.Root whether a link leads out. It says so of absolute links too, which are allowed: a tree with one is
// not judged.
func checkTree(t *testing.T, dst string) {
	root, err := os.OpenRoot(dst)
	require.NoError(t, err)
	defer root.Close()
	var relative []string
	require.NoError(t, filepath.WalkDir(dst, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.False(t, strings.HasPrefix(d.Name(), ".extract-"), "the staging directory is left")
		if d.Type() != fs.ModeSymlink {
			return nil
		}
		target, err := os.Readlink(path)
		require.NoError(t, err)
		if strings.HasPrefix(target, "/") {
			return fs.SkipAll
		}
		name, err := filepath.Rel(dst, path)
		relative = append(relative, name)
		return err
	}))
	for _, name := range relative {
		if _, err := root.Stat(name); err != nil && strings.Contains(err.Error(), "escapes") && !hasAbsoluteLink(t, dst) {
			t.Errorf("%q leads out", name)
		}
	}
}

func hasAbsoluteLink(t *testing.T, dst string) bool {
	for _, line := range listing(t, dst) {
		if strings.Contains(line, " -> /") {
			return true
		}
	}
	return false
}

func FuzzTar(f *testing.F) {
	for _, members := range fuzzMembers() {
		f.Add(buildTar(f, members...))
	}
	f.Add(buildTar(f, file("a", "x"))[:1024])
	f.Add(tarOfUnknownType(f))
	fuzzExtract(f, archive.FormatTar, "tar")
}

func FuzzCpio(f *testing.F) {
	for _, members := range fuzzMembers() {
		for _, format := range []string{newc, crc, odc} {
			f.Add(buildCpio(format, members...))
		}
	}
	segment := buildCpio(newc, file("a", "x"))
	negative := bytes.Clone(segment)
	copy(negative[54:], "-0000008")
	f.Add(negative)
	f.Add(buildCpio(newc, specials()...))
	addBroken(f, brokenCpios())
	for _, c := range writable {
		f.Add(bytes.Join([][]byte{segment, make([]byte, 8), compress(f, c, segment), make([]byte, 4), segment}, nil))
	}
	fuzzExtract(f, archive.FormatCpio, "cpio")
}

func FuzzZip(f *testing.F) {
	for _, members := range fuzzMembers() {
		f.Add(buildZip(f, members...))
	}
	addBroken(f, brokenZips(f))
	fuzzExtract(f, archive.FormatZip, "zip")
}

func FuzzDeb(f *testing.F) {
	for _, members := range fuzzMembers() {
		tarball := buildTar(f, members...)
		f.Add(buildDeb("debian-binary", "2.0\n", "control.tar", "x", "data.tar", string(tarball)))
		f.Add(buildDeb("data.tar.zst", string(compress(f, archive.Zstd, tarball)), "debian-binary", "2.0\n"))
	}
	addBroken(f, brokenDebs(f))
	fuzzExtract(f, archive.FormatDeb, "deb")
}

// fuzzDecode feeds data to a decoder. What it accepts it must accept in pieces too, and with the same result.
func fuzzDecode(f *testing.F, c archive.Compression, extension string) {
	f.Fuzz(func(t *testing.T, data []byte) {
		const enough = 1 << 20
		read := func(r io.Reader) ([]byte, error) {
			forgetMemory()
			d, err := archive.NewReader(r, c)
			if err != nil {
				return nil, err
			}
			defer d.Close()
			defer checkMemory(t, "fuzz."+extension, data)
			return io.ReadAll(io.LimitReader(d, enough))
		}
		got, err := read(bytes.NewReader(data))
		if err != nil {
			require.True(t, isOneOf(err, archive.ErrCorrupt, archive.ErrTruncated, archive.ErrLimit, errors.ErrUnsupported), "%v", err)
			return
		}
		rest := data
		again, err := read(readerFunc(func(p []byte) (int, error) {
			if len(rest) == 0 {
				return 0, io.EOF
			}
			n := copy(p[:min(len(p), 7)], rest)
			rest = rest[n:]
			return n, nil
		}))
		require.NoError(t, err)
		require.True(t, bytes.Equal(got, again), "the result depends on how the input is cut")
	})
}

// addStreams adds whole, repeated and padded streams.
func addStreams(f *testing.F, names ...string) {
	for _, name := range names {
		data := samples(f)[name]
		f.Add(data)
		f.Add(compressNothing(f, name))
		f.Add(bytes.Join([][]byte{data, make([]byte, 8), data, make([]byte, 4)}, nil))
		f.Add(append(bytes.Clone(data), "garbage"...))
	}
}

func FuzzGzip(f *testing.F) {
	addStreams(f, "gzip")
	fuzzDecode(f, archive.Gzip, "gz")
}

func FuzzLZMA(f *testing.F) {
	addStreams(f, "lzma")
	f.Add(lzmaKnownSize(f, sample))
	addBroken(f, brokenLZMA(f))
	fuzzDecode(f, archive.LZMA, "lzma")
}

func FuzzZstd(f *testing.F) {
	addStreams(f, "zstd")
	f.Add([]byte("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00"))
	f.Add([]byte("\x5e\x2a\x4d\x18\x03\x00\x00\x00abc"))
	fuzzDecode(f, archive.Zstd, "zst")
}

func FuzzBzip2(f *testing.F) {
	addStreams(f, "bzip2")
	fuzzDecode(f, archive.Bzip2, "bz2")
}

func FuzzLZ4(f *testing.F) {
	addStreams(f, "lz4", "lz4 legacy")
	fuzzDecode(f, archive.LZ4, "lz4")
}

// FuzzXZ compares the two ways of decoding: in order, and by blocks from the index.
func FuzzXZ(f *testing.F) {
	addStreams(f, "xz")
	f.Add(xzBlocks(f, noise(1000), 250))
	crafted, err := filepath.Glob("testdata/*.xz")
	require.NoError(f, err)
	for _, path := range crafted {
		f.Add([]byte(read(f, path)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx := context.Background()
		opts := archive.Options{Compression: archive.XZ, Limits: archive.Limits{Size: 1 << 20}}
		work := t.TempDir()
		src, inOrder, byBlocks := filepath.Join(work, "src"), filepath.Join(work, "1"), filepath.Join(work, "2")
		require.NoError(t, os.WriteFile(src, data, 0o600))
		forgetMemory()
		err := archive.Decompress(ctx, inOrder, stream(data, "fuzz.xz"), opts)
		checkMemory(t, "fuzz.xz", data)
		forgetMemory()
		blocksErr := archive.Decompress(ctx, byBlocks, archive.File(src), opts)
		checkMemory(t, "fuzz.xz", data)
		require.Equal(t, err == nil, blocksErr == nil, "in order: %v; by blocks: %v", err, blocksErr)
		if err != nil {
			require.Equal(t, []string{"src"}, names(t, work))
			return
		}
		require.Equal(t, read(t, inOrder), read(t, byBlocks))
	})
}
