package asset

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The environment variables that [DefaultCache] and [Environment] read. Their names and, but for the mirror, their
// meaning are those of QEMU's own suite.
const (
	// EnvCacheDir names the cache's root; the files are in its subdirectory "download". Default: ~/.cache/qemu.
	EnvCacheDir = "QEMU_TEST_CACHE_DIR"
	// EnvRefresh, when set at all, fetches each asset anew, once per run.
	EnvRefresh = "QEMU_TEST_REFRESH_CACHE"
	// EnvNoDownload forbids the network, unless it is empty or says no ("0", "false", "no", "off").
	EnvNoDownload = "QEMU_TEST_NO_DOWNLOAD"
	// EnvMirror lists directories and URL prefixes that hold files named by hash.
	EnvMirror = "QEMU_TEST_ASSET_MIRROR"
)

// Environment returns the cache root and the options that the environment asks for at this moment.
//
// A relative directory, of the cache or of a mirror, is looked for below the working directory and then below the
// module's root (the nearest parent directory with a go.mod), because "go test ./..." runs each test binary in its
// package's directory and not where it was typed.
func Environment() (root string, opts Options, err error) {
	root = os.Getenv(EnvCacheDir)
	if root != "" {
		root, err = resolveDir(root)
	} else if root, err = defaultRoot(); err != nil {
		err = fmt.Errorf("%w: set that, or %s", err, EnvCacheDir)
	}
	if err != nil {
		return "", Options{}, fmt.Errorf("find the asset cache: %w", err)
	}
	_, opts.Refresh = os.LookupEnv(EnvRefresh)
	opts.NoDownload = isYes(os.Getenv(EnvNoDownload))
	for _, m := range splitMirrors(os.Getenv(EnvMirror)) {
		if !isURL(m) {
			if m, err = resolveDir(m); err != nil {
				return "", Options{}, fmt.Errorf("find the asset mirror: %w", err)
			}
			if !isDir(m) {
				return "", Options{}, fmt.Errorf("%s: expected directories and http or https URLs, %s is neither", EnvMirror, m)
			}
		}
		opts.Mirrors = append(opts.Mirrors, m)
	}
	return root, opts, nil
}

var (
	defaultMu     sync.Mutex
	defaultCaches = map[string]*Cache{}
)

// DefaultCache returns the cache that the environment asks for at this moment: the same one as before while the
// variables stand. It never fails; when the environment is unusable, each use of the cache reports that.
func DefaultCache() *Cache {
	root, opts, err := Environment()
	key := fmt.Sprintf("%q %q %t %t %v", root, opts.Mirrors, opts.Refresh, opts.NoDownload, err)

	defaultMu.Lock()
	defer defaultMu.Unlock()
	c, ok := defaultCaches[key]
	if !ok {
		if err == nil {
			c, err = OpenCache(root, opts)
		}
		if err != nil {
			c = &Cache{openErr: err}
		}
		defaultCaches[key] = c
	}
	return c
}

// isYes reports whether the value of a switch turns it on.
func isYes(value string) bool {
	switch strings.ToLower(value) {
	case "", "no", "off":
		return false
	}
	on, err := strconv.ParseBool(value)
	return on || err != nil
}

// mirrorPattern matches one entry of a mirror list: a URL, whose scheme and port may contain the colon that otherwise
// separates entries, or a directory.
var mirrorPattern = regexp.MustCompile(
	`https?://(?:[^\s,/@]*@)?(?:\[[^\]\s]*\]|[^\s,:/\[\]]+)(?::\d+)?(?:/[^\s,:]*)?|[^\s,:]+`)

// splitMirrors takes a mirror list apart at white space, commas and colons. A directory whose name contains one of
// these can only be given in [Options].
func splitMirrors(list string) []string {
	return mirrorPattern.FindAllString(list, -1)
}

// isURL reports whether a mirror is a URL prefix rather than a directory.
func isURL(mirror string) bool {
	return strings.HasPrefix(mirror, "http://") || strings.HasPrefix(mirror, "https://")
}

// resolveDir makes a directory name from the environment absolute; see [Environment].
func resolveDir(dir string) (string, error) {
	if filepath.IsAbs(dir) {
		return filepath.Clean(dir), nil
	}
	cwd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	here := filepath.Join(cwd, dir)
	if isDir(here) {
		return here, nil
	}
	if root, ok := moduleRoot(cwd); ok {
		return filepath.Join(root, dir), nil
	}
	return here, nil
}

// moduleRoot returns the nearest directory at or above dir that has a go.mod.
func moduleRoot(dir string) (string, bool) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}
