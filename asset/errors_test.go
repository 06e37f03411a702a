package asset

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorText(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	a := New("https://host/dir/it's.bin", strings.Repeat("ab", 32))
	err := &Error{Asset: a, Kind: Unreachable, Root: "/home/me/.cache/qemu", Tries: 5, Source: a.URL(), Err: errors.New("connection reset")}
	assert.Equal(t, "cannot fetch asset it's.bin: the network or the server failed: connection reset (tried 5 times); "+
		"check network and proxy, or fetch it by hand\n"+
		"  url:  https://host/dir/it's.bin\n"+
		"  hash: "+a.Hash()+"\n"+
		"  to fetch it by hand: go run github.com/qemutest/functional/cmd/qemu-asset-cache fetch 'https://host/dir/it'\\''s.bin' "+a.Hash(),
		err.Error())

	err = &Error{Asset: a, Kind: Offline, Root: "/srv/my cache"}
	assert.Contains(t, err.Error(), "by hand: QEMU_TEST_CACHE_DIR='/srv/my cache' go run ")

	err = &Error{Asset: a, Kind: NotFound, Source: "https://mirror/x", Err: errors.New("host answered 404 Not Found")}
	assert.Contains(t, err.Error(), "\n  from: https://mirror/x")
	assert.NotContains(t, err.Error(), "go run")
}

// Each kind has a name, a sentence and a remedy.
func TestEveryKindIsExplained(t *testing.T) {
	t.Parallel()
	a := New("https://host/x", strings.Repeat("ab", 32))
	seen := map[string]Kind{}
	for k := BadAsset; k <= Canceled; k++ {
		e := &Error{Asset: a, Kind: k}
		assert.NotContains(t, k.String(), "Kind(")
		assert.NotEqual(t, "see the cause", e.remedy(), k)
		first, _, _ := strings.Cut(e.Error(), "\n")
		assert.NotContains(t, seen, first)
		seen[first] = k
	}
	assert.Equal(t, "Kind(0)", Kind(0).String())
}

func TestFail(t *testing.T) {
	t.Parallel()
	c := openCache(t, quiet(t))
	a := New("https://host/x", strings.Repeat("ab", 32))
	for cause, want := range map[error]Kind{
		syscall.ENOSPC:           DiskFull,
		syscall.EDQUOT:           DiskFull,
		syscall.EROFS:            ReadOnlyCache,
		syscall.EACCES:           ReadOnlyCache,
		syscall.EIO:              CacheFailed,
		context.Canceled:         Canceled,
		context.DeadlineExceeded: Canceled,
	} {
		err := c.fail(a, &fs.PathError{Op: "write", Path: "/x", Err: cause})
		assert.Equal(t, want, kindOf(err), cause.Error())
		assert.ErrorIs(t, err, cause)
	}
	refused := &Error{Asset: a, Kind: Refused}
	assert.Same(t, refused, c.fail(a, refused))
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"", "plain", "a b", "it's", "$HOME", "*", "a\nb", "~", "ä", `\`, "http://h/x?a=1&b=2#c"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellQuote(word)).Output()
		require.NoError(t, err)
		assert.Equal(t, word, string(out))
	}
}
