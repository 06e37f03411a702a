package machine

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

func TestBackdoor(t *testing.T) {
	binary := requireEmulator(t, "x86_64")
	dir, err := os.MkdirTemp("", "qmp,") // short enough for a socket, and with a comma
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "backdoor")
	t.Setenv("QEMU_TEST_QMP_BACKDOOR", path)

	var machines []*Machine
	for _, name := range []string{"", "target", ""} {
		machines = append(machines, launchReal(t, Config{Binary: binary, Machine: "none", Name: name}))
	}
	for i, path := range []string{path, path + "-target", path + "-2"} {
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		client, err := qmp.NewClient(within(t, soon), conn, qmp.Options{})
		require.NoError(t, err)
		_, err = client.Execute(within(t, soon), "query-status", nil)
		require.NoError(t, err)
		require.NoError(t, client.Close())

		// Killed, QEMU cannot remove its socket.
		machines[i].Kill()
		assert.NoFileExists(t, path)
	}

	// The path is free again.
	m := launchReal(t, Config{Binary: binary, Machine: "none"})
	assert.Contains(t, Quote(m.Argv()), escapeOption(path)+",server=on")
}

func TestBackdoorOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	t.Setenv("QEMU_TEST_QMP_BACKDOOR", path)
	other, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer func() { _ = other.Close() }()
	claimed, release := claimBackdoor(defaultName)
	defer release()
	assert.Equal(t, path+"-2", claimed)
}
