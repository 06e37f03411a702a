package gdb

import (
	"strings"
	"testing"
)

func BenchmarkDecoder(b *testing.B) {
	stream := []byte(framed(strings.Repeat("0123456789abcdef", 256)))
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		var d decoder
		for _, c := range stream {
			d.push(c)
		}
	}
}

// From a command to QEMU's reply.
func BenchmarkQEMURoundTrip(b *testing.B) {
	c := start(b, "x86_64", "-M", "pc", "-S")
	for b.Loop() {
		if _, err := c.Exchange(b.Context(), "qC"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQEMUReadMemory(b *testing.B) {
	c := start(b, "x86_64", "-M", "pc", "-S")
	const size = 1 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := c.ReadMemory(b.Context(), 0, size); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQEMUStep(b *testing.B) {
	c := start(b, "x86_64", "-M", "pc", "-S")
	for b.Loop() {
		if _, err := c.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
