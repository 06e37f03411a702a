package asset

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNew(t *testing.T) {
	t.Parallel()
	a := New("https://host/dir/day18.tar.xz?download=1#x", strings.Repeat("AB", 32))
	assert.Equal(t, "https://host/dir/day18.tar.xz?download=1#x", a.URL())
	assert.Equal(t, a.URL(), a.String())
	assert.Equal(t, strings.Repeat("ab", 32), a.Hash())
	assert.Equal(t, "day18.tar.xz", a.Name())
	assert.NoError(t, a.Err())
	assert.NoError(t, New("http://host/x", strings.Repeat("0f", 64)).Err(), "SHA-512")
	assert.Empty(t, New("http://host/", a.Hash()).Name())
}

func TestErr(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	for _, tt := range []struct{ name, url, hash, want string }{
		{"short hash", "http://host/x", "abc", "its hash has 3 characters"},
		{"no hash", "http://host/x", "", "its hash has 0 characters"},
		{"not hexadecimal", "http://host/x", strings.Repeat("xy", 32), "not hexadecimal"},
		{"scheme", "ftp://host/x", hash, `scheme "ftp"`},
		{"no scheme", "host/x", hash, `scheme ""`},
		{"no host", "http:///x", hash, "names no host"},
		{"malformed", "http://host/%zz", hash, "does not parse"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := New(tt.url, tt.hash).Err()
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, BadAsset, e.Kind)
			assert.False(t, e.Transient())
			assert.ErrorContains(t, err, tt.want)
			assert.ErrorContains(t, err, "correct the call of asset.New")
		})
	}
	assert.Error(t, new(Asset).Err(), "the zero value")
}
