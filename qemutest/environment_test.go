package qemutest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/internal/module"
)

func TestMisspelledKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"asets", "asset", "assetss", "asstes", "KVM", "kwm", "Assets", "emulater", "al"} {
		assert.ErrorContains(t, checkRequired([]string{"kvm", kind}), "QEMU_TEST_REQUIRE: there is no kind", kind)
	}
	assert.NoError(t, checkRequired([]string{"kvm", "assets", "all", "tpm", "my-kind", "swtpm"}))
}

func TestVariablesThatSayNo(t *testing.T) {
	for value, want := range map[string]bool{"": false, "0": false, "no": false, "Off": false, "FALSE": false, "1": true, "yes": true, "/tmp/stamp": true} {
		t.Setenv("QEMU_TEST_PRECACHE", value)
		assert.Equal(t, want, envSet("QEMU_TEST_PRECACHE"), value)
	}
}

// Every variable that the code reads is in the manual.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	root, err := module.Root()
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	manual, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	assets, err := os.ReadFile(filepath.Join(root, "asset", "doc.go"))
	require.NoError(t, err)
	manual = append(manual, assets...)

	variable := regexp.MustCompile(`"(QEMU_TEST_[A-Z_]+)"`)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "build" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range variable.FindAllSubmatch(text, -1) {
			assert.True(t, bytes.Contains(readme, m[1]), "%s of %s is not in README.md", m[1], path)
			assert.True(t, bytes.Contains(manual, m[1]), "%s of %s is in neither qemutest/doc.go nor asset/doc.go", m[1], path)
		}
		return err
	}))
}
