package qemutest

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest/internal/gocache"
	"github.com/qemutest/functional/qemutest/internal/module"
	"github.com/qemutest/functional/qemutest/kernel"
)

// precache ends the test after its assets were fetched. Package testing has no
// way to end a test early as passed, so it ends as skipped, with a kind of its
// own that QEMU_TEST_REQUIRE does not concern.
//
// The go command may remember that a package is pre-cached, for as long as every
// file of it is there unchanged: a run that has nothing to do is over before a
// test binary is linked.
func (q *Test) precache(ctx context.Context) {
	q.t.Helper()
	if _, refresh := os.LookupEnv(asset.EnvRefresh); refresh {
		dependOnHost() // asks for a download each time
	}
	if err := fetchAll(ctx, q.settings.assets); err != nil {
		dependOnHost() // another time it may be had
		q.end(fmt.Errorf("pre-caching: %w", err))
	}
	for _, a := range q.settings.assets {
		followCached(ctx, a)
	}
	q.Skip(KindPrecached, "QEMU_TEST_PRECACHE is set: %d assets are in the cache, and nothing is run", len(q.settings.assets))
}

// followCached has the go command forget that a package is pre-cached when what
// was fetched changes or vanishes.
func followCached(ctx context.Context, a Source) {
	root, err := module.Root()
	if err != nil {
		return // nothing can be remembered without a module
	}
	if path, err := a.Fetch(ctx); err == nil {
		gocache.Follow(root, path)
	} else {
		dependOnHost()
	}
	if a, ok := a.(kernel.Package); ok {
		for _, path := range a.CachedFiles() {
			gocache.Follow(root, path)
		}
	}
}

// dependOnHost keeps the go command from printing the result of this process
// again instead of running the tests: it does not see when QEMU is installed,
// replaced or removed.
var dependOnHost = sync.OnceFunc(func() {
	if root, err := module.Root(); err == nil {
		gocache.Never(root)
	}
})
