package kernel

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/asset/apt"
)

// Package names a kernel of the distribution.
type Package struct {
	// Arch is the architecture in Debian's words, for example "arm64" or "mipsel".
	Arch string
	// Flavour is the end of the package's name, linux-image-<flavour>, in the words of Debian 12: "arm64", "armmp",
	// "cloud-amd64", "powerpc64le". Where there is no such package, as on Ubuntu, it is linux-image-generic.
	Flavour string
	// Suite is a release of Debian, such as "trixie", that has the kernel if the machine's own sources do not; "" if only
	// those are asked. See [apt.Package].
	Suite string
}

// Name returns "linux-image-<flavour>_<arch>.deb".
func (p Package) Name() string { return p.wanted().FileName() }

// String returns the package as apt takes it: "linux-image-armmp:armhf", or "linux-image-riscv64:riscv64/trixie".
func (p Package) String() string { return p.wanted().String() }

// URL returns "apt:" and the package, for listings.
func (p Package) URL() string { return "apt:" + p.String() }

func (p Package) wanted() apt.Package {
	return apt.Package{Name: imagePrefix + p.Flavour, Arch: p.Arch, Suite: p.Suite}
}

// generic is what stands in where there is no package of the flavour.
func (p Package) generic() apt.Package {
	return apt.Package{Name: imagePrefix + "generic", Arch: p.Arch}
}

const imagePrefix = "linux-image-"

// Fetch brings the kernel's packages into the asset cache, and returns the path of the one that has the image. The error is
// an [*apt.Error] or an [*asset.Error].
func (p Package) Fetch(ctx context.Context) (string, error) {
	debs, err := p.download(ctx)
	if err != nil {
		return "", err
	}
	return debs[0].path, nil
}

// Cached returns the path of the package with the image in the asset cache, and whether it is there. Nobody is asked.
func (p Package) Cached() (string, bool) {
	meta, ok := p.wanted().Known()
	if !ok {
		return "", false
	}
	if image, ok := versionedDependency(meta); ok {
		if meta, ok = image.Known(); !ok {
			return "", false
		}
	}
	for _, part := range parts(meta) {
		if strings.HasPrefix(part.Name, binaryPrefix) {
			if meta, ok = part.Known(); !ok {
				return "", false
			}
		}
	}
	return meta.Asset().Cached()
}

// CachedFiles returns the paths of the files by which [Package.Fetch] finds the kernel without a download: the records of
// what the names stand for, and the packages. Some may be missing when it was not fetched. Nobody is asked.
func (p Package) CachedFiles() []string {
	var files []string
	known := func(pkg apt.Package) (*apt.Release, bool) {
		files = append(files, pkg.RecordPaths()...)
		return pkg.Known()
	}
	image, ok := known(p.wanted())
	if !ok {
		image, ok = known(p.generic())
	}
	if !ok {
		return files
	}
	if named, isMeta := versionedDependency(image); isMeta {
		if image, ok = known(named); !ok {
			return files
		}
	}
	debs := []*apt.Release{image}
	for _, part := range parts(image) {
		if release, ok := known(part); ok {
			debs = append(debs, release)
		}
	}
	for _, release := range debs {
		path, _ := release.Asset().Cached()
		files = append(files, path)
	}
	return files
}

// deb is a package that was downloaded.
type deb struct {
	release *apt.Release
	path    string
}

// download returns the packages of the kernel, the one with the image first.
func (p Package) download(ctx context.Context) ([]deb, error) {
	image, err := p.image(ctx)
	if err != nil {
		return nil, err
	}
	var debs []deb
	for _, pkg := range append([]apt.Package{image.Package}, parts(image)...) {
		release, path, err := pkg.Download(ctx)
		if err != nil {
			return nil, err
		}
		debs = append(debs, deb{release, path})
	}
	slices.SortStableFunc(debs, func(a, b deb) int { return b.hasBinary() - a.hasBinary() })
	return debs, nil
}

