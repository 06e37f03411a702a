package gotest

import (
	"debug/elf"
	"encoding/binary"
)

// architectures are the Linux ports of Go by what the header of an executable
// says.
var architectures = []struct {
	goarch  string
	machine elf.Machine
	class   elf.Class
	order   binary.ByteOrder
}{
	{"386", elf.EM_386, elf.ELFCLASS32, binary.LittleEndian},
	{"amd64", elf.EM_X86_64, elf.ELFCLASS64, binary.LittleEndian},
	{"arm", elf.EM_ARM, elf.ELFCLASS32, binary.LittleEndian},
	{"arm64", elf.EM_AARCH64, elf.ELFCLASS64, binary.LittleEndian},
	{"loong64", elf.EM_LOONGARCH, elf.ELFCLASS64, binary.LittleEndian},
	{"mips", elf.EM_MIPS, elf.ELFCLASS32, binary.BigEndian},
	{"mipsle", elf.EM_MIPS, elf.ELFCLASS32, binary.LittleEndian},
	{"mips64", elf.EM_MIPS, elf.ELFCLASS64, binary.BigEndian},
	{"mips64le", elf.EM_MIPS, elf.ELFCLASS64, binary.LittleEndian},
	{"ppc64", elf.EM_PPC64, elf.ELFCLASS64, binary.BigEndian},
	{"ppc64le", elf.EM_PPC64, elf.ELFCLASS64, binary.LittleEndian},
	{"riscv64", elf.EM_RISCV, elf.ELFCLASS64, binary.LittleEndian},
	{"s390x", elf.EM_S390, elf.ELFCLASS64, binary.BigEndian},
}
