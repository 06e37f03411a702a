package kernel

import (
	"bytes"
	"debug/elf"
	"errors"
	"strings"
)

// index tells what modules a package has. The file that modprobe uses, modules.dep, is only made when a package is
// installed; it says what the modules themselves say.
type index struct {
	Modules map[string][]string // name to the names of the modules that it needs
	Builtin map[string]bool     // modules that are part of the image
}

func newIndex() index {
	return index{Modules: map[string][]string{}, Builtin: map[string]bool{}}
}

// moduleName returns the name under which the kernel knows the module in a file, "" if the file is none: "virtio_pci" for
// virtio-pci.ko.xz.
func moduleName(file string) string {
	name, rest, found := strings.Cut(file, ".ko")
	if !found || rest != "" && rest != ".xz" && rest != ".zst" && rest != ".gz" {
		return ""
	}
	return normalize(name)
}

// normalize writes a module's name as the kernel does, to which "-" and "_" are the same.
func normalize(name string) string { return strings.ReplaceAll(name, "-", "_") }

// moduleDepends returns the modules that a module needs, as its section .modinfo names them: those whose symbols it uses
// (depends), and those that its author wants loaded before (softdep, modprobe.d(5)).
func moduleDepends(content []byte) ([]string, error) {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, errors.New("expected an ELF file with a section .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	var depends []string
	for _, entry := range strings.Split(string(info), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		switch key {
		case "depends":
			depends = append(depends, names(strings.Split(value, ","))...)
		case "softdep":
			if before, ok := strings.CutPrefix(value, "pre:"); ok {
				before, _, _ = strings.Cut(before, "post:")
				depends = append(depends, names(strings.Fields(before))...)
			}
		}
	}
	return depends, nil
}

func names(words []string) []string {
	var all []string
	for _, word := range words {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, normalize(word))
		}
	}
	return all
}
