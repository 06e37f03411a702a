package archive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// sample compresses to less than two hundred bytes, so that every cut of it can be tried.
var sample = noise(120) + strings.Repeat("zImage ", 100) + noise(20)

// samples are compressed forms of sample.
func samples(t testing.TB) map[string][]byte {
	all := map[string][]byte{}
	for _, c := range writable {
		all[string(c)] = compress(t, c, []byte(sample))
	}
	bz2, err := os.ReadFile("testdata/sample.bz2")
	require.NoError(t, err)
	all["bzip2"] = bz2
	return all
}

// decode reads with NewReader to the end.
func decode(r io.Reader, c archive.Compression) (string, error) {
	data, err := archive.NewReader(r, c)
	if err != nil {
		return "", err
	}
	defer data.Close()
	got, err := io.ReadAll(data)
	return string(got), err
}

func compressionOf(name string) archive.Compression {
	if name == string(lz4Legacy) {
		return archive.LZ4
	}
	return archive.Compression(name)
}

func TestNewReader(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		for _, c := range []archive.Compression{compressionOf(name), ""} {
			got, err := decode(bytes.NewReader(data), c)
			require.NoError(t, err, name)
			assert.Equal(t, sample, got, name)
		}
		// One byte at a time.
		got, err := decode(readerFunc(func(p []byte) (int, error) {
			if len(data) == 0 {
				return 0, io.EOF
			}
			p[0], data = data[0], data[1:]
			return 1, nil
		}), "")
		require.NoError(t, err, name)
		assert.Equal(t, sample, got, name)
	}
	_, err := decode(strings.NewReader("plain text"), "")
	require.ErrorIs(t, err, archive.ErrFormat)
	_, err = decode(strings.NewReader("plain text"), "rot13")
	require.ErrorIs(t, err, archive.ErrFormat)
	got, err := decode(strings.NewReader("plain text"), archive.None)
	require.NoError(t, err)
	assert.Equal(t, "plain text", got)
}

func TestConcatenatedStreams(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		for _, gap := range []int{0, 4, 512, 200_000} {
			twice := append(append(bytes.Clone(data), make([]byte, gap)...), data...)
			twice = append(twice, make([]byte, gap)...)
			got, err := decode(bytes.NewReader(twice), compressionOf(name))
			require.NoError(t, err, "%s, gap of %d", name, gap)
			assert.Equal(t, sample+sample, got, "%s, gap of %d", name, gap)
		}
	}
}

// streamOffsets is offsets for a compressed stream.
func streamOffsets(name string, data []byte) []int {
	if name != string(lz4Legacy) {
		return offsets(len(data))
	}
	// Its decoder allocates blocks of 8 MiB, so try fewer; and not after the magic, which alone is an empty stream, since
	// the format has no end mark.
	var list []int
	for i := 1; i < len(data); i += 8 {
		list = append(list, i)
	}
	return list
}

// Every cut of every format is an error, and what was decoded before it is right.
func TestTruncatedStreams(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		whole := 0
		for _, n := range streamOffsets(name, data) {
			got, err := decode(bytes.NewReader(data[:n]), compressionOf(name))
			if err == nil {
				whole++
				assert.Equal(t, sample, got, "%s cut at %d of %d is accepted", name, n, len(data))
				continue
			}
			require.ErrorIs(t, err, archive.ErrTruncated, "%s cut at %d of %d", name, n, len(data))
			assert.True(t, strings.HasPrefix(sample, got), "%s cut at %d of %d", name, n, len(data))
		}
		assert.Zero(t, whole, "%s: cuts accepted", name)
	}
}

