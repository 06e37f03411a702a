package apt

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
)

// The tests here are of the machine's own apt, with an archive in a directory.

// foreign is a package of that archive, for an architecture that is not the machine's.
func foreign() Package {
	if runtime.GOARCH == "arm64" {
		return Package{Name: "linux-image-local", Arch: "riscv64"}
	}
	return Package{Name: "linux-image-local", Arch: "arm64"}
}

// local makes an unsigned archive the only source of the machine's own apt, for this test, with an empty cache. Its index
// has the named hashes, and the source has options, "[trusted=yes]". It returns
// the file with the source and the SHA-256 of the package.
func local(t *testing.T, options string, hashes ...string) (sources, sha string) {
	t.Helper()
	for _, command := range []string{"apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb"} {
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("needs %s, of Debian or Ubuntu", command)
		}
	}
	dir, p := t.TempDir(), foreign()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	control := fmt.Sprintf("Package: %s\nVersion: 6.1-2\nArchitecture: %s\nMaintainer: X <x@archive.example>\nDescription: Linux\n", p.Name, p.Arch)
	write("tree/DEBIAN/control", control)
	deb := filepath.Join(dir, "archive", "pool.deb")
	require.NoError(t, os.MkdirAll(filepath.Dir(deb), 0o755))
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "--build", filepath.Join(dir, "tree"), deb).CombinedOutput()
	require.NoError(t, err, "%s", out)
	content, err := os.ReadFile(deb)
	require.NoError(t, err)

	sha = fmt.Sprintf("%x", sha256.Sum256(content))
	index := control + fmt.Sprintf("Filename: pool.deb\nSize: %d\n", len(content))
	for _, hash := range hashes {
		index += hash + ": " + map[string]string{"SHA256": sha, "SHA512": fmt.Sprintf("%x", sha512.Sum512(content))}[hash] + "\n"
	}
	path := "main/binary-" + p.Arch + "/Packages"
	write("archive/dists/stable/"+path, index)
	write("archive/dists/stable/Release", fmt.Sprintf(
		"Suite: stable\nCodename: stable\nArchitectures: %s\nComponents: main\nDate: %s\nSHA256:\n %x %d %s\n",
		p.Arch, time.Now().UTC().Format(time.RFC1123), sha256.Sum256([]byte(index)), len(index), path))
	sources = write("sources.list", fmt.Sprintf("deb %s file:%s stable main\n", options, filepath.Join(dir, "archive")))
	t.Setenv("APT_CONFIG", write("apt.conf", fmt.Sprintf("Dir::Etc::sourcelist %q;\nDir::Etc::sourceparts \"-\";\n", sources)))
	t.Setenv(asset.EnvCacheDir, t.TempDir())
	t.Setenv(asset.EnvNoDownload, "")
	t.Setenv(asset.EnvMirror, "")
	return sources, sha
}

// architectures returns what the machine's dpkg knows of foreign ones.
func architectures(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "dpkg", "--print-foreign-architectures").Output()
	require.NoError(t, err)
	file, err := os.ReadFile("/var/lib/dpkg/arch")
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return fmt.Sprintf("%s\n%s\n%v", out, file, err)
}

func TestForeignPackageByTheMachinesApt(t *testing.T) {
	for _, hashes := range [][]string{{"SHA256"}, {"SHA256", "SHA512"}} {
		t.Run(strings.Join(hashes, " "), func(t *testing.T) {
			_, sha := local(t, "[trusted=yes]", hashes...)
			before := architectures(t)
			r, path, err := foreign().Download(t.Context())
			require.NoError(t, err)
			assert.Equal(t, sha, r.SHA256)
			assert.Equal(t, "6.1-2", r.Package.Version)
			assert.Equal(t, sha, filepath.Base(path))
			assert.FileExists(t, path)
			assert.Equal(t, before, architectures(t), "dpkg is left as it is")
		})
	}
}

func TestMachinesAptWithoutSHA256(t *testing.T) {
	local(t, "[trusted=yes]", "SHA512")
	_, err := foreign().Resolve(t.Context())
	requireKind(t, Failed, err)
	assert.ErrorContains(t, err, "to print 'URL' file size SHA256:hash, but it printed \"'file:")
}

func TestMachinesAptWantsSignatures(t *testing.T) {
	t.Run("of a source", func(t *testing.T) {
		local(t, "", "SHA256")
		before := architectures(t)
		_, err := foreign().Resolve(t.Context())
		requireKind(t, Unsigned, err)
		assert.ErrorContains(t, err, "apt refuses a source that is not signed by a key of this machine")
		assert.ErrorContains(t, err, "/archive stable Release' is not signed.")
		assert.Equal(t, before, architectures(t), "dpkg is left as it is")
	})
	t.Run("whatever the configuration says", func(t *testing.T) {
		local(t, "", "SHA256")
		file, err := os.OpenFile(os.Getenv("APT_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = file.WriteString("Acquire::AllowInsecureRepositories \"true\";\nAPT::Get::AllowUnauthenticated \"true\";\n")
		require.NoError(t, errors.Join(err, file.Close()))
		_, err = foreign().Resolve(t.Context())
		requireKind(t, Unsigned, err)
	})
	t.Run("for a download", func(t *testing.T) {
		// A source whose lists may be read all the same.
		local(t, "[allow-insecure=yes]", "SHA256")
		_, _, err := foreign().Download(t.Context())
		assert.ErrorContains(t, err, "could not be authenticated")
	})
}

func TestMachinesAptForOtherArchitectures(t *testing.T) {
	sources, _ := local(t, "[trusted=yes arch=mips]", "SHA256")
	_, err := foreign().Resolve(t.Context())
	requireKind(t, Unknown, err)
	assert.ErrorContains(t, err, "do not have it, but "+sources+":1 may not be used for "+foreign().Arch)
}
