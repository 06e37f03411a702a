package platform

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/qemutest/functional/qemutest/guest/agent"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/kernel"
)

// A Boot is what a platform boots: a kernel, and the agent with the drivers of
// its channel.
type Boot struct {
	Kernel  *kernel.Kernel
	agent   string // path of the program
	modules []kernel.Module
}

// Boot fetches the kernel, if need be, and compiles the agent. Errors are those
// of [kernel.Package.Open] and [image.GoProgram.Build].
func (p Platform) Boot(ctx context.Context) (*Boot, error) {
	k, err := p.Kernel.Open(ctx)
	if err != nil {
		return nil, err
	}
	modules, err := k.Modules(p.Modules...)
	if err != nil {
		return nil, fmt.Errorf("expected kernel %s to have the drivers of the agent's channel: %w", k, err)
	}
	program, err := p.agentProgram().Build(ctx)
	if err != nil {
		return nil, err
	}
	return &Boot{Kernel: k, agent: program, modules: modules}, nil
}

// agentProgram is /init. It is compiled in the directory of this package's
// source, so that its module is found whatever module the caller works in.
func (p Platform) agentProgram() image.GoProgram {
	program := image.GoProgram{Package: "github.com/qemutest/functional/qemutest/guest/agent/init", GOARCH: p.GOARCH}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) { // not with -trimpath
		program.Dir = filepath.Dir(file)
	}
	return program
}

// AddTo adds the agent as /init and as its other programs, and its modules, to
// a file system.
func (b *Boot) AddTo(root *image.Initramfs) {
	root.AddFile("init", 0o755, b.agent)
	root.AddSymlink("bin", "usr/bin")
	for _, name := range agent.Applets {
		root.AddSymlink("usr/bin/"+name, "/init")
	}
	var list strings.Builder
	for _, module := range b.modules {
		name := path.Join("/lib/modules", b.Kernel.Release, module.Name+".ko")
		root.AddBytes(name, 0o644, module.Content)
		fmt.Fprintln(&list, name)
	}
	root.AddBytes(agent.ModulesFile, 0o644, []byte(list.String()))
}
