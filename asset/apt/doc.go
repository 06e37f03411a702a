// Package apt fetches packages of the distribution, Debian or Ubuntu, for any of its architectures, and leaves the
// system as it is.
//
//	kernel := apt.Package{Name: "linux-image-arm64", Arch: "arm64"}
//	release, err := kernel.Resolve(ctx)   // which version there is
//	path, err := kernel.Fetch(ctx)        // the .deb, in the asset cache
//
// # The machine's own apt
//
// Packages are looked up and downloaded by apt-get and apt-cache of this machine, with its sources, keys, proxies and
// preferences, so a package comes from where the machine's other packages come from, in the version that "apt-get
// install" would choose: a stable release's own rather than its backport. apt checks the signatures, and is not allowed to
// do without.
//
// Only its state is elsewhere: package lists for each architecture are in $QEMU_TEST_CACHE_DIR/apt/<architecture>. The
// system's lists, its cache, its list of foreign architectures and the hooks of its configuration are not touched, and
// nobody has to be root.
//
// # What is kept
//
// The .deb is an asset: it is in the cache of package asset under its SHA-256, which the signed lists tell, and
// QEMU_TEST_ASSET_MIRROR, QEMU_TEST_NO_DOWNLOAD and eviction are as for other assets. What a name resolved to is kept
// beside the lists. So later runs, also without a network or without apt, use the same version. A newer one is looked for
// when that was last done a week ago (with QEMU_TEST_REFRESH_CACHE: an hour), and when the known one is no longer on the
// server; if it cannot be looked for, the known one serves on. Lists are downloaded again when they are a day old, by one
// process at a time.
//
// # Errors
//
// What keeps a package from being resolved is an [*Error], whose Kind tells no apt, no network and no such package apart;
// what keeps it from being downloaded is an [*asset.Error].
package apt
