package kernel_test

import (
	"context"
	"fmt"

	"github.com/qemutest/functional/qemutest/kernel"
)

func ExamplePackage() {
	armmp := kernel.Package{Arch: "armhf", Flavour: "armmp"}
	fmt.Println(armmp)

	boot := func(ctx context.Context) error {
		k, err := armmp.Open(ctx) // downloads, the first time
		if err != nil {
			return err
		}
		dtb, err := k.DTB("vexpress-v2p-ca15-tc1.dtb")
		if err != nil {
			return err
		}
		fmt.Println("-kernel", k.Image, "-dtb", dtb)
		return nil
	}
	_ = boot
	// Output: linux-image-armmp:armhf
}