// Every changed bit is an error, or does not matter because it is in a field that does not: a time, a file name.
func TestDamagedStreams(t *testing.T) {
	t.Parallel()
	unprotected := map[string]bool{"lzma": true, "lz4 legacy": true} // without checksum
	for name, data := range samples(t) {
		for _, i := range streamOffsets(name, data) {
			damaged := bytes.Clone(data)
			damaged[i] ^= 1 << (i % 8)
			got, err := decode(bytes.NewReader(damaged), compressionOf(name))
			if err == nil && !unprotected[name] {
				assert.Equal(t, sample, got, "%s, bit %d of byte %d of %d", name, i%8, i, len(data))
			}
			if err != nil {
				assert.True(t, isOneOf(err, archive.ErrCorrupt, archive.ErrTruncated, archive.ErrLimit, archive.ErrFormat, errors.ErrUnsupported),
					"%s, byte %d: %v", name, i, err)
			}
		}
	}
}

func isOneOf(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func TestTrailingGarbage(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		if name == "bzip2" {
			// The decoder wants two bytes to see that it is no bzip2 stream.
			data = append(data, 'x')
		}
		_, err := decode(bytes.NewReader(append(bytes.Clone(data), "garbage!!"...)), compressionOf(name))
		require.ErrorIs(t, err, archive.ErrCorrupt, name)
		require.ErrorContains(t, err, fmt.Sprintf("at byte %d, something else follows", len(samples(t)[name])), name)
	}
}

func TestEmptyInput(t *testing.T) {
	t.Parallel()
	for name := range samples(t) {
		_, err := decode(strings.NewReader(""), compressionOf(name))
		require.ErrorIs(t, err, archive.ErrTruncated, name)
		got, err := decode(bytes.NewReader(compressNothing(t, name)), compressionOf(name))
		require.NoError(t, err, name)
		assert.Empty(t, got)
	}
}

func compressNothing(t testing.TB, name string) []byte {
	if name == "bzip2" {
		return []byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00")
	}
	return compress(t, archive.Compression(name), nil)
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dst := filepath.Join(t.TempDir(), "zImage")
	data := compress(t, archive.Gzip, []byte(sample))

	for _, src := range []archive.Source{
		{Path: save(t, data), Name: "https://example.org/zImage.gz"},
		{Path: save(t, data), Name: "rootfs.tar.gz"}, // what is in it does not matter
		{Path: save(t, data)},
		stream(data, "zImage.gz"),
	} {
		// What was there is not believed, whatever it is.
		require.NoError(t, os.WriteFile(dst, []byte("stale"), 0o400))
		require.NoError(t, archive.Decompress(ctx, dst, src, archive.Options{}))
		got, err := os.ReadFile(dst)
		require.NoError(t, err)
		assert.Equal(t, sample, string(got))
		info, err := os.Stat(dst)
		require.NoError(t, err)
		umask := syscall.Umask(0)
		syscall.Umask(umask)
		assert.Equal(t, os.FileMode(0o666&^umask), info.Mode(), "as any new file, not as the read-only one in the cache")
	}

	for name, tc := range map[string]struct {
		data []byte
		opts archive.Options
		want error
	}{
		"zImage.gz":  {data[:len(data)-1], archive.Options{}, archive.ErrTruncated},
		"zImage.xz":  {data, archive.Options{}, archive.ErrFormat},
		"zImage":     {[]byte(sample), archive.Options{}, archive.ErrFormat},
		"zImage.GZ":  {[]byte(sample), archive.Options{}, archive.ErrFormat},
		"zImage.lz4": {data, archive.Options{Compression: archive.LZ4}, archive.ErrCorrupt},
		"big.gz":     {data, archive.Options{Limits: archive.Limits{Size: 10}}, archive.ErrLimit},
	} {
		require.NoError(t, os.WriteFile(dst, []byte("what was there"), 0o600))
		err := archive.Decompress(ctx, dst, stream(tc.data, name), tc.opts)
		require.ErrorIs(t, err, tc.want, name)
		var where *archive.Error
		require.ErrorAs(t, err, &where)
		assert.Equal(t, name, where.Source)
		got, err := os.ReadFile(dst)
		require.NoError(t, err)
		assert.Equal(t, "what was there", string(got), name)
		assert.Equal(t, []string{"zImage"}, names(t, filepath.Dir(dst)), "%s left something", name)
	}
	require.NoError(t, archive.Decompress(ctx, dst, stream(data, "zImage.xz"), archive.Options{Compression: archive.Gzip}),
		"an explicit compression wins")
}

