package kernel

import (
	"archive/zip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/asset/apt"
)

// unpacked makes a kernel as unpack leaves it.
func unpacked(t *testing.T) *Kernel {
	t.Helper()
	dir := t.TempDir()
	p, err := newPacker(dir)
	require.NoError(t, err)
	for name, content := range map[string]string{
		modulePrefix + "virtio.ko":      "virtio",
		modulePrefix + "virtio_ring.ko": "ring",
		modulePrefix + "virtio_net.ko":  "net",
		dtbPrefix + "broadcom/pi.dtb":   "tree",
	} {
		require.NoError(t, p.storeBytes(name, []byte(content)))
	}
	p.index.Builtin["failover"] = true
	p.index.Modules["virtio_ring"] = nil
	p.index.Modules["virtio"] = []string{"virtio_ring"}
	p.index.Modules["virtio_net"] = []string{"failover", "virtio", "virtio_ring", "softdep_not_built"}
	require.NoError(t, p.close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, imageName), []byte("image"), 0o644))
	k := &Kernel{Release: "6.1.0-50-armmp", Version: "6.1.176-1", dirs: []string{dir}}
	require.NoError(t, k.findImage())
	return k
}

func TestModulesInOrderOfInsertion(t *testing.T) {
	t.Parallel()
	modules, err := unpacked(t).Modules("virtio-net", "virtio", "failover")
	require.NoError(t, err)
	assert.Equal(t, []Module{
		{"virtio_ring", []byte("ring")},
		{"virtio", []byte("virtio")},
		{"virtio_net", []byte("net")},
	}, modules)
}

func TestMissingModule(t *testing.T) {
	t.Parallel()
	k := unpacked(t)
	_, err := k.Modules("virtio", "nope")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "expected Linux 6.1.0-50-armmp (6.1.176-1) to have the module nope")
	for name, want := range map[string]bool{"nope": false, "failover": true, "virtio-net": true} {
		has, err := k.Has(name)
		require.NoError(t, err)
		assert.Equal(t, want, has, name)
	}
}

func TestDTB(t *testing.T) {
	t.Parallel()
	k := unpacked(t)
	for range 2 {
		for _, name := range []string{"pi.dtb", "broadcom/pi.dtb"} {
			path, err := k.DTB(name)
			require.NoError(t, err)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "tree", string(content))
		}
	}
	_, err := k.DTB("i.dtb")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "to have the device tree i.dtb")
}

func TestBanner(t *testing.T) {
	t.Parallel()
	for line, k := range map[string]*Kernel{
		"Linux version 6.1.0-50-armmp (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 SMP Debian 6.1.176-1 (2026-07-01)": {
			Release: "6.1.0-50-armmp", Version: "6.1.176-1"},
		"Linux version 6.1.0-50-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-10 (2026-07-01)": {
			Release: "6.1.0-50-amd64", Version: "6.1.176-10"},
		"Linux version 6.12.95+deb12-arm64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP Debian 6.12.95-1~bpo12+1 (2026-07-01)": {
			Release: "6.12.95+deb12-arm64", Version: "6.12.95-1~bpo12+1"},
		"Linux version 6.8.0-45-generic (buildd@lcy02-amd64-115) (x86_64-linux-gnu-gcc-13) #45-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 30 12:02:04 UTC 2024 (Ubuntu 6.8.0-45.45-generic 6.8.12)": {
			Release: "6.8.0-45-generic", Version: "6.8.0-45.45"},
		"Linux version 6.8.0-45-generic (buildd@lcy02-amd64-075) (x86_64-linux-gnu-gcc-12) #45~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC (Ubuntu 6.8.0-45.45~22.04.1-generic 6.8.12)": {
			Release: "6.8.0-45-generic", Version: "6.8.0-45.45~22.04.1"},
	} {
		assert.Regexp(t, regexp.MustCompile(k.Banner()), line)
		for _, version := range []string{k.Version + "9", k.Version + "~bpo12+1", k.Version[:len(k.Version)-1]} {
			other := &Kernel{Release: k.Release, Version: version}
			assert.NotRegexp(t, regexp.MustCompile(other.Banner()), line, "the console has less or more than "+version)
		}
		assert.NotRegexp(t, regexp.MustCompile((&Kernel{Release: k.Release + "x", Version: k.Version}).Banner()), line)
	}
}

