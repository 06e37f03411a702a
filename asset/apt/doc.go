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
// install" would choose: a stable release's own rather than its backport. apt checks the signatures. It does without only
// for sources that the machine itself marks as trusted, [trusted=yes] in sources.list(5); it is not allowed to for any
// other, whatever its configuration says.
//
// A package of another release of Debian, for an architecture that the machine's own release does not have, names that
// release:
//
//	apt.Package{Name: "linux-image-riscv64", Arch: "riscv64", Suite: "trixie"}
//
// It comes from the machine's own sources if they have it, and else from that release in the archive that they name for
// their own, signed by a key of the machine's debian-archive-keyring. The sources do not change. Where they have no archive
// of Debian, as on Ubuntu, there is no such package.
//
// Only its state is elsewhere: package lists are in $QEMU_TEST_CACHE_DIR/apt/<architecture>, for a release that was named
// in <architecture>@<release>. The system's lists, its cache, its list of foreign architectures and the hooks of its
// configuration are not touched, and nobody has to be root.
//
// # What is kept
//
// The .deb is an asset: it is in the cache of package asset under its SHA-256, which the lists tell, and
// QEMU_TEST_ASSET_MIRROR, QEMU_TEST_NO_DOWNLOAD and eviction are as for other assets. What a name resolved to is kept
// beside the lists. So later runs, also without a network or without apt, use the same version. A newer one is looked for
// when that was last done a week ago (with QEMU_TEST_REFRESH_CACHE: an hour), and when the known one is no longer on the
// server; if it cannot be looked for, the known one serves on. Lists are downloaded again when they are a day old, by one
// process at a time.
//
// # Errors
//
// What keeps a package from being resolved is an [*Error], whose Kind tells no apt, no network, no signature and no such
// package apart; what keeps it from being downloaded is an [*asset.Error].
package apt
