package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	mikelolasagasti "github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/qemutest/functional/archive"
)

// The tests in this file show what the libraries do that this package guards against. That the guards work is shown by
// the tests of the formats. One that fails here may mean that a library has got better and a guard can go.

func TestNeedCpioCuts(t *testing.T) {
	t.Parallel()
	data := buildCpio(newc, file("a", "some content"), symlink("b", "a"), file("c", noise(100)))
	silent := 0
	for n := range data {
		r := cpio.NewReader(bytes.NewReader(data[:n]))
		var err error
		for err == nil {
			if _, err = r.Next(); err == nil {
				_, err = io.Copy(io.Discard, r)
			}
		}
		if err == io.EOF {
			silent++
		}
	}
	assert.Positive(t, silent, "cavaliergopher/cpio takes cuts for the end")
}

func TestNeedCpioHeaderChecks(t *testing.T) {
	t.Parallel()
	const sizeField = 6 + 6*8
	data := buildCpio(newc, file("a", "12345678"))

	negative := bytes.Clone(data)
	copy(negative[sizeField:], "-0000008")
	r := cpio.NewReader(bytes.NewReader(negative))
	_, err := r.Next()
	require.NoError(t, err)
	assert.Panics(t, func() { _, _ = r.Read(make([]byte, 10)) }, "a negative size panics")

	garbage := bytes.Clone(data)
	copy(garbage[sizeField:], "garbage!")
	h, err := cpio.NewReader(bytes.NewReader(garbage)).Next()
	require.NoError(t, err, "what is no number is zero")
	assert.Zero(t, h.Size)

	h, err = cpio.NewReader(bytes.NewReader(buildCpio(newc, member{name: "sda", mode: 0o060600}))).Next()
	require.NoError(t, err)
	assert.True(t, h.Mode.IsDir(), "a block device passes for a directory")
	assert.Zero(t, h.DeviceID, "device numbers are not told")

	sum := buildCpio(crc, file("a", "12345678"))
	sum[bytes.Index(sum, []byte("12345678"))] = '9'
	r = cpio.NewReader(bytes.NewReader(sum))
	_, err = r.Next()
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	require.NoError(t, err, "the checksum is not compared")

	_, err = cpio.NewReader(bytes.NewReader(buildCpio(odc, file("a", "")))).Next()
	require.Error(t, err, "odc is not known")
}

// The library stops at the first trailer, where an initramfs goes on.
func TestNeedCpioSegments(t *testing.T) {
	t.Parallel()
	r := cpio.NewReader(bytes.NewReader(append(buildCpio(newc, file("a", "")), buildCpio(newc, file("b", ""))...)))
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	assert.Equal(t, io.EOF, err, "cavaliergopher/cpio reads one archive")
}

func TestNeedXZCuts(t *testing.T) {
	t.Parallel()
	data := xzBlocks(t, noise(1000), 250)
	silent := map[string]int{}
	for n := range data {
		if r, err := xz.NewReader(bytes.NewReader(data[:n])); err == nil {
			if _, err = io.Copy(io.Discard, r); err == nil {
				silent["ulikunitz"]++
			}
		}
		if r, err := mikelolasagasti.NewReader(bytes.NewReader(data[:n]), 0); err == nil {
			if _, err = io.Copy(io.Discard, r); err == nil {
				silent["mikelolasagasti"]++
			}
		}
	}
	assert.Positive(t, silent["ulikunitz"], "ulikunitz/xz takes cuts at a block for the end")
	assert.Zero(t, silent["mikelolasagasti"], "which is one reason to use the other library")
}

func TestNeedLZMADictionaryLimit(t *testing.T) {
	data := compress(t, "lzma", []byte(sample))
	binary.LittleEndian.PutUint32(data[1:], 256<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := lzma.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	assert.Greater(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<20), "what a header declares is allocated")
}

func TestNeedLZMASize(t *testing.T) {
	t.Parallel()
	data := lzmaKnownSize(t, sample)
	r, err := lzma.NewReader(bytes.NewReader(data[:len(data)/2]))
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Less(t, len(got), len(sample))
	_, err = io.ReadAll(r)
	assert.NoError(t, err, "ulikunitz/xz/lzma forgets that the input was cut")
}

func TestNeedGzipPadding(t *testing.T) {
	t.Parallel()
	r, err := gzip.NewReader(bytes.NewReader(append(compress(t, "gzip", []byte(sample)), make([]byte, 512)...)))
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.Error(t, err, "klauspost/compress/gzip fails on zeros after the data")
}

