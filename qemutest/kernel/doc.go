// Package kernel gives tests the Linux kernels of the distribution, Debian or Ubuntu, for all its architectures: nothing
// but its packages has to be downloaded.
//
//	var armmp = kernel.Package{Arch: "armhf", Flavour: "armmp"}
//
//	k, err := armmp.Open(ctx)
//	k.Release                                  // "6.1.0-50-armmp"
//	k.Image                                    // path of vmlinuz, for -kernel
//	dtb, err := k.DTB("highbank.dtb")          // path, for -dtb
//	modules, err := k.Modules("virtio_net")    // with what they depend on, in the order of insertion
//
// In a test, [qemutest.Assets] takes a Package like any asset, and [qemutest.Test.Kernel] opens it.
//
// Package apt of this module tells how a version is chosen and kept. What is unpacked is kept beside the asset cache as
// long as the package is in it: the image as it is, device trees and modules in one archive from which they are taken
// when they are asked for.
package kernel
