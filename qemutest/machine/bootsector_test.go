package machine

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Guests for the x86 PC, in the 16-bit code of a boot sector, which starts at
// address 0x7c00. Each does one thing and halts.
var (
	powerOff = []byte{
		0xba, 0x04, 0x06, // mov $0x604, %dx: PM1a control of ACPI, where SeaBIOS puts it
		0xb8, 0x00, 0x20, // mov $0x2000, %ax: sleep enable, type 0 = off
		0xef, // out %ax, %dx
		0xf4, // hlt
	}
	reset = []byte{
		0xb0, 0xfe, // mov $0xfe, %al: pulse the reset line
		0xe6, 0x64, // out %al, $0x64: of the keyboard controller
		0xf4, // hlt
	}
	tripleFault = []byte{
		0x0f, 0x01, 0x1e, 0x06, 0x7c, // lidt 0x7c06: an empty table
		0xcc,                   // int3, which is not in the table
		0x00, 0x00, 0x00, 0x00, // limit and base of the table
		0x00, 0x00,
	}
	panicked = []byte{
		0xba, 0x05, 0x05, // mov $0x505, %dx: pvpanic
		0xb0, 0x01, // mov $1, %al: panicked
		0xee, // out %al, %dx
		0xf4, // hlt
	}
	exitSeven = []byte{
		0xba, 0x01, 0x05, // mov $0x501, %dx: isa-debug-exit
		0xb0, 0x03, // mov $3, %al: QEMU exits with 3*2+1
		0xee, // out %al, %dx
		0xf4, // hlt
	}
	helloAndSpin = []byte{
		0xba, 0xf8, 0x03, // mov $0x3f8, %dx: first serial port
		0xb0, 'A', // mov $'A', %al
		0xee,       // out %al, %dx
		0xeb, 0xfe, // jmp to itself
	}
	// twoPorts says "A" on the first serial port and "B" on the second one,
	// and powers off at once.
	twoPorts = append([]byte{
		0xba, 0xf8, 0x03, // mov $0x3f8, %dx
		0xb0, 'A', // mov $'A', %al
		0xee,             // out %al, %dx
		0xba, 0xf8, 0x02, // mov $0x2f8, %dx
		0xb0, 'B', // mov $'B', %al
		0xee, // out %al, %dx
	}, powerOff...)
)

// bootSector returns arguments for a disk that starts code.
func bootSector(t *testing.T, code []byte) []string {
	t.Helper()
	sector := append(bytes.Clone(code), make([]byte, 510-len(code))...)
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, append(sector, 0x55, 0xaa), 0o644))
	return []string{"-drive", "format=raw,file=" + path}
}
