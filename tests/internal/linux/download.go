package linux

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
)

// A Download is a file that the guest serves over HTTP and the host fetches
// through QEMU's user network. The machine forwards a port to the guest's:
//
//	-netdev user,id=net0,hostfwd=tcp:127.0.0.1:0-:8080
type Download struct {
	// Path of the file, from the working directory of the guest's shell on,
	// which must be the root directory if it is an absolute path.
	Path string
	// SHA256 is the hash that the file must have, in hexadecimal.
	SHA256 string
	// Server is the command that serves the working directory, when a port
	// follows it; "python3 -m http.server" if empty. It tells when it is
	// ready with Python's "Serving HTTP on ... port ...".
	Server string
	// Port is the guest's TCP port; 8080 if 0.
	Port int
}

// Check starts the server at the guest's shell, fetches the file, checks its
// hash, and stops the server.
func (d Download) Check(vm *qemutest.VM) {
	q, port := vm.Test(), cmp.Or(d.Port, 8080)
	vm.ExecWait(fmt.Sprintf("%s %d &", cmp.Or(d.Server, "python3 -m http.server"), port), console.Wait{
		Success: []console.Pattern{console.Regexp(fmt.Sprintf(`Serving HTTP on \S+ port %d`, port))},
	})
	url := fmt.Sprintf("http://127.0.0.1:%d/%s", vm.HostForward(port), strings.TrimPrefix(d.Path, "/"))
	hash, size, err := fetchHash(q.Context(), url)
	q.Check(err)
	if hash != strings.ToLower(d.SHA256) {
		q.Check(fmt.Errorf("expected %s, as the host got it from the guest, to have the SHA-256 %s; its %d bytes have %s",
			d.Path, d.SHA256, size, hash))
	}
	// The quotes keep the echo of the command from looking like its output.
	vm.Exec("kill $!; wait $!; echo server' 'stopped", "server stopped")
}

// fetchHash downloads a file, whatever proxies the environment names, and
// returns its SHA-256 and its size in bytes.
func fetchHash(ctx context.Context, url string) (hash string, size int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, fmt.Errorf("downloading from the guest: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("downloading from the guest: %s answers %s", url, resp.Status)
	}
	sum := sha256.New()
	size, err = io.Copy(sum, resp.Body)
	if err != nil {
		return "", size, fmt.Errorf("downloading from the guest: %s broke off after %d bytes: %w", url, size, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}