func TestModuleName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"virtio-pci.ko": "virtio_pci", "9p.ko.xz": "9p", "ext4.ko.zst": "ext4", "a.ko.gz": "a",
		"modules.order": "", "x.kob": "", "README": "",
	} {
		assert.Equal(t, want, moduleName(file), file)
	}
}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	p := Package{Arch: "armhf", Flavour: "armmp"}
	assert.Equal(t, "linux-image-armmp:armhf", p.String())
	assert.Equal(t, "linux-image-armmp_armhf.deb", p.Name())
	assert.Equal(t, "apt:linux-image-armmp:armhf", p.URL())
}

func TestFollowsOnlyToKernels(t *testing.T) {
	t.Parallel()
	meta := &apt.Release{
		Package: apt.Package{Name: "linux-image-armmp", Arch: "armhf"},
		Depends: [][]apt.Dependency{{{Name: "linux-firmware"}}},
	}
	_, err := follow(t.Context(), meta)
	assert.ErrorContains(t, err, "expected package linux-image-armmp:armhf to depend on a kernel")
}

func TestPartsOnUbuntu(t *testing.T) {
	t.Parallel()
	image := &apt.Release{
		Package: apt.Package{Name: "linux-image-6.8.0-45-generic", Arch: "amd64"},
		Depends: [][]apt.Dependency{{{Name: "kmod"}}, {{Name: "linux-base"}}, {{Name: "linux-modules-6.8.0-45-generic"}}},
	}
	assert.Equal(t, []apt.Package{{Name: "linux-modules-6.8.0-45-generic", Arch: "amd64"}}, parts(image))
}

func TestPartsFromDebian14On(t *testing.T) {
	t.Parallel()
	part := func(name string) apt.Package {
		return apt.Package{Name: name + "-7.2.12+deb14-riscv64", Arch: "riscv64", Version: "7.2.12-1", Suite: "forky"}
	}
	image := &apt.Release{
		Package: part("linux-image"),
		Depends: [][]apt.Dependency{
			{{Name: "dracut"}, {Name: "initramfs-tools"}},
			{{Name: "linux-base-7.2.12+deb14-riscv64", Version: "7.2.12-1"}},
			{{Name: "linux-binary-7.2.12+deb14-riscv64", Version: "7.2.12-1"}},
			{{Name: "linux-modules-7.2.12+deb14-riscv64", Version: "7.2.12-1"}},
		},
	}
	assert.Equal(t, []apt.Package{part("linux-base"), part("linux-binary"), part("linux-modules")}, parts(image))
	assert.Empty(t, parts(&apt.Release{Package: apt.Package{Name: "linux-image-riscv64"}, Depends: image.Depends}))
}

// TestPlaces checks where the packages of Debian 12, of Debian 14 and of Ubuntu have what is kept.
func TestPlaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := newPacker(dir)
	require.NoError(t, err)
	add := func(name string) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, []byte(name), 0o644))
		require.NoError(t, p.add(name, file))
	}
	image := filepath.Join(dir, imageName)
	for _, name := range []string{
		"boot/vmlinuz-6.1.0-50-arm64",
		"boot/vmlinux-6.1.0-50-4kc-malta",
		"usr/lib/modules/7.2.12+deb14-riscv64/vmlinuz",
	} {
		add(name)
		content, err := os.ReadFile(image)
		require.NoError(t, err)
		assert.Equal(t, name, string(content))
	}
	require.NoError(t, os.Remove(image))
	for _, name := range []string{
		"usr/lib/linux-image-6.1.0-50-armmp/imx6q-sabrelite.dtb",
		"usr/lib/linux-image-6.1.0-50-arm64/broadcom/bcm2837-rpi-3-b.dtb",
		"usr/lib/modules/7.2.12+deb14-riscv64/dtb/sifive/hifive-unleashed-a00.dtb",
		"lib/firmware/6.8.0-45-generic/device-tree/rockchip/rk3399-evb.dtb",
		// Of no use.
		"usr/share/doc/linux-image-6.1.0-50-arm64/vmlinuz", "boot/config-6.1.0-50-arm64", "usr/share/trees/x.dtb",
	} {
		add(name)
	}
	require.NoError(t, p.close())
	assert.NoFileExists(t, image)
	files, err := zip.OpenReader(filepath.Join(dir, filesName))
	require.NoError(t, err)
	defer files.Close()
	var names []string
	for _, file := range files.File {
		names = append(names, file.Name)
	}
	assert.Equal(t, []string{
		"dtb/imx6q-sabrelite.dtb",
		"dtb/broadcom/bcm2837-rpi-3-b.dtb",
		"dtb/sifive/hifive-unleashed-a00.dtb",
		"dtb/rockchip/rk3399-evb.dtb",
	}, names)
}