// hasBinary is 1 for the package that has the image while another one has the kernel's name.
func (d deb) hasBinary() int {
	if strings.HasPrefix(d.release.Package.Name, binaryPrefix) {
		return 1
	}
	return 0
}

// image follows the name, which stands for the newest kernel of its flavour, to the package of one kernel.
func (p Package) image(ctx context.Context) (*apt.Release, error) {
	meta, err := p.wanted().Resolve(ctx)
	if isUnknown(err) && p.Flavour != "generic" {
		if release, err := p.generic().Resolve(ctx); err == nil {
			return follow(ctx, release)
		}
	}
	if err != nil {
		return nil, err
	}
	return follow(ctx, meta)
}

func isUnknown(err error) bool {
	e, ok := errors.AsType[*apt.Error](err)
	return ok && e.Kind == apt.Unknown
}

// versioned matches the name of the package of one kernel, as opposed to one that stands for the newest of a flavour, which
// may begin with a digit, too: 686, 4kc-malta.
var versioned = regexp.MustCompile(`^linux-image-(?:unsigned-)?(\d+\.\d.*)$`)

func follow(ctx context.Context, meta *apt.Release) (*apt.Release, error) {
	if versioned.MatchString(meta.Package.Name) {
		return meta, nil
	}
	if image, ok := versionedDependency(meta); ok {
		return image.Resolve(ctx)
	}
	return nil, fmt.Errorf("expected package %s to depend on a kernel, linux-image-<version>, but it depends on %v",
		meta.Package, meta.Depends)
}

// versionedDependency returns the package of the one kernel that another package depends on.
func versionedDependency(meta *apt.Release) (apt.Package, bool) {
	for _, alternatives := range meta.Depends {
		for _, d := range alternatives {
			if versioned.MatchString(d.Name) {
				return beside(meta, d), true
			}
		}
	}
	return apt.Package{}, false
}

// beside returns what a release depends on, which is where the release itself is.
func beside(r *apt.Release, d apt.Dependency) apt.Package {
	return apt.Package{Name: d.Name, Arch: r.Package.Arch, Version: d.Version, Suite: r.Package.Suite}
}

// partPrefixes begin the names of packages with parts of a kernel. Ubuntu has its modules apart. Debian, from 14 on, has in
// linux-image-<release> only the scripts for an installation; the image is in linux-binary-<release>, the modules are in
// linux-modules-<release>, and device trees and the list of what is built in are in linux-base-<release>.
var partPrefixes = []string{binaryPrefix, "linux-modules-", "linux-base-"}

const binaryPrefix = "linux-binary-"

// parts are the packages that the one of a kernel depends on and that have parts of it.
func parts(image *apt.Release) []apt.Package {
	m := versioned.FindStringSubmatch(image.Package.Name)
	if m == nil {
		return nil
	}
	var all []apt.Package
	for _, alternatives := range image.Depends {
		i := slices.IndexFunc(alternatives, func(d apt.Dependency) bool {
			prefix, ok := strings.CutSuffix(d.Name, m[1])
			return ok && slices.Contains(partPrefixes, prefix)
		})
		if i >= 0 {
			all = append(all, beside(image, alternatives[i]))
		}
	}
	return all
}

// release returns what uname -r says, from the name of one of the packages.
func release(debs []deb) string {
	for _, d := range debs {
		if m := versioned.FindStringSubmatch(d.release.Package.Name); m != nil {
			return m[1]
		}
	}
	return ""
}

// Open returns the kernel, fetching and unpacking it first if need be. Errors are those of [Package.Fetch], or tell that
// the package has no kernel.
func (p Package) Open(ctx context.Context) (*Kernel, error) {
	debs, err := p.download(ctx)
	if err != nil {
		return nil, err
	}
	k := &Kernel{
		Release: release(debs),
		Version: debs[0].release.Package.Version,
		SHA256:  debs[0].release.SHA256,
	}
	for _, d := range debs {
		dir, err := asset.DefaultCache().Derive(ctx, d.release.Asset(), unpackedName, unpack)
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", d.release.Package, err)
		}
		k.dirs = append(k.dirs, dir)
	}
	return k, k.findImage()
}
