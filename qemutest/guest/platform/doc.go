// Package platform knows, for each GOARCH that a distribution has a kernel for, a
// machine on which that kernel runs Go programs, and boots it with the agent of
// package guest as /init:
//
//	p, err := platform.ForGOARCH("arm64") // aarch64 virt
//	boot, err := p.Boot(ctx)              // kernel and agent
//	var root image.Initramfs
//	boot.AddTo(&root)
//	err = root.WriteFile(initrd)
//	m, err := machine.Launch(ctx, p.Config(boot.Kernel.Image, initrd))
//	g := guest.NewAgent(m.Channel(0), guest.Port)
//
// The machines are the same on every host and need no disk, network or
// accelerator.
package platform
