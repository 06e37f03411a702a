package asset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Kind says in which way a fetch failed.
type Kind int

const (
	// BadAsset: the hash or URL given to [New] can't be right.
	BadAsset Kind = iota + 1
	// Offline: the asset is neither cached nor in a mirror directory, and downloads are disabled.
	Offline
	// Unreachable: the network or the server failed before the file was complete: no such host, refused, reset,
	// truncated, stalled.
	Unreachable
	// Refused: the server answered, but not with the file: 5xx, 429, 403, a circle of redirects. Hosts use these for
	// overload, rate limits and regional blocks, so it counts as transient.
	Refused
	// NotFound: the server says that the file is not there (404) or not any more (410).
	NotFound
	// WrongHash: a complete file arrived and is not the one that was declared.
	WrongHash
	// DiskFull: the cache's file system, or a quota on it, has no room for the file.
	DiskFull
	// ReadOnlyCache: the asset is missing, and the cache directory can't be written.
	ReadOnlyCache
	// CacheFailed: the cache's file system failed in another way.
	CacheFailed
	// Canceled: the context ended before the file was there. The error wraps the context's.
	Canceled
)

var kindNames = map[Kind]string{
	BadAsset:      "bad asset",
	Offline:       "offline",
	Unreachable:   "unreachable",
	Refused:       "refused",
	NotFound:      "not found",
	WrongHash:     "wrong hash",
	DiskFull:      "disk full",
	ReadOnlyCache: "read-only cache",
	CacheFailed:   "cache failed",
	Canceled:      "canceled",
}

// String returns the kind in words, such as "wrong hash".
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Error is why an asset could not be had. Its first line says what happened and what to do about it; the lines after it
// give the URL, the hash and, where that would help, the command that fetches the asset by hand.
type Error struct {
	// Asset is what was asked for.
	Asset *Asset
	// Kind is the reason in a form a program can decide on.
	Kind Kind
	// Source is the URL or file that failed; "" when none was asked.
	Source string
	// Status is the HTTP status of the last answer; 0 when there was none.
	Status int
	// RetryAfter is how long the server asked to wait (Retry-After); 0 when it did not.
	RetryAfter time.Duration
	// Tries is how often the source was asked; 0 when it was not.
	Tries int
	// Root is the cache's root directory; "" when it does not matter.
	Root string
	// Err is the cause.
	Err error
}

// Transient reports whether the same fetch may succeed another time, or on a host with a network, without a change to
// the asset or to the cache: the network, a server in trouble, downloads disabled, a context that ended. A test skips on
// a transient error and fails on any other.
func (e *Error) Transient() bool {
	switch e.Kind {
	case Offline, Unreachable, Refused, Canceled:
		return true
	}
	return false
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Error returns the text described at [Error].
func (e *Error) Error() string {
	name := e.Asset.Name()
	if name == "" {
		name = fmt.Sprintf("%q", e.Asset.url)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cannot fetch asset %s: %s; %s", name, e.what(), e.remedy())
	fmt.Fprintf(&b, "\n  url:  %s\n  hash: %s", e.Asset.url, e.Asset.hash)
	if e.Source != "" && e.Source != e.Asset.url {
		fmt.Fprintf(&b, "\n  from: %s", e.Source)
	}
	if e.Transient() || e.Kind == ReadOnlyCache || e.Kind == DiskFull {
		fmt.Fprintf(&b, "\n  to fetch it by hand: %s", fetchCommand(e.Root, e.Asset))
	}
	return b.String()
}

// what is the part of the first line that says what happened.
func (e *Error) what() string {
	var s string
	switch e.Kind {
	case Offline:
		s = "it is not in the cache and downloads are disabled"
	case Unreachable:
		s = "the network or the server failed"
	case Refused:
		s = "the server did not give the file"
	case NotFound:
		s = "the server does not have the file"
	case WrongHash:
		s = "the file is not the declared one"
	case DiskFull:
		s = "the disk of the cache is full"
	case ReadOnlyCache:
		s = "it needs fetching and the cache is not writable"
	case CacheFailed:
		s = "the cache directory failed"
	case Canceled:
		s = "there was no time to finish"
	default:
		s = e.Kind.String()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Tries > 1 {
		s += fmt.Sprintf(" (tried %d times)", e.Tries)
	}
	return s
}

// remedy is the part of the first line that says what to do.
func (e *Error) remedy() string {
	switch e.Kind {
	case BadAsset:
		return "correct the call of asset.New"
	case Offline:
		return "unset QEMU_TEST_NO_DOWNLOAD, add a mirror, or fetch it by hand"
	case Unreachable:
		return "check network and proxy, or fetch it by hand"
	case Refused:
		return "try again later, or fetch it by hand"
	case NotFound:
		return "give the asset its new URL, or put a copy named by its hash into a directory of QEMU_TEST_ASSET_MIRROR"
	case WrongHash:
		return "if the file was replaced on purpose, check the new one and update the asset's hash"
	case DiskFull:
		return "free some space, for example with \"go run " + cacheCommand + " evict -max-size 10G\""
	case ReadOnlyCache:
		return "set QEMU_TEST_CACHE_DIR to a directory you can write, or have its owner fetch it"
	case CacheFailed:
		return "check the directory and its file system"
	case Canceled:
		return "fetch it beforehand with QEMU_TEST_PRECACHE=1 or by hand"
	}
	return "see the cause"
}

// cacheCommand is the import path of the program that works on the cache by hand.
const cacheCommand = "github.com/qemutest/functional/cmd/qemu-asset-cache"

// fetchCommand returns the shell command that brings the asset into the cache at root, whatever the environment says.
func fetchCommand(root string, a *Asset) string {
	var env string
	if d, err := defaultRoot(); root != "" && (err != nil || d != root) {
		env = "QEMU_TEST_CACHE_DIR=" + shellQuote(root) + " "
	}
	return env + "go run " + cacheCommand + " fetch " + shellQuote(a.url) + " " + a.hash
}

// shellQuote returns s as one word of a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// fail makes an [*Error] of a failure of the cache's file system while it worked on a. An error that already is an
// [*Error] stays what it is.
func (c *Cache) fail(a *Asset, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	kind := CacheFailed
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		kind = Canceled
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = DiskFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		kind = ReadOnlyCache
	}
	return &Error{Asset: a, Kind: kind, Root: c.root, Err: err}
}

// kindOf returns the kind of an error, 0 when it is nil or not an [*Error].
func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// defaultRoot is the cache's root when the environment names none, the same as QEMU's own suite uses.
func defaultRoot() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".cache", "qemu"), nil
}
