package image

import (
	"bytes"
	"testing"

	"github.com/qemutest/functional/archive"
)

// BenchmarkInitramfs writes an initramfs of 8 MiB in one program and a thousand
// small files: the time between a test's start and its machine's.
func BenchmarkInitramfs(b *testing.B) {
	var i Initramfs
	program := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
	for n := 0; n < len(program); n += 64 {
		program[n] = byte(uint32(n) * 2654435761 >> 16)
	}
	i.AddBytes("init", 0o755, program)
	for n := range 1000 {
		i.AddBytes("lib/"+string(rune('a'+n%26))+"/"+string(rune('a'+n/26)), 0o644, []byte("content"))
	}
	for _, compression := range []archive.Compression{archive.None, archive.Gzip, archive.Zstd} {
		b.Run(string(compression), func(b *testing.B) {
			i.Compression = compression
			b.SetBytes(int64(len(program)))
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if _, err := i.WriteTo(&out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGoProgram builds a program that is up to date.
func BenchmarkGoProgram(b *testing.B) {
	program := GoProgram{Package: ".", Dir: module(b, "hello")}
	path, err := program.Build(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	tidy(b, path)
	for b.Loop() {
		if _, err := program.Build(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
