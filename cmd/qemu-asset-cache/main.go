// Command qemu-asset-cache looks after the cache of downloaded files that functional tests use, see package asset.
//
// Usage:
//
//	qemu-asset-cache dir
//	qemu-asset-cache list
//	qemu-asset-cache fetch URL HASH
//	qemu-asset-cache evict [-unused-for 183d] [-max-size 20G] [-n]
//	qemu-asset-cache clean
//
// dir prints the directory of the files; list prints, for each asset, size, last use, hash and URL, the longest unused
// first.
//
// fetch brings one file into the cache and prints its path. It downloads also when QEMU_TEST_NO_DOWNLOAD is set, since
// it was asked to. HASH is the file's SHA-256 or SHA-512 in hexadecimal.
//
// evict removes the assets that no test has fetched for a time (default 183 days, as QEMU's own suite does), then those
// unused for longest until the rest fits a size, and what interrupted downloads left behind. clean removes everything.
// Neither touches what a process is using. With -n evict only tells what it would remove.
//
// The cache is that of the environment (QEMU_TEST_CACHE_DIR), and so are the mirrors (QEMU_TEST_ASSET_MIRROR).
// The exit status is 0 on success, 1 on failure, 2 on a wrong command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/qemutest/functional/asset"
)

const usage = `usage: qemu-asset-cache dir | list | fetch URL HASH | evict [flags] | clean
"go doc github.com/qemutest/functional/cmd/qemu-asset-cache" explains.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errUsage marks a wrong command line that has been explained already.
var errUsage = errors.New("wrong command line")

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintln(stderr, err)
	return 1
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root, opts, err := asset.Environment()
	if err != nil {
		return err
	}
	opts.NoDownload = false
	cache, err := asset.OpenCache(root, opts)
	if err != nil {
		return err
	}
	defer cache.Close()
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch {
	case command == "dir" && len(args) == 0:
		fmt.Fprintln(stdout, cache.Dir())
		return nil
	case command == "list" && len(args) == 0:
		return list(cache, stdout)
	case command == "fetch" && len(args) == 2:
		path, err := cache.Fetch(ctx, asset.New(args[0], args[1]))
		if err == nil {
			fmt.Fprintln(stdout, path)
		}
		return err
	case command == "evict":
		policy, err := parsePolicy(args, stderr)
		if err != nil {
			return err
		}
		return evict(ctx, cache, policy, stdout)
	case command == "clean" && len(args) == 0:
		return evict(ctx, cache, asset.EvictPolicy{All: true}, stdout)
	}
	fmt.Fprint(stderr, usage)
	return errUsage
}

func list(cache *asset.Cache, stdout io.Writer) error {
	entries, err := cache.Entries()
	var total int64
	for _, e := range entries {
		total += e.Size
		describe(stdout, e)
	}
	if err == nil {
		fmt.Fprintf(stdout, "%d assets, %d MB in %s\n", len(entries), megabytes(total), cache.Dir())
	}
	return err
}

// describe prints one line about an asset.
func describe(stdout io.Writer, e asset.Entry) {
	state := ""
	if !e.Complete {
		state = " (unfinished)"
	}
	fmt.Fprintf(stdout, "%6d MB  %s  %s  %s%s\n", megabytes(e.Size), e.Used.Format(time.DateOnly), e.Hash, e.URL, state)
}

func megabytes(bytes int64) int64 { return (bytes + 999_999) / 1_000_000 }

func evict(ctx context.Context, cache *asset.Cache, policy asset.EvictPolicy, stdout io.Writer) error {
	did, err := cache.Evict(ctx, policy)
	for _, e := range did.Removed {
		describe(stdout, e)
	}
	verb := "removed"
	if policy.DryRun {
		verb = "would remove"
	}
	fmt.Fprintf(stdout, "%s %d assets and %d MB, %d MB left in %s\n",
		verb, len(did.Removed), megabytes(did.Freed), megabytes(did.Left), cache.Dir())
	if len(did.InUse) > 0 {
		fmt.Fprintf(stdout, "kept %d assets that a process is using\n", len(did.InUse))
	}
	return err
}

// parsePolicy reads the flags of evict.
func parsePolicy(args []string, stderr io.Writer) (asset.EvictPolicy, error) {
	policy := asset.EvictPolicy{UnusedFor: 183 * 24 * time.Hour}
	flags := flag.NewFlagSet("qemu-asset-cache evict", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&policy.DryRun, "n", false, "only tell what would be removed")
	flags.Func("unused-for", "remove what was not fetched for this `time`, such as 30d or 12h; 0 for no limit (default 183d)",
		func(s string) (err error) { policy.UnusedFor, err = parseAge(s); return err })
	flags.Func("max-size", "remove the longest unused above this `size`, such as 500M or 20G (default no limit)",
		func(s string) (err error) { policy.MaxSize, err = parseSize(s); return err })
	if err := flags.Parse(args); err != nil {
		return policy, errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		return policy, errUsage
	}
	return policy, nil
}

// parseAge reads a duration that may also be a number of days, such as "30d".
func parseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	age, err := time.ParseDuration(s)
	if err == nil && age < 0 {
		err = errors.New("a negative time")
	}
	return age, err
}

// parseSize reads a number of bytes with an optional decimal unit k, M, G or T.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "kMGT")
	scale := map[string]int64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[s[len(digits):]]
	n, err := strconv.ParseUint(digits, 10, 62)
	if err != nil {
		return 0, err
	}
	if scale == 0 || int64(n) > (1<<62)/scale {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int64(n) * scale, nil
}
