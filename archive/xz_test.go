package archive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/qemutest/functional/archive"
)

// lzmaKnownSize makes lzma data with the size in the header and no end mark.
func lzmaKnownSize(t testing.TB, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := lzma.WriterConfig{DictCap: 1 << 16, SizeInHeader: true, Size: int64(len(data))}.NewWriter(&b)
	require.NoError(t, err)
	_, err = w.Write([]byte(data))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// fixCRC32 makes the checksum at the end of p right.
func fixCRC32(p []byte) {
	binary.LittleEndian.PutUint32(p[len(p)-4:], crc32.ChecksumIEEE(p[:len(p)-4]))
}

// xzBlocks compresses data in blocks of the given size.
func xzBlocks(t testing.TB, data string, blockSize int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 16, BlockSize: blockSize}.NewWriter(&b)
	require.NoError(t, err)
	_, err = w.Write([]byte(data))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// decodeFile decompresses a file, of which the blocks are decoded in parallel.
func decodeFile(t testing.TB, data []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "data.xz"), filepath.Join(dir, "data")
	require.NoError(t, os.WriteFile(src, data, 0o600))
	if err := archive.Decompress(context.Background(), dst, archive.File(src), archive.Options{}); err != nil {
		return "", err
	}
	got, err := os.ReadFile(dst)
	require.NoError(t, err)
	return string(got), nil
}

func TestParallelXZ(t *testing.T) {
	t.Parallel()
	data := noise(200_000) + strings.Repeat("x", 1_200_000) // more than one piece
	one := xzBlocks(t, data, 100_000)
	padded := append(bytes.Clone(one), make([]byte, 64)...)
	for name, file := range map[string][]byte{
		"blocks":        one,
		"padding":       padded,
		"streams":       append(bytes.Clone(padded), one...),
		"single blocks": append(compress(t, archive.XZ, []byte(data)), compress(t, archive.XZ, []byte(data))...),
	} {
		want := data
		if strings.HasPrefix(name, "s") {
			want += data
		}
		got, err := decodeFile(t, file)
		require.NoError(t, err, name)
		assert.True(t, want == got, name)
	}
}

// A file that is damaged anywhere is refused, be it decoded in parallel or, because the index cannot be used, in order.
func TestParallelXZDamaged(t *testing.T) {
	t.Parallel()
	data := xzBlocks(t, noise(1000), 250)
	for _, n := range offsets(len(data)) {
		_, err := decodeFile(t, data[:n])
		require.Error(t, err, "cut at %d", n)
		damaged := bytes.Clone(data)
		damaged[n] ^= 0x10
		_, err = decodeFile(t, damaged)
		require.Error(t, err, "byte %d", n)
	}
}

// An index that is well-formed but lies about the sizes of blocks is found out.
func TestParallelXZLyingIndex(t *testing.T) {
	t.Parallel()
	data := xzBlocks(t, strings.Repeat("a", 300)+strings.Repeat("b", 300), 300)
	indexSize := (int(binary.LittleEndian.Uint32(data[len(data)-8:])) + 1) * 4
	index := data[len(data)-12-indexSize:][:indexSize]
	// Indicator, count, then for each block its size in one byte and the uncompressed size, 300, in two.
	require.Equal(t, []byte{0xac, 0x02}, index[3:5])
	index[3]++
	fixCRC32(index)
	_, err := decodeFile(t, data)
	require.ErrorIs(t, err, archive.ErrCorrupt)
}

// calls looks like x86 code to a branch filter: calls of one function from many places.
func calls() string {
	var b []byte
	for random := []byte(noise(4000)); len(random) > 10; random = random[10:] {
		b = append(b, random[:10]...)
		b = append(b, 0xe8)
		b = binary.LittleEndian.AppendUint32(b, uint32(0x4000-(len(b)+4)))
	}
	return string(b)
}

// Kernels and modules are compressed with a branch filter. The samples are what calls returns, compressed by
//
//	xz --check=crc32 --x86 --lzma2=dict=64KiB
//
// and with another filter in place of --x86: each of them changes some bytes of it. That of delta has --delta=dist=4.
func TestXZFilters(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"x86", "arm", "armthumb", "powerpc", "ia64", "sparc", "delta"} {
		filtered, err := os.ReadFile("testdata/" + filter + "-filter.xz")
		require.NoError(t, err)
		got, err := decode(bytes.NewReader(filtered), archive.XZ)
		require.NoError(t, err, filter)
		assert.True(t, calls() == got, filter)

		r, err := xz.NewReader(bytes.NewReader(filtered))
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.Error(t, err, "ulikunitz/xz has learnt the filter %s: reconsider which library decodes xz", filter)
	}

	filtered, err := os.ReadFile("testdata/arm64-filter.xz")
	require.NoError(t, err)
	_, err = decode(bytes.NewReader(filtered), archive.XZ)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
