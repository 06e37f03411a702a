package qemutest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunPattern(t *testing.T) {
	assert.Equal(t, `^TestX86PhysBits$`, runPattern("TestX86PhysBits"))
	assert.Equal(t, `^TestX$/^a\.b$/^c$`, runPattern("TestX/a.b/c"))
}

func TestLocalPath(t *testing.T) {
	assert.Equal(t, filepath.Join("TestX", "sub", "case"), localPath("TestX/sub/case"))
	for _, name := range []string{"TestX/..", "TestX/../../etc", "TestX//..", "."} {
		assert.True(t, filepath.IsLocal(localPath(name)), name)
		assert.NotContains(t, strings.Split(localPath(name), string(filepath.Separator)), "..", "%s must not lead upward", name)
	}
}

const infoUsernet = "Hub -1 (vnet):\r\n" +
	"  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
	"  TCP[ESTABLISHED]   14       127.0.0.1 40020       10.0.2.15    80     0     0\r\n" +
	"  UDP[236 sec]       22       127.0.0.1 40018       10.0.2.15    22     0     0\r\n" +
	"  TCP[HOST_FORWARD]  12       127.0.0.1 40017       10.0.2.15    22     0     0\r\n" +
	"  TCP[HOST_FORWARD]  13               * 40019       10.0.2.15  8080     0     0\r\n"

func TestParseHostForward(t *testing.T) {
	port, err := parseHostForward(infoUsernet, 22)
	require.NoError(t, err)
	assert.Equal(t, 40017, port)
	port, err = parseHostForward(infoUsernet, 8080)
	require.NoError(t, err)
	assert.Equal(t, 40019, port)
	_, err = parseHostForward(infoUsernet, 80)
	assert.ErrorContains(t, err, "no TCP port of the host is forwarded to port 80")
}

// Excerpts of what QEMU 10.0 prints for "info registers".
func TestProgramCounter(t *testing.T) {
	for target, test := range map[string]struct{ registers, pc string }{
		"i386":       {"EIP=0000fff0 EFL=00000002 [-------] CPL=0", "0000fff0"},
		"x86_64":     {"R12=0000000000000000 R15=0000000000000001\r\nRIP=ffffffff81a8e4bb RFL=00000246", "ffffffff81a8e4bb"},
		"arm":        {"R12=00000000 R13=00000000 R14=00000000 R15=40000008\r\nPSR=400001d3", "40000008"},
		"aarch64":    {" PC=0000000040000000 X00=0000000000000000", "0000000040000000"},
		"riscv64":    {"CPU#0\r\n V      =   0\r\n pc       0000000000001000\r\n mhartid", "0000000000001000"},
		"ppc":        {"NIP fff00100   LR 00000000 CTR 00000000", "fff00100"},
		"mips":       {"pc=0xbfc00000 HI=0x00000000", "bfc00000"},
		"s390x":      {"PSW=mask 0000000180000000 addr 0000000007d00890 cc 00", "0000000007d00890"},
		"sparc":      {"pc: ffd00000  npc: ffd00004", "ffd00000"},
		"hppa":       {"IA_F 00000000:f0000080 (00000000f0000080)", "f0000080"},
		"alpha":      {"PC      fffffc0000000000 PS      00", "fffffc0000000000"},
		"microblaze": {"pc=0x00000090 msr=0x00000 mode=kernel(saved=kernel) eip=0 ie=0", "00000090"},
		"m68k":       {"PC = 0000100a   SR = 2700 T:0", "0000100a"},
		"none":       {"nothing of a kind", ""},
	} {
		assert.Equal(t, test.pc, programCounter(test.registers), target)
	}
}

func TestDescribeSamples(t *testing.T) {
	assert.Equal(t, "but no register changes: the CPU is halted, or loops at pc 1000", describeSamples("pc=1000 a0=1", "pc=1000 a0=1"))
	assert.Equal(t, "seen twice at pc 1000", describeSamples("pc=1000 a0=1", "pc=1000 a0=2"))
	assert.Equal(t, "seen at pc 1000 and 1004", describeSamples("pc=1000", "pc=1004"))
}

func TestAccelerator(t *testing.T) {
	for want, argv := range map[string][]string{
		"tcg":     {"qemu", "-machine", "virt,gic-version=3"},
		"kvm":     {"qemu", "-accel", "tcg", "-accel", "kvm,dirty-ring-size=4096"},
		"hvf":     {"qemu", "-M", "virt,accel=hvf"},
		"kvm:tcg": {"qemu", "-machine", "q35,accel=kvm:tcg", "-S"},
	} {
		assert.Equal(t, want, accelerator(argv))
	}
	assert.Equal(t, "kvm", accelerator([]string{"qemu", "-enable-kvm", "-S"}))
	assert.Equal(t, "tcg", accelerator(nil))
}
