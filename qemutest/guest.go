package qemutest

import (
	"errors"
	"os/exec"
	"path"

	"github.com/qemutest/functional/qemutest/image"
)

// Program compiles a program for the guest and returns its path. It skips the
// test where there is no go command.
func (q *Test) Program(p image.GoProgram) string {
	q.t.Helper()
	file, err := p.Build(q.ctx)
	if errors.Is(err, exec.ErrNotFound) {
		err = Skipf(KindCommand, "%v", err)
	}
	if err != nil {
		q.end(err)
	}
	return file
}

// A Medium is what a machine can have as a disk or card: an [image.FAT], an
// [image.Disk] or an [image.Raw].
type Medium interface {
	WriteFile(name string) error
}

// Medium writes a medium into the scratch directory, and returns its path: name
// in there. The guest may write to it.
func (q *Test) Medium(name string, medium Medium) string {
	q.t.Helper()
	path := q.Scratch(name)
	q.Check(medium.WriteFile(path))
	return path
}

// Initramfs writes an initial RAM file system into the scratch directory, and
// returns its path, for -initrd.
func (q *Test) Initramfs(i *image.Initramfs) string {
	q.t.Helper()
	name := q.unusedScratch("initramfs.cpio")
	q.Check(i.WriteFile(name))
	q.logf("wrote the initial RAM file system %s", path.Base(name))
	return name
}
