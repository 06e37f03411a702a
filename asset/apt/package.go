package apt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/qemutest/functional/asset"
)

// Package names a package of the distribution.
type Package struct {
	// Name is the name of the package, for example "linux-image-arm64".
	Name string
	// Arch is an architecture in the words of Debian, such as "amd64", "armhf" or "ppc64el". It need not be that of
	// the machine, and need not be enabled in dpkg.
	Arch string
	// Version is the version, "" for the one that apt would install.
	Version string
	// Suite is a release of Debian, such as "trixie" or "testing", that has the package if the machine's own sources do
	// not; "" if only those are asked. In a [Release], it is the suite that the package comes from, "" for the machine's
	// own sources.
	Suite string
}

// String returns the package as apt takes it, "linux-image-arm64:arm64", with "=" and the version, or else "/" and the
// suite, if there is one.
func (p Package) String() string {
	s := p.Name + ":" + p.Arch
	switch {
	case p.Version != "":
		s += "=" + p.Version
	case p.Suite != "":
		s += "/" + p.Suite
	}
	return s
}

// FileName returns a name for the package's file that tells its format: "linux-image-arm64_arm64.deb".
func (p Package) FileName() string { return p.Name + "_" + p.Arch + ".deb" }

// The forms of names (Debian Policy 5.6). They are checked because they become arguments and file names.
var (
	validName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	validArch    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	validVersion = regexp.MustCompile(`^([0-9][A-Za-z0-9.+~:-]*)?$`)
	validSuite   = regexp.MustCompile(`^([a-z][a-z-]*)?$`)
)

func (p Package) validate() error {
	for _, part := range []struct {
		what, text string
		form       *regexp.Regexp
	}{{"name", p.Name, validName}, {"architecture", p.Arch, validArch}, {"version", p.Version, validVersion}, {"suite", p.Suite, validSuite}} {
		if !part.form.MatchString(part.text) {
			return fmt.Errorf("expected the %s of a Debian package, but it is %q", part.what, part.text)
		}
	}
	return nil
}

// Release is one version of a package, as the archive has it.
type Release struct {
	// Package is the package with its version.
	Package Package
	// URL and SHA256 are where its file is, and the hash of it that the lists of the archive tell, which are signed unless
	// the machine trusts it without.
	URL, SHA256 string
	// Depends are the alternatives of each dependency, the first of which is what apt prefers.
	Depends [][]Dependency
}

// Dependency is a package that another one depends on.
type Dependency struct {
	// Name is the name of the package.
	Name string
	// Version is the exact version needed; "" if several would do.
	Version string
}

// Asset returns the .deb of the release as an asset that apt downloads.
func (r *Release) Asset() *asset.Asset {
	return asset.New(r.URL, r.SHA256).Through(func(ctx context.Context) (string, error) {
		s, err := openState(r.Package.Arch, r.Package.Suite)
		if err != nil {
			return "", err
		}
		return s.download(ctx, r.Package)
	})
}

// Resolve returns the release that the package stands for now. It asks apt only when what is known is not good enough;
// see the package documentation. The error is an [*Error].
func (p Package) Resolve(ctx context.Context) (*Release, error) {
	return p.resolve(ctx, false)
}

// Known returns the release that the package stood for when apt was asked last, and whether it ever was. It does not ask.
func (p Package) Known() (*Release, bool) {
	if p.validate() != nil {
		return nil, false
	}
	states, err := p.states()
	if err != nil {
		return nil, false
	}
	for _, s := range states {
		if r, _ := s.record(p); r != nil {
			return r, true
		}
	}
	return nil, false
}

// RecordPaths returns the paths of the files that record what the package stood for when apt was asked last, one for each
// suite that is asked; none if the environment is unusable. They need not be there.
func (p Package) RecordPaths() []string {
	if p.validate() != nil {
		return nil
	}
	states, err := p.states()
	if err != nil {
		return nil
	}
	var paths []string
	for _, s := range states {
		paths = append(paths, s.recordPath(p))
	}
	return paths
}

// Fetch returns the path of the package's .deb in the asset cache, downloading it first when it is not there. The error is
// an [*Error] or an [*asset.Error].
func (p Package) Fetch(ctx context.Context) (string, error) {
	_, path, err := p.Download(ctx)
	return path, err
}

// Download is [Package.Fetch] that also tells which release it is.
func (p Package) Download(ctx context.Context) (*Release, string, error) {
	r, err := p.resolve(ctx, false)
	if err != nil {
		return nil, "", err
	}
	path, err := r.Asset().Fetch(ctx)
	if isNotFound(err) {
		// Archives drop superseded versions, and known ones may be a week old.
		if r, err = p.resolve(ctx, true); err != nil {
			return nil, "", err
		}
		path, err = r.Asset().Fetch(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	return r, path, r.tidy()
}

// tidy removes the copy of the file that apt made, which the asset cache has now.
func (r *Release) tidy() error {
	s, err := openState(r.Package.Arch, r.Package.Suite)
	if err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(s.dir, downloads, r.Package.Name+"_"+r.Package.Version))
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*asset.Error](err)
	return ok && e.Kind == asset.NotFound
}

// resolve looks into the record and asks apt. With renew, apt is asked with new lists whatever is known.
func (p Package) resolve(ctx context.Context, renew bool) (*Release, error) {
	if err := p.validate(); err != nil {
		return nil, &Error{Package: p, Kind: BadPackage, Err: err}
	}
	states, err := p.states()
	if err != nil {
		return nil, &Error{Package: p, Kind: Failed, Err: err}
	}
	if !renew {
		// A suite is asked again only when the machine's own sources are, which may have got the package meanwhile.
		for _, s := range states {
			if r, ok := s.known(p); ok {
				return r, nil
			}
		}
	}
	var restricted []string
	for _, s := range states {
		var r *Release
		if r, err = s.resolve(ctx, p, renew); err == nil || !missing(err) {
			return r, err
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == Unknown {
			// The machine's own sources may be the better ones to look at, also when a suite was asked after them.
			restricted = append(restricted, e.Restricted...)
			e.Restricted = restricted
		}
	}
	return nil, err
}

// missing reports whether an error leaves open that another suite has the package.
func missing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind != Canceled && e.Transient()
}

// states are where the package is looked for: in the machine's own sources first.
func (p Package) states() ([]*state, error) {
	own, err := openState(p.Arch, "")
	if err != nil || p.Suite == "" {
		return []*state{own}, err
	}
	other, err := openState(p.Arch, p.Suite)
	return []*state{own, other}, err
}
