package image_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/qemutest/image"
)

func ExampleInitramfs() {
	var root image.Initramfs
	root.AddBytes("init", 0o755, []byte("#!/bin/sh\necho hello\n"))
	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
	root.AddSymlink("bin/sh", "/usr/bin/busybox")

	var out bytes.Buffer
	if _, err := root.WriteTo(&out); err != nil {
		fmt.Println(err)
		return
	}
	content, err := archive.ReadMember(context.Background(),
		archive.Source{Reader: &out, Name: "initramfs.cpio"}, "init", archive.Options{})
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// #!/bin/sh
	// echo hello
	// <nil>
}

func ExampleGoProgram() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "image-example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"go.mod":  "module guest\n",
		"main.go": "package main\n\nfunc main() { println(\"hello\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			fmt.Println(err)
			return
		}
	}
	program := image.GoProgram{Package: ".", Dir: dir, GOARCH: "arm64"}
	path, err := program.Build(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(filepath.Dir(path))

	var root image.Initramfs
	root.AddFile("init", 0o755, path)
	fmt.Println(program, root.WriteFile(filepath.Join(dir, "initrd")))
	// Output:
	// . (linux/arm64) <nil>
}

func ExampleDisk() {
	var esp image.FAT
	esp.AddBytes("startup.nsh", []byte("echo hello\r\n"))
	var loader image.Raw
	loader.AddBytes(0, []byte("first stage"))
	disk := image.Disk{Partitions: []image.Partition{
		{Name: "esp", Type: image.EFISystem, Content: &esp},
		{Name: "loader", Content: &loader},
	}}
	var out bytes.Buffer
	n, err := disk.WriteTo(&out)
	fmt.Println(n>>20, "MiB", err)
	// Output: 4 MiB <nil>
}
