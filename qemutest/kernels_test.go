package qemutest_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kernelHash is the SHA-256 of the package that the stand-in for apt has.
const kernelHash = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"

// TestKernels has tests that need a kernel of the distribution look for it with
// the stand-in for apt of package apt.
func TestKernels(t *testing.T) {
	t.Parallel()
	bin, err := filepath.Abs("../asset/apt/testdata/bin")
	require.NoError(t, err)
	for name, want := range map[string]struct{ behaviour, kind, reason string }{
		"are fetched beforehand": {"", "precached", "1 assets are in the cache"},
		"want an archive":        {"unreachable", "assets", "apt could not reach the archive; check network, proxy"},
		"want a package":         {"foreign", "assets", "the apt sources of this machine do not have it"},
		"want apt":               {"none", "assets", "this machine has no apt; use one with Debian or Ubuntu"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, path := t.TempDir(), bin+":"+os.Getenv("PATH")
			if want.behaviour == "none" {
				path = t.TempDir()
				qemu, err := exec.LookPath("qemu-system-x86_64")
				if err != nil {
					t.Skip("needs qemu-system-x86_64 in PATH")
				}
				require.NoError(t, os.Symlink(qemu, filepath.Join(path, "qemu-system-x86_64")))
			}
			env := []string{"PATH=" + path, "APT_FAKE=" + want.behaviour, "APT_FAKE_LOG=" + filepath.Join(t.TempDir(), "log"),
				"QEMU_TEST_CACHE_DIR=" + cache, "QEMU_TEST_NO_DOWNLOAD=", "QEMU_TEST_ASSET_MIRROR="}
			if want.kind == "precached" {
				env = append(env, "QEMU_TEST_PRECACHE=1")
			}
			got := scenario(t, "needs a kernel", env...)
			assert.Zero(t, got.status, got.output)
			assert.Contains(t, got.output, "skip.kind "+want.kind)
			assert.Contains(t, got.output, want.reason)
			_, err := os.Stat(filepath.Join(cache, "download", kernelHash))
			assert.Equal(t, want.kind == "precached", err == nil, "the package is in the cache")
		})
	}
}

// TestKernelInTheLog has the log of a test name the package that its kernel is
// from.
func TestKernelInTheLog(t *testing.T) {
	t.Parallel()
	bin, err := filepath.Abs("../asset/apt/testdata/bin")
	require.NoError(t, err)
	deb, dir := kernelPackage(t), t.TempDir()
	file := filepath.Join(dir, "kernel.deb")
	require.NoError(t, os.WriteFile(file, deb, 0o644))
	got := scenario(t, "opens a kernel", "PATH="+bin+":"+os.Getenv("PATH"), "APT_FAKE=", "APT_FAKE_DEB="+file,
		"APT_FAKE_LOG="+filepath.Join(dir, "log"), "QEMU_TEST_CACHE_DIR="+filepath.Join(dir, "cache"),
		"QEMU_TEST_NO_DOWNLOAD=", "QEMU_TEST_ASSET_MIRROR=")
	require.Zero(t, got.status, got.output)
	log, err := os.ReadFile(filepath.Join(got.logDir, "x86_64", "TestScenario", "base.log"))
	require.NoError(t, err)
	assert.Contains(t, string(log),
		fmt.Sprintf("linux-image-test:test: package version 6.1-2, SHA-256 %x", sha256.Sum256(deb)))
}

// kernelPackage returns a package (deb(5)) of a kernel.
func kernelPackage(t *testing.T) []byte {
	t.Helper()
	var data, deb bytes.Buffer
	w := tar.NewWriter(&data)
	const image = "image"
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "./boot/vmlinuz-6.1.0-2-test", Mode: 0o644, Size: int64(len(image))}))
	_, err := w.Write([]byte(image))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	fmt.Fprintf(&deb, "!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", "data.tar", 0, 0, 0, "100644", data.Len(), data.Bytes())
	return deb.Bytes()
}
