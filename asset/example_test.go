package asset_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/qemutest/functional/asset"
)

// origin stands for a server somewhere on the network.
func origin(content string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone.bin" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, content)
	}))
}

func hashOf(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

func tempDir() string {
	dir, err := os.MkdirTemp("", "asset-example")
	if err != nil {
		panic(err)
	}
	return dir
}

func ExampleNew() {
	barebox := asset.New(
		"https://qemu-advcal.gitlab.io/qac-best-of-multiarch/download/day18.tar.xz",
		"28E71874CE985BE66B7FD1345ED88CB2523B982F899C8D2900D6353054A1BE49")
	fmt.Println(barebox.Name(), barebox.Hash()[:8], barebox.Err())

	mistyped := asset.New("https://example.org/vmlinuz", "28e718")
	first, _, _ := strings.Cut(mistyped.Err().Error(), "\n")
	fmt.Println(first)
	// Output:
	// day18.tar.xz 28e71874 <nil>
	// cannot fetch asset vmlinuz: bad asset: its hash has 6 characters where SHA-256 has 64 and SHA-512 has 128; correct the call of asset.New
}

func ExampleCache_Fetch() {
	server := origin("a kernel")
	defer server.Close()
	root := tempDir()
	defer os.RemoveAll(root)

	cache, err := asset.OpenCache(root, asset.Options{})
	if err != nil {
		panic(err)
	}
	kernel := asset.New(server.URL+"/boot/vmlinuz", hashOf("a kernel"))

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	path, err := cache.Fetch(ctx, kernel)
	if err != nil {
		panic(err)
	}
	content, _ := os.ReadFile(path)
	fmt.Printf("%s: %q, named by its hash: %t\n", kernel.Name(), content, filepath.Base(path) == kernel.Hash())
	// Output: vmlinuz: "a kernel", named by its hash: true
}

// A transient error is a reason to skip, any other to fail.
func ExampleError_Transient() {
	server := origin("a kernel")
	defer server.Close()
	root := tempDir()
	defer os.RemoveAll(root)

	cache, _ := asset.OpenCache(root, asset.Options{})
	offline, _ := asset.OpenCache(root, asset.Options{NoDownload: true})
	for _, fetch := range []func() (string, error){
		func() (string, error) {
			return cache.Fetch(context.Background(), asset.New(server.URL+"/gone.bin", hashOf("gone")))
		},
		func() (string, error) {
			return cache.Fetch(context.Background(), asset.New(server.URL, hashOf("another kernel")))
		},
		func() (string, error) {
			return offline.Fetch(context.Background(), asset.New(server.URL, hashOf("a kernel")))
		},
	} {
		_, err := fetch()
		var e *asset.Error
		if errors.As(err, &e) {
			fmt.Printf("%v: transient %t\n", e.Kind, e.Transient())
		}
	}
	// Output:
	// not found: transient false
	// wrong hash: transient false
	// offline: transient true
}

// Mirrors hold files named by their hash, and work without a network.
func ExampleOptions_mirrors() {
	root, mirror := tempDir(), tempDir()
	defer os.RemoveAll(root)
	defer os.RemoveAll(mirror)
	kernel := asset.New("https://example.org/vmlinuz", hashOf("a kernel"))
	if err := os.WriteFile(filepath.Join(mirror, kernel.Hash()), []byte("a kernel"), 0o644); err != nil {
		panic(err)
	}

	cache, _ := asset.OpenCache(root, asset.Options{Mirrors: []string{mirror}, NoDownload: true})
	fmt.Println("available:", cache.Available(kernel) == nil)
	_, err := cache.Fetch(context.Background(), kernel)
	fmt.Println("fetched:", err == nil)
	// Output:
	// available: true
	// fetched: true
}

// A program with a display of its own takes the reports itself.
func ExampleProgress() {
	server := origin("a kernel")
	defer server.Close()
	root := tempDir()
	defer os.RemoveAll(root)

	cache, _ := asset.OpenCache(root, asset.Options{Progress: func(p asset.Progress) {
		if p.Done {
			p.Elapsed = 2 * time.Second // whatever it was
			fmt.Println(p)
		}
	}})
	_, err := cache.Fetch(context.Background(), asset.New(server.URL+"/vmlinuz", hashOf("a kernel")))
	fmt.Println(err)
	// Output:
	// vmlinuz: 8 bytes of 8 bytes (100%) in 2s
	// <nil>
}

func ExampleCache_Evict() {
	root := tempDir()
	defer os.RemoveAll(root)
	cache, _ := asset.OpenCache(root, asset.Options{})
	did, err := cache.Evict(context.Background(), asset.EvictPolicy{
		UnusedFor: 183 * 24 * time.Hour,
		MaxSize:   20 << 30,
	})
	fmt.Println(len(did.Removed), "removed,", len(did.InUse), "in use,", err)
	// Output: 0 removed, 0 in use, <nil>
}