// Runs of zeros take no room on the disk, and the file is right for all that.
func TestSparseOutput(t *testing.T) {
	t.Parallel()
	disk := make([]byte, 40<<20)
	copy(disk, "boot sector")
	copy(disk[10<<20+100:], noise(200_000))
	for _, size := range []int{len(disk), 10<<20 + 150_000, 1<<20 + 5, 5} {
		dst := filepath.Join(t.TempDir(), "disk.img")
		data := compress(t, archive.Zstd, disk[:size])
		require.NoError(t, archive.Decompress(context.Background(), dst, stream(data, "disk.img.zst"), archive.Options{}))
		got, err := os.ReadFile(dst)
		require.NoError(t, err)
		require.True(t, bytes.Equal(disk[:size], got), "size %d", size)
		info, err := os.Stat(dst)
		require.NoError(t, err)
		const sectorSize = 512
		assert.Less(t, info.Sys().(*syscall.Stat_t).Blocks*sectorSize, int64(1<<20), "size %d", size)
	}
}

// Memory is bounded whatever a header declares.
func TestDeclaredDictionaries(t *testing.T) {
	t.Parallel()
	// The dictionary that an lzma header declares is 4 bytes.
	lzmaData := compress(t, archive.LZMA, []byte(sample))
	binary.LittleEndian.PutUint32(lzmaData[1:], 0xffff_ffff)
	_, err := decode(bytes.NewReader(lzmaData), archive.LZMA)
	require.ErrorIs(t, err, archive.ErrLimit)

	// With the size of the data known no more than that is needed.
	known := lzmaKnownSize(t, sample)
	binary.LittleEndian.PutUint32(known[1:], 0xffff_ffff)
	got, err := decode(bytes.NewReader(known), archive.LZMA)
	require.NoError(t, err)
	assert.Equal(t, sample, got)

	// In xz it is the last property of the filter in the block's header, as an exponent: 40 is 4 GiB.
	xzData := compress(t, archive.XZ, []byte(sample))
	const dictionary = 12 + 4
	xzData[dictionary] = 40
	fixCRC32(xzData[12:24])
	_, err = decode(bytes.NewReader(xzData), archive.XZ)
	require.ErrorIs(t, err, archive.ErrLimit)

	// zstd: magic, descriptor without content size, a window of 2^(10+31) bytes, an empty last block.
	_, err = decode(strings.NewReader("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00"), archive.Zstd)
	require.ErrorIs(t, err, archive.ErrLimit)
}

// zstd has frames that decoders skip; pzstd begins with one, the seekable format ends with one.
func TestZstdSkippableFrames(t *testing.T) {
	t.Parallel()
	skip := "\x5e\x2a\x4d\x18\x03\x00\x00\x00abc"
	data := string(compress(t, archive.Zstd, []byte(sample)))
	got, err := decode(strings.NewReader(skip+data+skip+data+skip), archive.Zstd)
	require.NoError(t, err)
	assert.Equal(t, sample+sample, got)
	_, err = decode(strings.NewReader(data+skip[:9]), archive.Zstd)
	require.ErrorIs(t, err, archive.ErrTruncated)
}

// Linux appends the size of the decompressed kernel to legacy lz4 data.
func TestLZ4KernelSize(t *testing.T) {
	t.Parallel()
	data := compress(t, lz4Legacy, []byte(sample))
	got, err := decode(bytes.NewReader(binary.LittleEndian.AppendUint32(data, uint32(len(sample)))), archive.LZ4)
	require.NoError(t, err)
	assert.Equal(t, sample, got)
	_, err = decode(bytes.NewReader(binary.LittleEndian.AppendUint32(data, uint32(len(sample)+1))), archive.LZ4)
	require.Error(t, err)
}
