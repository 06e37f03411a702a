package kernel

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// zboot makes an EFI zboot image around a payload.
func zboot(format string, payload []byte) []byte {
	image := make([]byte, 4096)
	copy(image, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(image[8:], uint32(len(image)))
	binary.LittleEndian.PutUint32(image[12:], uint32(len(payload)))
	copy(image[24:], format)
	return append(append(image, payload...), "size"...)
}

func TestZboot(t *testing.T) {
	t.Parallel()
	linux := bytes.Repeat([]byte("Linux"), 10000)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write(linux)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	zstandard := encoder.EncodeAll(linux, nil)

	path := filepath.Join(t.TempDir(), "vmlinuz")
	unpacked := func(image []byte) ([]byte, error) {
		require.NoError(t, os.WriteFile(path, image, 0o444))
		defer os.Remove(path)
		err := unpackZboot(path)
		content, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		return content, err
	}
	for format, payload := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": zstandard} {
		content, err := unpacked(zboot(format, payload))
		require.NoError(t, err, format)
		assert.Equal(t, linux, content, format)
	}
	for _, other := range [][]byte{nil, []byte("MZ"), bytes.Repeat([]byte("MZ"), 100), linux} {
		content, err := unpacked(other)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(other, content))
	}
	_, err = unpacked(zboot("lzo", nil))
	require.ErrorContains(t, err, `but it is with "lzo"`)
	_, err = unpacked(zboot("zstd", zstandard[:len(zstandard)-8]))
	require.ErrorContains(t, err, "decompressing the EFI zboot image")
	_, err = unpacked(zboot("zstd", zstandard)[:4096])
	require.ErrorContains(t, err, "but it has only 4096")
}

func FuzzZboot(f *testing.F) {
	f.Add(zboot("gzip", []byte("no gzip")))
	f.Add(zboot("xz", nil))
	f.Fuzz(func(t *testing.T, image []byte) {
		path := filepath.Join(t.TempDir(), "vmlinuz")
		require.NoError(t, os.WriteFile(path, image, 0o644))
		if unpackZboot(path) != nil {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(image, content), "an image that cannot be unpacked stays")
		}
	})
}
