// Package image makes what guests boot from: initial RAM file systems, the
// programs in them, and media with FAT and partitions.
//
// An [Initramfs] is put together from bytes, files, directories, links, device
// nodes and whole trees, and written as the kernel unpacks it. Nothing is
// mounted, no external tool is run, and nobody has to be root:
//
//	init, err := image.GoProgram{Package: "./testdata/init", GOARCH: "arm64"}.Build(ctx)
//	...
//	var root image.Initramfs
//	root.AddFile("init", 0o755, init)
//	root.AddDevice("dev/console", fs.ModeCharDevice|0o600, 5, 1)
//	root.AddTree("srv", "testdata/www")
//	err = root.WriteFile(path)
//
// A [GoProgram] is a program for the guest that the go command cross-compiles:
// static, without cgo, so that it runs as /init with nothing else in the guest.
//
// A [FAT] is a medium that firmware and boot loaders read, put together in the
// same way. A [Disk] has partitions, in a GUID partition table or that of PCs,
// with a FAT or what else fits in each; a [Raw] is a medium without a file system:
//
//	var esp image.FAT
//	esp.AddFile("EFI/BOOT/BOOTAA64.EFI", shell)
//	esp.AddBytes("startup.nsh", []byte("echo hello\r\n"))
//	disk := image.Disk{Partitions: []image.Partition{{Type: image.EFISystem, Content: &esp}}}
//	err = disk.WriteFile(path)
//
// # Reproducible
//
// The same content gives the same bytes: entries are in the order of their
// names, belong to root, and have the time ModTime; serial numbers and GUIDs are
// derived from the content.
package image