// Not parallel: the environment says where the cache is.
func TestCachedFiles(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(asset.EnvCacheDir, cache)
	record := func(name string, version string, depends ...apt.Dependency) {
		r := apt.Release{
			Package: apt.Package{Name: name, Arch: "arm64", Version: version},
			URL:     "http://example.org/" + name, SHA256: strings.Repeat("0", 64),
		}
		for _, d := range depends {
			r.Depends = append(r.Depends, []apt.Dependency{d})
		}
		text, err := json.Marshal(r)
		require.NoError(t, err)
		asked := apt.Package{Name: name, Arch: "arm64"}
		if strings.Contains(name, "6.1") {
			asked.Version = version
		}
		path := asked.RecordPaths()[0]
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, text, 0o644))
	}
	resolved := func(name string) string { return filepath.Join(cache, "apt/arm64/resolved", name+".json") }
	p := Package{Arch: "arm64", Flavour: "arm64"}
	generic := resolved("linux-image-generic")
	assert.Equal(t, []string{resolved("linux-image-arm64"), generic}, p.CachedFiles(), "nothing is known")

	record("linux-image-arm64", "1", apt.Dependency{Name: "linux-image-6.1.0-50-arm64", Version: "2"})
	image := resolved("linux-image-6.1.0-50-arm64=2")
	assert.Equal(t, []string{resolved("linux-image-arm64"), image}, p.CachedFiles(), "the image is not known")

	deb := filepath.Join(cache, "download", strings.Repeat("0", 64))
	record("linux-image-6.1.0-50-arm64", "2", apt.Dependency{Name: "linux-modules-6.1.0-50-arm64", Version: "2"})
	record("linux-modules-6.1.0-50-arm64", "2")
	assert.Equal(t, []string{
		resolved("linux-image-arm64"), image, resolved("linux-modules-6.1.0-50-arm64=2"), deb, deb,
	}, p.CachedFiles())
}

func TestNotAModule(t *testing.T) {
	t.Parallel()
	_, err := moduleDepends([]byte("no ELF"))
	assert.Error(t, err)
}

func FuzzModuleDepends(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, content []byte) {
		depends, err := moduleDepends(content)
		if err == nil {
			_, err := json.Marshal(depends)
			assert.NoError(t, err)
		}
	})
}

func TestFlavoursThatBeginWithADigit(t *testing.T) {
	t.Parallel()
	for name, release := range map[string]string{
		"linux-image-6.1.0-50-686":              "6.1.0-50-686",
		"linux-image-6.12.95+deb12-arm64":       "6.12.95+deb12-arm64",
		"linux-image-unsigned-6.8.0-45-generic": "6.8.0-45-generic",
		"linux-image-686":                       "",
		"linux-image-686-pae":                   "",
		"linux-image-4kc-malta":                 "",
		"linux-image-5kc-malta":                 "",
		"linux-image-generic":                   "",
	} {
		var got string
		if m := versioned.FindStringSubmatch(name); m != nil {
			got = m[1]
		}
		assert.Equal(t, release, got, name)
	}
}
