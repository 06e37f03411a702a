package gotest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/platform"
	"github.com/qemutest/functional/qemutest/machine"
)

// initramfs is the name of the guest's file system in the scratch directory.
const initramfs = "initramfs"

// boot is the boot of a machine.
type boot struct {
	began  time.Time
	limit  time.Duration
	memory string // what to say of the guest's memory if it does not boot
}

// wait waits until the agent answers.
func (b boot) wait(ctx context.Context, m *machine.Machine, g *guest.Guest) error {
	ctx, cancel := context.WithDeadlineCause(ctx, b.began.Add(b.limit),
		fmt.Errorf("the guest's agent did not answer within %v (QEMU_TEST_TIMEOUT_SCALE multiplies that)", b.limit))
	defer cancel()
	if _, err := g.Wait(ctx); err != nil {
		return fmt.Errorf("the guest did not boot: %w%s", explain(ctx, m, err), b.memory)
	}
	return nil
}

// kernelMemory is what a kernel needs beside the file system, in bytes. The one
// of Debian 12 for amd64 boots with a file system of 13 MiB in 96 MiB of memory,
// and not in 80.
const kernelMemory = 96 << 20

// memory says that the memory may be the reason why a guest does not boot: it
// was made smaller than usual, or the file system takes most of it. The kernel
// has the archive and what it unpacks from it at once.
func memory(p platform.Platform, scratch string) string {
	usual, err := platform.ForGOARCH(p.GOARCH)
	if err != nil {
		return ""
	}
	info, err := os.Stat(filepath.Join(scratch, initramfs))
	if err != nil {
		return ""
	}
	if p.Memory >= usual.Memory && int64(p.Memory)<<20 >= 2*info.Size()+kernelMemory {
		return ""
	}
	return fmt.Sprintf("\nit may have too little memory: it has %d MiB (usual are %d), its file system takes %d MiB packed and as much unpacked, "+
		"and the kernel needs some: give it more (-m of qemu-exec)", p.Memory, usual.Memory, (info.Size()+1<<20-1)>>20)
}
