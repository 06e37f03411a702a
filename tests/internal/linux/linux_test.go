package linux

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBootArgs(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"-kernel", "k"}, Boot{Kernel: "k"}.args(), "no command line unless there is one")
	assert.Equal(t,
		[]string{"-kernel", "k", "-initrd", "i", "-dtb", "d", "-append", "printk.time=0 console=ttyS0", "-no-reboot"},
		Boot{Kernel: "k", Initrd: "i", DTB: "d", Append: "console=ttyS0", Args: []string{"-no-reboot"}}.args())
}

func TestFetchHash(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "abc") })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "abc")
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	hash, size, err := fetchHash(t.Context(), server.URL+"/file")
	require.NoError(t, err)
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hash)
	assert.Equal(t, int64(3), size)

	_, _, err = fetchHash(t.Context(), server.URL+"/missing")
	require.ErrorContains(t, err, "404")
	_, _, err = fetchHash(t.Context(), server.URL+"/cut")
	require.ErrorContains(t, err, "broke off after 3 bytes")
}
