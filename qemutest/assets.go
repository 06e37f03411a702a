package qemutest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/qemutest/functional/asset/apt"
	"github.com/qemutest/functional/qemutest/kernel"
)

// Assets declares the files that the test downloads: assets, and kernels and
// other packages of the distribution ([kernel.Package], [Package]). They are in
// the cache when [New] returns. A test with assets is thorough, unless [Quick]
// says otherwise.
//
// An asset that cannot be reached now (no network, server trouble, downloads
// disabled) skips the test; one that is gone or has the wrong content fails it.
func Assets(assets ...Source) Requirement {
	names := make([]string, len(assets))
	for i, a := range assets {
		names[i] = a.Name()
	}
	return &requirement{
		name:      "assets " + strings.Join(names, " "),
		stage:     StageAssets,
		configure: func(s *settings) { s.assets = append(s.assets, assets...) },
		check:     func(ctx context.Context, q *Test) error { return fetchAll(ctx, assets) },
	}
}

// Package returns a package of the distribution as an asset. It is extracted
// like any archive.
func Package(p apt.Package) Source { return distributionPackage{p} }

type distributionPackage struct{ apt.Package }

// Name implements [Source].
func (p distributionPackage) Name() string { return p.FileName() }

// URL returns "apt:" and the package, for listings.
func (p distributionPackage) URL() string { return "apt:" + p.Package.String() }

// Cached returns the path of the package in the asset cache, and whether it is
// there.
func (p distributionPackage) Cached() (string, bool) {
	release, known := p.Known()
	if !known {
		return "", false
	}
	return release.Asset().Cached()
}

// fetchAll brings assets into the cache, all at the same time. What fails the
// test goes before what only skips it.
func fetchAll(ctx context.Context, assets []Source) error {
	errs := make([]error, len(assets))
	var fetches sync.WaitGroup
	for i, a := range assets {
		fetches.Go(func() {
			_, err := a.Fetch(ctx)
			errs[i] = skipTransient(err)
		})
	}
	fetches.Wait()
	var skips []error
	for _, err := range errs {
		var skip *Skip
		if errors.As(err, &skip) {
			skips = append(skips, err)
		} else if err != nil {
			return err
		}
	}
	if len(skips) > 0 {
		return skips[0]
	}
	return nil
}

// skipTransient turns an error of an asset that may be gone another time into
// a skip.
func skipTransient(err error) error {
	var failure interface {
		error
		Transient() bool
	}
	if errors.As(err, &failure) && failure.Transient() {
		lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		return Skipf(KindAssets, "%s", strings.Join(lines, "; "))
	}
	return err
}

// Fetch returns the path of an asset in the cache, for reading only: several
// tests use the same file. It is there already when the test declared it with
// [Assets].
func (q *Test) Fetch(a Source) string {
	q.t.Helper()
	path, err := a.Fetch(q.ctx)
	if err != nil {
		q.end(skipTransient(err))
	}
	return path
}

// Kernel returns a kernel of the distribution, which is unpacked at the first
// use. Package and version are in the log.
func (q *Test) Kernel(p kernel.Package) *kernel.Kernel {
	q.t.Helper()
	k, err := p.Open(q.ctx)
	if err != nil {
		q.end(skipTransient(err))
	}
	q.logf("%s: package version %s, SHA-256 %s", p, k.Version, k.SHA256)
	return k
}
