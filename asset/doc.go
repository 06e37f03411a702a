// Package asset keeps files from the network in a cache, named by the hash of their content.
//
// A test names the firmware, kernels and images it needs by URL and hash, as package variables, and fetches them when
// it runs:
//
//	var barebox = asset.New(
//		"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day18.tar.xz",
//		"28e71874ce985be66b7fd1345ed88cb2523b982f899c8d2900d6353054a1be49")
//
//	path, err := barebox.Fetch(ctx)
//
// The hash is SHA-256 or, with 128 digits, SHA-512. The returned file has that content, whatever the network, the
// server, another process or a crash did; it is complete, and read-only. A file that is cached costs a stat, the first
// time in a process also the reading of a small record and the locking of a stamp.
//
// # The cache
//
// The files are in $QEMU_TEST_CACHE_DIR/download, by default ~/.cache/qemu/download. Layout and names are those of
// QEMU's own functional test suite, and both may use one cache, also at the same time. Besides <hash> itself there are
//
//	<hash>.stamp     Unix time of the last use, in decimal; locked (flock) while a process uses the asset
//	<hash>.verified  size, inode, mtime and ctime of the file when it was hashed, and the run that fetched it
//	<hash>.lock      locked (flock) by the process that downloads, verifies or removes the asset; gone afterwards
//	<hash>.partial   an unfinished download
//	<hash>.resume    where the unfinished download comes from (JSON)
//	<hash>.download  the name QEMU's suite downloads to: here a link to the partial file, so that the suite waits
//
// and the extended attributes user.qemu-asset-url and user.qemu-asset-hash, for information. None of these is trusted
// beyond its purpose: they may be deleted at any time, and the worst that follows is that a file is hashed or
// downloaded once more. Locks belong to the kernel and end with their process, however it ends.
//
// A file that something else put there under its hash is hashed once and then used. One with the wrong content is
// replaced.
//
// # Fetching
//
// However many goroutines and processes want an asset, one downloads it. The others wait, and show its progress; if it
// dies, one of them goes on where it stopped. Bytes go to the partial file and through the hash; only when size and hash
// are right does the file appear, by rename, under its name. Errors of the network are tried again, after a wait that
// doubles and varies at random or that the server asked for (Retry-After), and by a range request for what is missing
// (RFC 9110, section 14), also after the process was killed. A server that can't do ranges, or does them wrong, or has
// changed the file meanwhile, is asked for the whole file. Proxies come from the usual environment variables
// (HTTPS_PROXY, NO_PROXY, ...).
//
// A host that can't be connected to is asked once in a run, not once for each of its assets: the file "outages" in
// $QEMU_TEST_CACHE_DIR keeps that in mind for all processes of the run. So a run without a network skips at once what it
// can't fetch.
//
// Mirrors are asked before the asset's own server: $QEMU_TEST_ASSET_MIRROR lists directories and URL prefixes, separated
// by white space, commas or colons, below which files are named by their hash.
//
//	QEMU_TEST_ASSET_MIRROR="/srv/qemu-assets https://mirror.example.org/assets" go test ./...
//
// A mirror that lacks a file or has a bad one costs a note; a directory that is not there is an error. Files from a mirror directory are copied, not linked.
//
// Asset.Through makes an asset that something else fetches, a package manager for example, with the same guarantees.
//
// Cache.Derive keeps what is made from an asset, such as what was unpacked from it, in $QEMU_TEST_CACHE_DIR/derived/<hash>,
// for as long as the asset itself.
//
// # Errors
//
// Each error is an [*Error]; its Kind says what went wrong, and [Error.Transient] whether that may pass by itself, which
// is what decides between skipping a test and failing it:
//
//	transient  Offline Unreachable Refused Canceled
//	permanent  BadAsset NotFound WrongHash DiskFull ReadOnlyCache CacheFailed
//
// The text says what to do and, where that helps, the command to fetch the file by hand.
//
// # Environment
//
//	QEMU_TEST_CACHE_DIR      root of the cache
//	QEMU_TEST_NO_DOWNLOAD    if set to anything but "", 0, false, no or off: no network; see [Cache.Available]
//	QEMU_TEST_REFRESH_CACHE  if set: fetch each asset again, once per run ("go test ./..." is one run)
//	QEMU_TEST_ASSET_MIRROR   mirrors
//
// [DefaultCache] and the methods of [Asset] read them when they are used; [OpenCache] takes [Options] instead.
//
// # Cleaning up
//
// Nothing is removed by itself. [Cache.Evict] removes what was not used for some time, or for longest above a total
// size, along with what crashes left behind, and never what a process uses. The command
// github.com/qemutest/functional/cmd/qemu-asset-cache does it by hand.
package asset
