package archive_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"github.com/qemutest/functional/archive"
)

// memoryBound is the most memory, in bytes, that a process takes to unpack one archive, whatever is in it.
const memoryBound = 256 << 20

// memoryTaken returns how many bytes the Go runtime has taken from the system in the life of this process. It never
// sinks: what the collector gives back still counts.
func memoryTaken() uint64 { return memory("/memory/classes/total:bytes") }

// memory reads one of the sizes that [metrics] has.
func memory(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// fuzzing reports whether this process is one that go test -fuzz starts to try inputs, one after another.
func fuzzing() bool {
	worker := flag.Lookup("test.fuzzworker")
	return worker != nil && worker.Value.String() == "true"
}

// fuzzScratch is what the mutator of such a process holds for itself (maxPerVal in the standard library's
// internal/fuzz), in bytes.
const fuzzScratch = 100 << 20

// collectEarly makes up for the scratch: the collector lets garbage grow with what is in use.
var collectEarly = sync.OnceFunc(func() { debug.SetGCPercent(25) })

// forgetMemory makes the memory of earlier inputs available to the next one, which would be blamed for it.
func forgetMemory() {
	if !fuzzing() {
		return
	}
	collectEarly()
	if memory("/memory/classes/heap/objects:bytes") > fuzzScratch+memoryBound/8 {
		runtime.GC()
	}
}

// blamed is the most memory that an input was blamed for: the inputs after it did not cause that.
var blamed uint64 = memoryBound

// checkMemory fails a fuzzed input that takes too much memory to unpack. Beside other tests it says nothing.
//
// Holes between what earlier inputs left can make this process grow too: the input is guilty only if a process that has
// seen no other takes too much as well. The extension of name tells how the input is unpacked.
func checkMemory(t *testing.T, name string, input []byte) {
	if !fuzzing() {
		return
	}
	taken := memoryTaken()
	if taken <= blamed+fuzzScratch {
		return
	}
	blamed = taken - fuzzScratch
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, input, 0o644))
	taken, err := memoryToUnpack(t, path)
	if taken > memoryBound {
		t.Fatalf("a process has taken %d MiB of memory: %s", taken>>20, err)
	}
}

// memoryToUnpack returns how many bytes of memory a new process takes to unpack a file, and what became of it.
func memoryToUnpack(t *testing.T, path string) (taken uint64, outcome string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), memoryEnv+"="+path, "GOMAXPROCS=8")
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	_, err = fmt.Sscan(string(out), &taken)
	require.NoError(t, err, "%s", out)
	return taken, string(out)
}

// memoryEnv makes the test binary unpack a file and print the memory that it took.
const memoryEnv = "ARCHIVE_TEST_MEMORY"

func TestMain(m *testing.M) {
	path := os.Getenv(memoryEnv)
	if path == "" {
		os.Exit(m.Run())
	}
	dst := filepath.Join(filepath.Dir(path), "dst")
	unpack := archive.Decompress
	switch filepath.Ext(path) {
	case ".tar", ".cpio", ".zip", ".deb":
		unpack = archive.Extract
	}
	err := unpack(context.Background(), dst, archive.File(path), archive.Options{})
	fmt.Println(memoryTaken(), err)
}

// The memory that one file takes depends neither on what it declares nor on how much it becomes.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const large = 300 << 20
	zeros := func() io.Reader { return io.LimitReader(zeroReader{}, large) }
	one := buildCpio(newc, file("a", "x"))
	for name, data := range map[string][]byte{
		"size.cpio":       patched(one, 6+6*8, "7fffffff"),
		"name.cpio":       patched(one, 6+11*8, "7fffffff"),
		"dictionary.lzma": patched(compress(t, archive.LZMA, []byte(sample)), 1, "\xff\xff\xff\xff"),
		"window.zst":      windows(17, 17, 17), // 2^27 bytes, as much as is allowed
		"larger.zst":      windows(21),
		"full.zst":        fullWindow(17, large),
		"zeros.zst":       compressFrom(t, archive.Zstd, zeros()),
		"dictionaries.xz": dictionaries(t, 64<<20),
		"blocks.xz":       dictionaries(t, 8<<20),
		"streams.xz":      bytes.Repeat(compress(t, archive.XZ, []byte("x")), 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(path, data, 0o600))
			taken, outcome := memoryToUnpack(t, path)
			assert.Less(t, taken, uint64(memoryBound), "%s", outcome)
		})
	}
}

// patched is data with other bytes at an offset.
func patched(data []byte, offset int, text string) []byte {
	data = bytes.Clone(data)
	copy(data[offset:], text)
	return data
}

// windows are zstd frames with windows of 2^(10+exponent) bytes, each with an empty last block.
func windows(exponents ...byte) []byte {
	var data []byte
	for _, exponent := range exponents {
		data = append(data, 0x28, 0xb5, 0x2f, 0xfd, 0, exponent<<3, 1, 0, 0)
	}
	return data
}

// fullWindow is a zstd frame with a window of 2^(10+exponent) bytes and so many bytes of zeros, by repeated ones.
func fullWindow(exponent byte, size int) []byte {
	const block = 128 << 10        // the largest
	const header = block<<3 | 1<<1 // of a repeated byte, not the last block
	data := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3}
	for range size / block {
		data = append(data, header&0xff, header>>8&0xff, header>>16, 0)
	}
	return append(data, 1, 0, 0) // an empty last block
}

// dictionaries are eight xz blocks of 1 MiB of zeros that each declare a dictionary of this size.
func dictionaries(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	const block = 1 << 20
	w, err := xz.WriterConfig{DictCap: size, BlockSize: block}.NewWriter(&b)
	require.NoError(t, err)
	_, err = io.Copy(w, io.LimitReader(zeroReader{}, 8*block))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}
