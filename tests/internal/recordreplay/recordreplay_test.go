package recordreplay

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
	"github.com/qemutest/functional/tests/internal/linux"
)

// openBIOS is a guest that needs nothing but QEMU's own firmware.
func openBIOS(args ...string) Guest {
	return Guest{
		Boot:  linux.Boot{Args: append([]string{"-nodefaults", "-m", "64"}, args...)},
		Shift: 7,
		Until: "Welcome to OpenBIOS",
	}
}

func newTest(t *testing.T) *qemutest.Test {
	return qemutest.New(t, "sparc",
		qemutest.Machine("SS-10"),
		qemutest.Accel("tcg"),
		qemutest.Firmware("openbios-sparc32"))
}

func TestCheck(t *testing.T) {
	openBIOS().Check(newTest(t))
}

// SeaBIOS looks for something to boot on the disk, then on the network.
func TestCheckDevices(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("pc,graphics=off"),
		qemutest.Accel("tcg"),
		qemutest.Netdev("user"))

	Guest{
		Boot: linux.Boot{Args: append(
			Disk(disk.Create(q, "disk.img", 1<<20), "virtio-blk-pci"),
			Network()...)},
		Shift: 5,
		Until: "No bootable device",
	}.Check(q)
}

func TestDivergence(t *testing.T) {
	t.Run("other machine", func(t *testing.T) {
		q := newTest(t)
		r := openBIOS().record(q)
		err := openBIOS("-prom-env", "auto-boot?=true").replay(q, r, time.Second)
		require.ErrorContains(t, err, "standing still")
		assert.ErrorContains(t, err, "its console differs at byte")
	})
	t.Run("cut log", func(t *testing.T) {
		q := newTest(t)
		r := openBIOS().record(q)
		info, err := os.Stat(r.log)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(r.log, info.Size()/2))
		err = openBIOS().replay(q, r, patience)
		require.ErrorContains(t, err, "error reading the replay data")
	})
}