func TestNeedTarEnd(t *testing.T) {
	t.Parallel()
	first := buildTar(t, file("a", noise(600)))
	whole := buildTar(t, file("a", noise(600)), file("b", "x"))
	r := tar.NewReader(bytes.NewReader(whole[:len(first)-1024]))
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	assert.Equal(t, io.EOF, err, "archive/tar takes a cut between members for the end")
}

// A map of holes costs nothing to make and much to write out.
func TestNeedTarHoles(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/sparse.tar.xz")
	require.NoError(t, err)
	plain, err := decode(bytes.NewReader(data), archive.XZ)
	require.NoError(t, err)
	assert.Less(t, len(plain), 100<<10)
	r := tar.NewReader(strings.NewReader(plain))
	_, err = r.Next()
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	assert.Equal(t, int64(10<<20), n, "archive/tar fills holes with zeros")
}

// Neither library looks at where a member would go, nor at whether its size can be true.
func TestNeedPathsAndSizes(t *testing.T) {
	t.Parallel()
	header, err := tar.NewReader(bytes.NewReader(buildTar(t, file("../../etc/passwd", "x")))).Next()
	require.NoError(t, err)
	assert.Equal(t, "../../etc/passwd", header.Name, "archive/tar does not check paths")
	zipped := buildZip(t, file("../../etc/passwd", "x"))
	r, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	require.NoError(t, err)
	assert.Equal(t, "../../etc/passwd", r.File[0].Name, "archive/zip does not check paths")

	var b bytes.Buffer
	require.NoError(t, tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "huge", Size: 1<<63 - 1}))
	header, err = tar.NewReader(&b).Next()
	require.NoError(t, err)
	assert.Equal(t, int64(1<<63-1), header.Size, "archive/tar does not check sizes")
	zipped = brokenZips(t)["long"].data
	r, err = zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	require.NoError(t, err)
	assert.EqualValues(t, 1000, r.File[0].UncompressedSize64, "archive/zip does not check sizes")
}

// What os.Root leaves to its caller.
func TestNeedRootCare(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, root.MkdirAll("usr/lib", 0o755))
	require.NoError(t, root.Symlink("/usr/lib", "lib"))
	_, err = root.Create("lib/libc.so")
	require.Error(t, err, "an absolute link is never followed, although a root file system has many")

	require.NoError(t, root.WriteFile("mine", []byte("mine"), 0o600))
	require.NoError(t, root.Symlink("mine", "link"))
	f, err := root.Create("link")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	content, err := root.ReadFile("mine")
	require.NoError(t, err)
	assert.Empty(t, content, "Create writes through a link inside")

	_, err = root.OpenFile("setuid", os.O_CREATE|os.O_WRONLY, 0o755|os.ModeSetuid)
	require.Error(t, err, "setuid takes a Chmod")
}

func TestNeedZipChecksum(t *testing.T) {
	t.Parallel()
	data := zipWithoutChecksum(t)
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	f, err := r.File[0].Open()
	require.NoError(t, err)
	_, err = io.ReadAll(f)
	require.NoError(t, err, "archive/zip does not compare a checksum of zero")
}

// zipWithoutChecksum is an archive with a member whose checksum is zero, which is not that of its content.
func zipWithoutChecksum(t testing.TB) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "a", CompressedSize64: 7, UncompressedSize64: 7})
	require.NoError(t, err)
	_, err = io.WriteString(f, "content")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// Decoders read beyond the end of their stream, where in an initramfs the next segment is.
func TestNeedFramer(t *testing.T) {
	t.Parallel()
	bz2, err := os.ReadFile("testdata/sample.bz2")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		data []byte
		open func(r io.Reader) (io.Reader, error)
	}{
		"xz":    {compress(t, "xz", []byte(sample)), func(r io.Reader) (io.Reader, error) { return mikelolasagasti.NewReader(r, 0) }},
		"zstd":  {compress(t, "zstd", []byte(sample)), func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
		"lz4":   {compress(t, "lz4", []byte(sample)), func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
		"bzip2": {bz2, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	} {
		shared := bufio.NewReader(io.MultiReader(bytes.NewReader(tc.data), strings.NewReader("070701")))
		r, err := tc.open(shared)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, r)
		rest, err := io.ReadAll(shared)
		require.NoError(t, err)
		assert.NotEqual(t, "070701", string(rest), "%s stops at the end of its stream", name)
	}
}
