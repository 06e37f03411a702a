package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Guests for riscv's machine virt, loaded as its firmware. Each writes a word
// to the device sifive_test at 0x100000.
var (
	sifivePass = []byte{
		0xb7, 0x02, 0x10, 0x00, // lui t0, 0x100
		0x37, 0x53, 0x00, 0x00, // lui t1, 0x5
		0x13, 0x03, 0x53, 0x55, // addi t1, t1, 0x555: pass
		0x23, 0xa0, 0x62, 0x00, // sw t1, 0(t0)
		0x6f, 0x00, 0x00, 0x00, // j .
	}
	sifiveFail = []byte{
		0xb7, 0x02, 0x10, 0x00, // lui t0, 0x100
		0x37, 0x33, 0x07, 0x00, // lui t1, 0x73: status 7,
		0x13, 0x03, 0x33, 0x33, // addi t1, t1, 0x333: fail
		0x23, 0xa0, 0x62, 0x00, // sw t1, 0(t0)
		0x6f, 0x00, 0x00, 0x00, // j .
	}
	sifiveReset = []byte{
		0xb7, 0x02, 0x10, 0x00, // lui t0, 0x100
		0x37, 0x73, 0x00, 0x00, // lui t1, 0x7
		0x13, 0x03, 0x73, 0x77, // addi t1, t1, 0x777: reset
		0x23, 0xa0, 0x62, 0x00, // sw t1, 0(t0)
		0x6f, 0x00, 0x00, 0x00, // j .
	}
)

// semihostingExit is a guest for an aarch64 CPU that ends QEMU with a status.
func semihostingExit(status byte) []byte {
	return []byte{
		0x00, 0x03, 0x80, 0x52, // mov w0, #0x18: SYS_EXIT
		0x61, 0x00, 0x00, 0x10, // adr x1, block
		0x00, 0x00, 0x5e, 0xd4, // hlt #0xf000: semihosting
		0x00, 0x00, 0x00, 0x14, // b .
		0x26, 0x00, 0x02, 0x00, 0, 0, 0, 0, // block: ADP_Stopped_ApplicationExit
		status, 0, 0, 0, 0, 0, 0, 0,
	}
}

// riscv returns arguments that start code as firmware of riscv's machine virt.
func riscv(t *testing.T, code []byte) []string {
	t.Helper()
	return []string{"-machine", "virt", "-bios", rawGuest(t, code)}
}

// aarch64 returns arguments that start code on Arm's machine virt.
func aarch64(t *testing.T, code []byte) []string {
	t.Helper()
	return []string{
		"-machine", "virt", "-cpu", "cortex-a57",
		"-device", "loader,addr=0x40200000,cpu-num=0,file=" + rawGuest(t, code),
	}
}

func rawGuest(t *testing.T, code []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "guest")
	require.NoError(t, os.WriteFile(path, code, 0o644))
	return path
}
