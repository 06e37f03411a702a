package archive_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
)

// benchSize is the size of the data in each benchmark, 16 MiB: the xz encoder in Go takes a few seconds for that.
const benchSize = 16 << 20

// benchData looks like a kernel or a root file system to a compressor: it comes down to a third.
func benchData() string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < benchSize {
		start := random.IntN(max(b.Len()-1000, 1))
		repeat := b.String()[start:min(start+20+random.IntN(200), b.Len())]
		b.WriteString(repeat)
		for range 8 + random.IntN(40) {
			b.WriteByte(byte(random.IntN(1 + random.IntN(255))))
		}
	}
	return b.String()[:benchSize]
}

// BenchmarkDecompress writes a file; the rate is that of the decompressed data.
func BenchmarkDecompress(b *testing.B) {
	data := benchData()
	for name, compressed := range map[string][]byte{
		"gzip":      compress(b, archive.Gzip, []byte(data)),
		"zstd":      compress(b, archive.Zstd, []byte(data)),
		"lz4":       compress(b, archive.LZ4, []byte(data)),
		"lzma":      compress(b, archive.LZMA, []byte(data)),
		"xz":        compress(b, archive.XZ, []byte(data)),
		"xz-blocks": xzBlocks(b, data, benchSize/4),
	} {
		src := save(b, compressed)
		dst := filepath.Join(b.TempDir(), "out")
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				require.NoError(b, archive.Decompress(context.Background(), dst, archive.File(src), archive.Options{}))
			}
		})
	}
}

// BenchmarkExtract unpacks 128 files of 128 KiB.
func BenchmarkExtract(b *testing.B) {
	data := benchData()
	var members []member
	const files = 128
	for i := range files {
		members = append(members, file(fmt.Sprintf("usr/lib/d%d/f%d", i%8, i), data[i*benchSize/files:][:benchSize/files]))
	}
	tarball := buildTar(b, members...)
	for name, data := range map[string][]byte{
		"tar":    tarball,
		"tar.gz": compress(b, archive.Gzip, tarball),
		"zip":    buildZip(b, members...),
		"cpio":   buildCpio(newc, members...),
	} {
		src := save(b, data)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				dst := b.TempDir()
				require.NoError(b, archive.Extract(context.Background(), dst, archive.File(src), archive.Options{}))
			}
		})
	}
}

// BenchmarkReadMember takes one small file out of a package that was compressed in four blocks.
func BenchmarkReadMember(b *testing.B) {
	tarball := buildTar(b, file("./boot/config", "CONFIG_SMP=y\n"), file("./boot/vmlinuz", benchData()))
	src := save(b, buildDeb("debian-binary", "2.0\n", "data.tar.xz", string(xzBlocks(b, string(tarball), benchSize/4))))
	b.SetBytes(benchSize)
	for b.Loop() {
		_, err := archive.ReadMember(context.Background(), archive.File(src), "boot/config", archive.Options{})
		require.NoError(b, err)
	}
}

// BenchmarkSparse writes a disk image that is nothing but a hole.
func BenchmarkSparse(b *testing.B) {
	const size = 1 << 30
	src := save(b, compressFrom(b, archive.Zstd, io.LimitReader(zeroReader{}, size)))
	dst := filepath.Join(b.TempDir(), "disk.img")
	b.SetBytes(size)
	for b.Loop() {
		require.NoError(b, archive.Decompress(context.Background(), dst, archive.File(src), archive.Options{}))
	}
	require.NoError(b, os.Remove(dst))
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
