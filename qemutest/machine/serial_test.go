package machine

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/console"
)

// bootTextBuffer is what the sockets of consoles need in buffers for the test
// below to pass with QEMU 7.2, by measurement with room to spare. Hosts with a
// small net.core.wmem_max grant less.
const bootTextBuffer = 2 << 20

// In QEMU 7.2, the UARTs of these machines do not wait when the other end of the
// console is slow: what does not fit into the socket is lost. OpenSBI prints
// about two kilobytes in a burst.
func TestConsolesLoseNothing(t *testing.T) {
	binary := requireEmulator(t, "riscv64")
	runs := 20
	if testing.Short() {
		runs = 3
	}
	for _, machineType := range []string{"sifive_u", "spike"} {
		t.Run(machineType, func(t *testing.T) {
			var first string
			for range runs {
				text, granted := bootText(t, binary, machineType)
				if granted < bootTextBuffer {
					t.Skipf("needs socket buffers of %d bytes, got %d: raise net.core.wmem_max", bootTextBuffer, granted)
				}
				if first == "" {
					first = text
				}
				require.Equal(t, first, text, "two boots print the same")
			}
			assert.Greater(t, strings.Count(first, "\n"), 40)
		})
	}
}

// bootText returns what OpenSBI prints, and the size of the socket's buffer.
func bootText(t *testing.T, binary, machineType string) (text string, granted int) {
	t.Helper()
	m := launchReal(t, Config{Binary: binary, Machine: machineType, Name: t.Name()[strings.LastIndex(t.Name(), "/")+1:]})
	match, err := m.Console(0).Wait(within(t, soon), console.Wait{
		Success: []console.Pattern{console.Regexp(`Boot HART MEDELEG +: 0x[0-9a-f]{16}\r\n`)},
	})
	if err != nil && m.Console(0).Size() == 0 {
		t.Skip("needs OpenSBI: install the package opensbi")
	}
	require.NoError(t, err)
	log, err := os.ReadFile(m.Console(0).LogPath())
	require.NoError(t, err)
	require.NoError(t, m.Close())
	return string(log[:match.End]), grantedBuffer(t)
}

// grantedBuffer returns the size of the buffer that sockets of consoles get.
func grantedBuffer(t *testing.T) int {
	t.Helper()
	var in inherited
	conn, _, err := in.socket()
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	defer in.close()
	size, err := syscall.GetsockoptInt(int(in.theirs[0].Fd()), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	require.NoError(t, err)
	return size
}
