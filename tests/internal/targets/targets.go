// Package targets knows which targets the suite covers, and which of them a run
// selects with build tags.
package targets

import (
	"runtime/debug"
	"slices"
	"strings"
)

// All lists the targets with a system emulator that the suite covers, in QEMU's
// words.
var All = []string{
	"aarch64", "alpha", "arm", "avr", "hppa", "i386", "loongarch64", "m68k",
	"microblaze", "mips", "mips64", "mips64el", "mipsel", "or1k", "ppc",
	"ppc64", "riscv32", "riscv64", "rx", "s390x", "sh4", "sh4eb", "sparc",
	"sparc64", "tricore", "x86_64", "xtensa",
}

// Selected lists the targets that this test binary is built for: all of them,
// or with the build tag qemu_select those that have a tag of their own
// (qemu_arm).
func Selected() []string {
	return selected(buildTags())
}

func selected(tags []string) []string {
	if !slices.Contains(tags, "qemu_select") {
		return All
	}
	var list []string
	for _, target := range All {
		if slices.Contains(tags, "qemu_"+target) {
			list = append(list, target)
		}
	}
	return list
}

// buildTags returns the tags that the running program was built with.
func buildTags() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, setting := range info.Settings {
		if setting.Key == "-tags" {
			return strings.Split(setting.Value, ",")
		}
	}
	return nil
}
