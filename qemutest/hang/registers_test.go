package hang

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Excerpts of what QEMU 10.0 prints for "info registers".
func TestProgramCounter(t *testing.T) {
	t.Parallel()
	for target, test := range map[string]struct {
		registers string
		pc        uint64
	}{
		"i386":       {"EIP=0000fff0 EFL=00000002 [-------] CPL=0", 0xfff0},
		"x86_64":     {"R12=0000000000000000 R15=0000000000000001\r\nRIP=ffffffff81a8e4bb RFL=00000246", 0xffffffff81a8e4bb},
		"arm":        {"R12=00000000 R13=00000000 R14=00000000 R15=40000008\r\nPSR=400001d3", 0x40000008},
		"aarch64":    {" PC=0000000040000000 X00=0000000000000000", 0x40000000},
		"riscv64":    {"CPU#0\r\n V      =   0\r\n pc       0000000000001000\r\n mhartid", 0x1000},
		"ppc":        {"NIP fff00100   LR 00000000 CTR 00000000", 0xfff00100},
		"mips":       {"pc=0xbfc00000 HI=0x00000000", 0xbfc00000},
		"s390x":      {"PSW=mask 0000000180000000 addr 0000000007d00890 cc 00", 0x7d00890},
		"sparc":      {"pc: ffd00000  npc: ffd00004", 0xffd00000},
		"hppa":       {"IA_F 00000000:f0000080 (00000000f0000080)", 0xf0000080},
		"alpha":      {"PC      fffffc0000000000 PS      00", 0xfffffc0000000000},
		"microblaze": {"pc=0x00000090 msr=0x00000 mode=kernel(saved=kernel) eip=0 ie=0", 0x90},
		"m68k":       {"PC = 0000100a   SR = 2700 T:0", 0x100a},
	} {
		pc, found := programCounter(test.registers)
		assert.True(t, found, target)
		assert.Equal(t, test.pc, pc, target)
	}
	_, found := programCounter("nothing of a kind")
	assert.False(t, found)
	_, found = programCounter("pc=12345678901234567")
	assert.False(t, found, "no 64 bits")
}

func TestSee(t *testing.T) {
	t.Parallel()
	cpus := []CPU{{Index: 0}, {Index: 1}, {Index: 2}}
	see(cpus, "\r\nCPU#0\r\nEIP=00007c05 HLT=0\r\n\r\nCPU#1\r\nEIP=00007c16 HLT=1\r\n")
	see(cpus, "\nCPU#1\nEIP=00007c17 HLT=1\n\nCPU#0\nEIP=00007c06 HLT=0\n\nCPU#7\nEIP=0 HLT=1\n")
	assert.Equal(t, []CPU{
		{Index: 0, PCs: []uint64{0x7c05, 0x7c06}},
		{Index: 1, PCs: []uint64{0x7c16, 0x7c17}, Halted: 2},
		{Index: 2},
	}, cpus)
}
