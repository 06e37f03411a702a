package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/qemutest/functional/archive"
)

// exampleDir is a directory with a compressed kernel and an initramfs in it.
func exampleDir() string {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		panic(err)
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte("MZ kernel"))
	_ = w.Close()
	_ = os.WriteFile(filepath.Join(dir, "Image.gz"), gz.Bytes(), 0o600)

	_ = os.WriteFile(filepath.Join(dir, "28e71874"), buildCpio(newc,
		dirMember("bin"), file("bin/busybox", "ELF"), symlink("init", "bin/busybox"),
		member{name: "console", mode: typeChar | 0o600, devices: [2]int64{5, 1}}), 0o600)
	return dir
}

var dirMember = dir

func ExampleExtract() {
	ctx := context.Background()
	cache := exampleDir()
	defer os.RemoveAll(cache)
	scratch := filepath.Join(cache, "scratch")

	// In the cache the file is named by its hash; the name tells the format.
	src := archive.Source{Path: filepath.Join(cache, "28e71874"), Name: "https://example.org/rootfs.cpio?raw=1"}
	err := archive.Extract(ctx, scratch, src, archive.Options{
		Note: func(text string) { fmt.Println("note:", text) },
	})
	if err != nil {
		fmt.Println(err)
	}
	_ = fs.WalkDir(os.DirFS(scratch), ".", func(path string, d fs.DirEntry, err error) error {
		fmt.Println(d.Type(), path)
		return err
	})
	// Output:
	// note: console: character device 5,1 skipped
	// d--------- .
	// d--------- bin
	// ---------- bin/busybox
	// L--------- init
}

func ExampleExtract_members() {
	ctx := context.Background()
	cache := exampleDir()
	defer os.RemoveAll(cache)

	src := archive.File(filepath.Join(cache, "28e71874"))
	err := archive.Extract(ctx, filepath.Join(cache, "scratch"), src, archive.Options{Members: []string{"usr/bin/busybox"}})
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	fmt.Println(err)
	// Output:
	// true
	// cannot unpack "28e71874": the archive has no member "usr/bin/busybox"; it has "bin/busybox"
}

func ExampleReadMember() {
	cache := exampleDir()
	defer os.RemoveAll(cache)

	src := archive.File(filepath.Join(cache, "28e71874"))
	content, err := archive.ReadMember(context.Background(), src, "bin/busybox", archive.Options{})
	fmt.Printf("%s %v\n", content, err)
	// Output: ELF <nil>
}

func ExampleDecompress() {
	cache := exampleDir()
	defer os.RemoveAll(cache)

	kernel := filepath.Join(cache, "Image")
	err := archive.Decompress(context.Background(), kernel, archive.File(filepath.Join(cache, "Image.gz")), archive.Options{})
	content, _ := os.ReadFile(kernel)
	fmt.Printf("%s %v\n", content, err)
	// Output: MZ kernel <nil>
}

func ExampleNewReader() {
	// An empty compression means: find out. Two streams in a row read as one.
	hello := []byte("\x28\xb5\x2f\xfd\x00\x58\x31\x00\x00hello\n")
	r, err := archive.NewReader(bytes.NewReader(append(hello, hello...)), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	fmt.Printf("%q %v\n", b.String(), err)
	// Output: "hello\nhello\n" <nil>
}

func ExampleDetectName() {
	fmt.Println(archive.DetectName("https://example.org/day18.tar.xz?download=1"))
	fmt.Println(archive.DetectName("linux-image_6.1_armhf.deb"))
	fmt.Println(archive.DetectName("vmlinux.lzma"))
	// Output:
	// tar xz
	// deb none
	//  lzma
}
