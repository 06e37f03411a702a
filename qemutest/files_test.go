package qemutest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest"
)

// What a test is given while it runs, and what of it stays.
func TestFiles(t *testing.T) {
	t.Parallel()
	var scratch, sockets, log string
	t.Run("inner", func(t *testing.T) {
		q := newX86(t, qemutest.Serial())
		scratch, sockets, log = q.Scratch("disk.img"), q.SocketDir(), q.Log("notes.txt")
		q.Check(os.WriteFile(scratch, []byte("disk"), 0o600))
		q.Check(os.WriteFile(log, []byte("notes"), 0o600))

		assert.Equal(t, sockets, q.SocketDir(), "one directory for a test")
		info, err := os.Stat(sockets)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

		text, err := os.ReadFile(q.Data("sample.txt"))
		require.NoError(t, err)
		assert.Equal(t, "data of the tests\n", string(text))
		assert.True(t, filepath.IsAbs(q.Data("sample.txt")))
	})
	if sockets == "" {
		t.Skip("the subtest could not run")
	}
	assert.NoDirExists(t, filepath.Dir(scratch))
	assert.NoDirExists(t, sockets)
	assert.FileExists(t, log)
	rest := strings.TrimPrefix(sockets, os.TempDir())
	assert.Less(t, len(rest), 30, "short, however long the name of the test is")
}

func TestKeepScratch(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"", "QEMU_TEST_KEEP_SCRATCH="} { // set, though empty
		got := scenario(t, "makes a file", env)
		require.Zero(t, got.status, got.output)
		file := filepath.Join(got.logDir, "x86_64", "TestScenario", "scratch", "disk.img")
		if env == "" {
			assert.NoFileExists(t, file)
		} else {
			assert.FileExists(t, file)
		}
	}
}

// go test -artifacts says where a test's files belong.
func TestLogsAmongArtifacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := scenario(t, "makes a file", "-test.artifacts", "-test.outputdir="+dir)
	require.Zero(t, got.status, got.output)
	logs, err := filepath.Glob(filepath.Join(dir, "_artifacts", "*", "*", "base.log"))
	if len(logs) == 0 { // or without the directory of the package
		logs, err = filepath.Glob(filepath.Join(dir, "_artifacts", "*", "base.log"))
	}
	require.NoError(t, err)
	assert.Len(t, logs, 1)
	entries, err := os.ReadDir(got.logDir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// The emulator, and what else a test takes from a QEMU build tree.
func TestBuildTree(t *testing.T) {
	t.Parallel()
	emulator, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("needs qemu-system-x86_64 in PATH")
	}
	tree := t.TempDir()
	env := "QEMU_TEST_BUILD_DIR=" + tree
	got := scenario(t, "looks into the build tree", env)
	assert.Contains(t, got.output, "skip.kind emulator")
	assert.Contains(t, got.output, "qemu-system-x86_64 is not in the QEMU build tree "+tree)

	require.NoError(t, os.Symlink(emulator, filepath.Join(tree, "qemu-system-x86_64")))
	got = scenario(t, "looks into the build tree", env)
	assert.Contains(t, got.output, "skip.kind feature")
	assert.Contains(t, got.output, "not in the QEMU build tree")

	require.NoError(t, os.MkdirAll(filepath.Join(tree, "tests/qtest"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "tests/qtest/tool"), []byte("a tool"), 0o755))
	got = scenario(t, "looks into the build tree", env)
	require.Zero(t, got.status, got.output)
	assert.Contains(t, got.output, "found a tool, emulator "+filepath.Join(tree, "qemu-system-x86_64"))

	got = scenario(t, "looks into the build tree", "QEMU_TEST_BUILD_DIR=")
	assert.Contains(t, got.output, "skip.kind env")
	assert.Contains(t, got.output, "set QEMU_TEST_BUILD_DIR")
}

// packed is a tar archive, compressed with gzip, of files given as name and content in turn.
func packed(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o644}))
		_, err := w.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestExtract(t *testing.T) {
	t.Parallel()
	q := newX86(t, qemutest.Serial())
	path := q.Scratch("day18.tar.gz")
	q.Check(os.WriteFile(path, packed(t, "day18/kernel", "kernel", "day18/README", "text"), 0o600))
	src := qemutest.File(path)

	assert.Equal(t, "kernel", contentOf(t, q.ExtractMember(src, "day18/kernel")))
	whole := q.Extract(src)
	assert.Equal(t, "kernel", contentOf(t, filepath.Join(whole, "day18/kernel")))
	assert.Equal(t, "text", contentOf(t, filepath.Join(whole, "day18/README")))
	part := q.Extract(src, "day18/README")
	assert.NotEqual(t, whole, part, "each extraction has a directory of its own")
	assert.NoFileExists(t, filepath.Join(part, "day18/kernel"))

	tarball := q.Decompress(src)
	assert.Equal(t, "day18.tar", filepath.Base(tarball))
	assert.Equal(t, "kernel", contentOf(t, q.ExtractMember(qemutest.File(tarball), "day18/kernel")))

	q.Check(os.Rename(path, q.Scratch("unnamed")))
	unnamed := qemutest.File(q.Scratch("unnamed"))
	assert.FileExists(t, filepath.Join(q.ExtractWith(unnamed, archive.Options{Format: archive.FormatTar}), "day18/kernel"))
	assert.NotEmpty(t, contentOf(t, q.DecompressWith(unnamed, archive.Options{Compression: archive.Gzip})))
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// Helpers that fail the test, with what went wrong.
func TestHelpersFailTheTest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"wants data that is not there":   "test data: stat ",
		"extracts what is no archive":    `extracting noise.tar.gz: cannot unpack "noise.tar.gz": `,
		"extracts a missing member":      `the archive has no member "kernal"; it has "kernel"`,
		"decompresses what is cut short": "decompressing a.tar.gz: ",
		"is refused a QMP command":       "QEMU refused no-such-command: ",
		"is refused an HMP command":      `the human monitor refused "no-such-command": `,
		"queries another type":           "expected a int from query-name",
		"has no monitor":                 `machine "default" has no monitor: it was described with NoMonitor`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := scenario(t, name)
			assert.Equal(t, 1, got.status)
			assert.Contains(t, got.output, want)
			assert.Contains(t, got.output, "--- FAIL: TestScenario")
		})
	}
}

func TestWaitForAnEventFailsTheTest(t *testing.T) {
	t.Parallel()
	got := limited(t, "waits for an event that never comes")
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.output, `machine "default": no event STOP within `)
}

// A program of the target runs under the user-mode emulator, which is told where its libraries are.
func TestUserMode(t *testing.T) {
	t.Parallel()
	fake := filepath.Join(t.TempDir(), "qemu-x86_64")
	require.NoError(t, os.WriteFile(fake, []byte("#!/bin/sh\necho \"emulator: $*\"\nexit 3\n"), 0o755))
	got := scenario(t, "runs a program", "QEMU_TEST_QEMU_BINARY="+fake)
	require.Zero(t, got.status, got.output)
	assert.Contains(t, got.output, "status 3: emulator: -L /sysroot -L /other /bin/program one two\n")

	got = scenario(t, "passes", "QEMU_TEST_QEMU_BINARY="+fake)
	assert.Contains(t, got.output, "needs qemu-system-x86_64, QEMU_TEST_QEMU_BINARY is "+fake)
	got = scenario(t, "runs a program without saying so")
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.output, "Run needs the requirement UserMode")
}
